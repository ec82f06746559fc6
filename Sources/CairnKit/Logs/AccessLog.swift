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
    _ message: String, in span: KitSpan, unixNanoseconds: UInt64, _ describe: (inout SpanFields) -> Void
  ) {
    var described = SpanFields(countMax: core.limits.attributeCount)
    describe(&described)
    var fields = described.entries
    if let lengthMax = core.limits.attributeValueLength { fields = fields.map { WireField($0.name, $0.value.limited(to: lengthMax)) } }
    core.write(
      LogRecord(
        unixNanoseconds: unixNanoseconds, level: .info, message: message, label: label, fields: fields, context: span.traceContext))
  }
}
