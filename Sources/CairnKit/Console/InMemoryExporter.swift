// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import Logging
internal import Synchronization
public import Tracing

/// Keeps spans and log lines in memory, for tests of instrumented programs.
///
/// ```
/// let memory = InMemoryExporter()
/// let kit = Kit.testing(memory)
/// kit.tracer.withSpan("checkout") { … }
/// #expect(memory.spans.map(\.name) == ["checkout"])
/// ```
public final class InMemoryExporter: Sendable {
  private let kept = Mutex(Kept())

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
        traceID: record.context?.traceID, spanID: record.context?.spanID)
    }
  }

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
