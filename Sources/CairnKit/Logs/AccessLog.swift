// SPDX-License-Identifier: Apache-2.0
internal import Logging

/// The way of a middleware's lines to the log exporters: their fields are made once, and the span is named instead of looked for.
package struct AccessLog: Sendable {
  private let core: LogCore
  private let label: String

  package init(_ kit: Kit, label: String) {
    core = kit.logCore
    self.label = label
  }

  /// Whether lines at level info are wanted.
  package var isEnabled: Bool { core.level <= .info && !core.sinks.isEmpty }

  /// One line at level info.
  package func write(
    _ message: String, in span: KitSpan, unixNanoseconds: UInt64, file: String = #fileID, function: String = #function, line: UInt = #line,
    _ describe: (inout SpanFields) -> Void
  ) {
    var fields = SpanFields(countMax: core.limits.attributeCount)
    describe(&fields)
    let lengthMax = core.limits.attributeValueLength
    var record = LogRecord(
      unixNanoseconds: unixNanoseconds, level: .info, message: message, label: label, metadata: [:], valueLengthMax: lengthMax, file: file,
      function: function, line: line, context: span.traceContext)
    record.ownFields = fields.entries.map { WireField($0.name, WireValue($0.value).limited(to: lengthMax)) }
    core.write(record)
  }
}
