// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// A trace id as two words, in the order of its hex text.
struct TraceKey: Sendable, Hashable {
  var high: UInt64
  var low: UInt64
}

/// `Span.SpanKind`
enum SpanKind: UInt64, Sendable {
  case `internal` = 1
  case server
  case client
  case producer
  case consumer
}

/// A span that is being made; its attributes are written already.
struct SpanRecord: Sendable {
  var trace: TraceKey
  var id: UInt64
  var parent: UInt64
  var resource: ResourceIndex
  var kind: SpanKind
  var name: String
  var startNanoseconds: Int64
  var endNanoseconds: Int64
  var attributes = ProtobufWriter()
  var failure: Failure?
  var hasOwnException = false
  var events: [SpanMoment] = []
  var link: (trace: TraceKey, span: UInt64)?
}

/// A span's event that is no exception.
struct SpanMoment: Sendable {
  var name: String
  var nanoseconds: Int64
  var attributes = ProtobufWriter()
}

/// `SeverityNumber`, the first of each four.
enum Severity: UInt64, Sendable {
  case debug = 5
  case info = 9
  case warn = 13
  case error = 17
  case fatal = 21

  var text: String {
    switch self {
    case .debug: "DEBUG"
    case .info: "INFO"
    case .warn: "WARN"
    case .error: "ERROR"
    case .fatal: "FATAL"
    }
  }
}

/// A log record; without a trace where the process speaks for itself.
struct LogRecord: Sendable {
  var nanoseconds: Int64
  var resource: ResourceIndex
  var severity: Severity
  var body: String
  var trace: TraceKey?
  var span: UInt64 = 0
  var attributes = ProtobufWriter()
}

/// A request that a service has answered, for its metrics.
struct Observation: Sendable {
  var resource: ResourceIndex
  var method: String
  var route: String
  var status: Int
  var milliseconds: Double
  var trace: TraceKey
  var span: UInt64
}

/// A message that waits in a queue for the worker.
struct Job: Sendable {
  var queue: Queue
  var publishedNanoseconds: Int64
  var messageID: UInt64
  var trace: TraceKey
  var span: UInt64
}
