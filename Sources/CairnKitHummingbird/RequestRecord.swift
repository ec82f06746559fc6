// SPDX-License-Identifier: Apache-2.0
internal import CairnKit
internal import CoreMetrics
internal import Hummingbird
internal import Logging
internal import Synchronization
internal import Tracing

/// One request while it is served; told once when its response is written, and also when the connection goes away before.
final class RequestRecord: Sendable {
  private let span: KitSpan
  private let method: String
  private let path: String
  private let instruments: RequestInstruments
  private let log: Logger
  private let start: ContinuousClock.Instant
  private let state = Mutex(State())

  private struct State {
    var route: String?
    var isFinished = false
  }

  init(span: KitSpan, request: Request, instruments: RequestInstruments, log: Logger, start: ContinuousClock.Instant) {
    self.span = span
    method = request.method.rawValue
    path = request.uri.path
    self.instruments = instruments
    self.log = log
    self.start = start
  }

  /// A response that nobody waits for any more is never written.
  deinit { finish(status: 499, byteCount: nil, error: nil) }

  /// The route's template; nil where no route matched.
  var route: String? {
    get { state.withLock(\.route) }
    set { state.withLock { $0.route = newValue } }
  }

  func finish(status: Int, byteCount: Int?, error: (any Error)?) {
    let isFirst = state.withLock { state in
      defer { state.isFinished = true }
      return !state.isFinished
    }
    guard isFirst else { return }
    let duration = ContinuousClock.now - start
    endSpan(status, byteCount, error)
    instruments.active(method).decrement(by: 1)
    measure(status, duration)
    write(status, byteCount, duration, error)
  }

  private func endSpan(_ status: Int, _ byteCount: Int?, _ error: (any Error)?) {
    let route = self.route
    span.operationName = route.map { "\(method) \($0)" } ?? method
    span.updateAttributes { attributes in
      attributes.set("http.response.status_code", value: .int64(Int64(status)))
      if let route { attributes.set("http.route", value: .string(route)) }
      if let byteCount { attributes.set("http.response.body.size", value: .int64(Int64(byteCount))) }
      if status >= 500, error == nil { attributes.set("error.type", value: .string(String(status))) }
    }
    if status >= 500 {
      // Only what is our own fault is an error of the server.
      if let error { span.recordError(error) } else { span.setStatus(SpanStatus(code: .error)) }
    }
    span.end()
  }

  private func measure(_ status: Int, _ duration: Duration) {
    let timer = instruments.duration(method, status: status, route: route)
    ServiceContext.withValue(span.context) {
      timer.recordNanoseconds(duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000)
    }
  }

  private func write(_ status: Int, _ byteCount: Int?, _ duration: Duration, _ error: (any Error)?) {
    let milliseconds = Double(duration.components.seconds) * 1_000 + Double(duration.components.attoseconds) / 1e15
    var metadata: Logger.Metadata = [
      "http.request.method": .string(method), "url.path": .string(path), "http.response.status_code": .stringConvertible(status),
      "duration_ms": .stringConvertible((milliseconds * 1_000).rounded() / 1_000),
    ]
    if let route { metadata["http.route"] = .string(route) }
    if let byteCount { metadata["http.response.body.size"] = .stringConvertible(byteCount) }
    ServiceContext.withValue(span.context) {
      // An error was told by the span; the line stays one of the access log.
      log.info("\(method) \(path) \(status)", metadata: metadata)
    }
  }
}
