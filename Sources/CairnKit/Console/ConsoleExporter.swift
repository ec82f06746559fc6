// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import Synchronization
internal import Tracing
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Writes spans and log lines to standard error, a line each, for a look at what a program would send.
final class ConsoleExporter: SpanSink, LogSink {
  private let write: @Sendable (String) -> Void

  /// What has line ends of its own stays one line.
  init(write: @escaping @Sendable (String) -> Void = ConsoleExporter.toStandardError) {
    self.write = { line in write(line.contains(where: \.isNewline) ? String(line.flatMap { $0.isNewline ? Array("\\n") : [$0] }) : line) }
  }

  func accept(_ span: EndedSpan) {
    let recording = span.recording, state = recording.read { $0 }
    let milliseconds = Double((state.endUnixNanoseconds - recording.startUnixNanoseconds) / 1_000) / 1_000
    let failed = state.hasFailed ? " error" : ""
    let fields = span.fields(state).map { WireField($0.name, $0.value.limited(to: 200)) }
    write("span  \(recording.context.traceID) \(recording.context.spanID) \(milliseconds) ms  \(state.name)\(failed)" + Self.text(fields))
  }

  func accept(_ record: LogRecord) {
    let time = RFC3339.text(unixNanoseconds: Int64(clamping: record.unixNanoseconds / 1_000_000 * 1_000_000))
    let ids = record.context.map { "  trace_id=\($0.traceID)" } ?? ""
    let error = record.error.map { [WireField("exception.type", .string($0.type)), WireField("exception.message", .string($0.message))] } ?? []
    write("\(time) \(record.level.severityText) \(record.label): \(record.message)\(ids)" + Self.text(record.fields + error))
  }

  /// One reading of a metric.
  func accept(_ reading: MetricReading) {
    let value =
      switch reading.value {
      case .sum(let value), .gauge(let value): String(value)
      case .integerSum(let value): String(value)
      case .histogram(let value): "count=\(value.count) sum=\(value.sum) max=\(value.maximum)"
      }
    write("metric \(reading.series.name) \(value)" + Self.text(reading.series.dimensions))
  }

  func wake() {}

  private static func text(_ fields: [WireField]) -> String {
    fields.isEmpty ? "" : "  " + fields.map { "\($0.name)=\($0.value.text)" }.joined(separator: " ")
  }

  static func toStandardError(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress, $0.count) }
  }
}
