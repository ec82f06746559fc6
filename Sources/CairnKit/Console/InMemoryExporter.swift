// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import Logging
internal import Synchronization
public import Tracing

/// Keeps spans, log lines and metrics in memory, for tests of instrumented programs.
///
/// ```
/// let memory = InMemoryExporter()
/// let kit = Kit.testing(memory)
/// kit.tracer.withSpan("checkout") { … }
/// #expect(memory.spans.map(\.name) == ["checkout"])
/// ```
public final class InMemoryExporter: Sendable {
  private let kept = Mutex(Kept())
  private let factory = Mutex<KitMetricsFactory?>(nil)

  private struct Kept {
    var spans: [EndedSpan] = []
    var records: [LogRecord] = []
  }

  /// A span that has ended.
  public struct FinishedSpan: Sendable {
    public var name: String
    public var kind: SpanKind
    public var traceID: String
    public var spanID: String
    /// nil for a root.
    public var parentSpanID: String?
    public var durationNanoseconds: UInt64
    public var attributes: SpanAttributes
    public var events: [SpanEvent]
    public var links: [SpanLink]
    public var status: SpanStatus?
  }

  /// A log line.
  public struct LogLine: Sendable {
    public var level: Logger.Level
    public var message: String
    public var label: String
    /// Metadata by name, as text.
    public var metadata: [String: String]
    public var traceID: String?
    public var spanID: String?
    /// Of the error that was logged; nil where there was none.
    public var errorType: String?
    public var errorMessage: String?
  }

  /// One series of a metric, with what it counted, measured or collected so far.
  public struct Metric: Sendable {
    public var name: String
    /// Such as `s` or `By`; empty where none is known.
    public var unit: String
    public var dimensions: [String: String]
    /// A counter's or a gauge's value, or the sum of what a recorder or timer got.
    public var value: Double
    /// How many values a recorder or timer got; 0 for the others.
    public var count: Int
  }

  public init() {}

  /// What has ended so far, in that order.
  public var spans: [FinishedSpan] { kept.withLock(\.spans).map(Self.finished) }

  /// What was logged so far.
  public var logs: [LogLine] {
    kept.withLock(\.records).map { record in
      LogLine(
        level: record.level, message: record.message, label: record.label,
        metadata: Dictionary(record.fields.map { ($0.name, $0.value.text) }) { $1 },
        traceID: record.context?.traceID, spanID: record.context?.spanID, errorType: record.error?.type, errorMessage: record.error?.message)
    }
  }

  /// What the metrics of `Kit.testing` are now; they go on counting after `reset`.
  public var metrics: [Metric] {
    (factory.withLock { $0 }?.instruments ?? []).compactMap { instrument in
      instrument.read(isDelta: false).map { value in
        let series = instrument.series
        let dimensions = Dictionary(series.dimensions.map { ($0.name, $0.value.text) }) { $1 }
        let (sum, count): (Double, Int) =
          switch value {
          case .sum(let value), .gauge(let value): (value, 0)
          case .integerSum(let value): (Double(value), 0)
          case .histogram(let value): (value.sum, Int(clamping: value.count))
          }
        return Metric(name: series.name, unit: series.unit, dimensions: dimensions, value: sum, count: count)
      }
    }
  }

  /// `Kit.testing` makes it.
  func watch(_ factory: KitMetricsFactory) { self.factory.withLock { $0 = factory } }

  /// Forgets everything.
  public func reset() { kept.withLock { $0 = Kept() } }

  private static func finished(_ span: EndedSpan) -> FinishedSpan {
    let recording = span.recording, state = recording.read { $0 }
    var attributes = state.allAttributes
    if let last = span.fields(state).last, last.name == EndedSpan.sampleRateName { attributes.set(last.name, value: last.value.attribute) }
    return FinishedSpan(
      name: state.name, kind: recording.kind, traceID: recording.context.traceID, spanID: recording.context.spanID,
      parentSpanID: recording.parent == 0 ? nil : hexText(recording.parent),
      durationNanoseconds: state.endUnixNanoseconds - recording.startUnixNanoseconds, attributes: attributes, events: state.extra.events,
      links: state.extra.links, status: state.status)
  }
}

extension InMemoryExporter: SpanSink, LogSink {
  func accept(_ span: EndedSpan) { kept.withLock { $0.spans.append(span) } }
  func accept(_ record: LogRecord) { kept.withLock { $0.records.append(record) } }
  func wake() {}
}
