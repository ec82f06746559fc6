// SPDX-License-Identifier: Apache-2.0

/// A queue as the place where ended spans go; spans that nobody samples stay away.
struct SpanQueueSink: SpanSink {
  let queue: BatchQueue<SpanRecording>

  func accept(_ span: SpanRecording) { queue.offer(span) }
  func wake() { queue.wake() }
}

/// A queue as the place where log records go.
struct LogQueueSink: LogSink {
  let queue: BatchQueue<LogRecord>

  func accept(_ record: LogRecord) { queue.offer(record) }
  func wake() { queue.wake() }
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
