// SPDX-License-Identifier: Apache-2.0

/// Queues as the place where ended spans go: a few at a time are written down for all of them, and let go.
struct SpanQueueSink: SpanSink {
  let gathering: Gathering<EndedSpan>
  let wakeUp: @Sendable () -> Void

  func accept(_ span: EndedSpan) { gathering.accept(span) }
  func wake() { wakeUp() }
}

/// Queues as the place where log records go.
struct LogQueueSink: LogSink {
  let gathering: Gathering<LogRecord>
  let wakeUp: @Sendable () -> Void

  func accept(_ record: LogRecord) { gathering.accept(record) }
  func wake() { wakeUp() }
}

/// Something with a queue that runs with the kit: until it is closed and has sent what it held.
protocol KitWorker: Sendable {
  func run(_ clock: any Clock<Duration>) async
  func drain() async
  func close()
  /// Forgets what waits.
  func discard()
}

extension KitWorker {
  func discard() {}
}

extension BatchQueue: KitWorker {}
