// SPDX-License-Identifier: Apache-2.0

/// A queue as the place where ended spans go: each is written down at once, while its memory is at hand, and let go.
///
/// What is done is a closure, made where the kind of queue is known: code for any kind of queue costs more than the writing.
struct SpanQueueSink: SpanSink {
  let wakeUp: @Sendable () -> Void
  let offer: @Sendable (EndedSpan) -> Void

  func accept(_ span: EndedSpan) { offer(span) }
  func wake() { wakeUp() }
}

/// A queue as the place where log records go.
struct LogQueueSink: LogSink {
  let wakeUp: @Sendable () -> Void
  let offer: @Sendable (LogRecord) -> Void

  func accept(_ record: LogRecord) { offer(record) }
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
