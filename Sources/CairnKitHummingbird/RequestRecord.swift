// SPDX-License-Identifier: Apache-2.0
internal import CairnKit
internal import CoreMetrics
internal import Synchronization
internal import Tracing

/// One request while it is served; told once when its response is written, and also when the connection goes away before.
final class RequestRecord: Sendable {
  private let span: KitSpan
  private let method: RequestMethod
  private let path: String
  private let requestByteCount: Int64?
  private let instruments: RequestInstruments
  private let active: any MeterHandler
  private let log: AccessLog
  private let start: ContinuousClock.Instant
  private let state = Mutex(State())

  private struct State {
    var route: String?
    var isFinished = false
  }

  init(span: KitSpan, method: RequestMethod, path: String, requestByteCount: Int64?, instruments: RequestInstruments, log: AccessLog) {
    self.span = span
    self.method = method
    self.path = path
    self.requestByteCount = requestByteCount
    self.instruments = instruments
    self.log = log
    start = .now
    active = instruments.active(method.name)
    active.increment(by: 1)
  }

  /// A response that nobody waits for any more is never written.
  deinit { finish(status: 499, byteCount: nil, error: nil) }

  /// The route's template; nil where no route matched.
  func setRoute(_ route: String?) { state.withLock { $0.route = route } }

  func finish(status: Int, byteCount: Int?, error: (any Error)?) {
    let (isFirst, route) = state.withLock { state in
      defer { state.isFinished = true }
      return (!state.isFinished, state.route)
    }
    guard isFirst else { return }
    let duration = ContinuousClock.now - start
    let nanoseconds = duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
    let now = DefaultTracerClock.now
    endSpan(status, route, byteCount, error, now)
    active.decrement(by: 1)
    let series = instruments.series(method.name, status: status, route: route), unixNanoseconds = now.nanosecondsSinceEpoch
    series.duration.record(Double(nanoseconds) / 1e9, in: span, unixNanoseconds: unixNanoseconds)
    if let requestByteCount { series.requestSize.record(Double(requestByteCount), in: span, unixNanoseconds: unixNanoseconds) }
    if let byteCount { series.responseSize.record(Double(byteCount), in: span, unixNanoseconds: unixNanoseconds) }
    if log.isEnabled { write(status, route, byteCount, nanoseconds, unixNanoseconds) }
  }

  private func endSpan(_ status: Int, _ route: String?, _ byteCount: Int?, _ error: (any Error)?, _ now: DefaultTracerClock.Timestamp) {
    if let route { span.operationName = "\(method.spanName) \(route)" }
    span.edit { fields in
      fields.set("http.response.status_code", .int64(Int64(status)))
      if let route { fields.set("http.route", .string(route)) }
      if let byteCount { fields.set("http.response.body.size", .int64(Int64(byteCount))) }
      if status >= 500, error == nil { fields.set("error.type", .string(String(status))) }
    }
    if status >= 500 {
      // Only what is our own fault is an error of the server.
      if let error { span.recordError(error, attributes: ["exception.escaped": true], at: now) } else { span.setStatus(SpanStatus(code: .error)) }
    }
    span.end(at: now)
  }

  /// An error was told by the span; the line stays one of the access log.
  private func write(_ status: Int, _ route: String?, _ byteCount: Int?, _ nanoseconds: Int64, _ unixNanoseconds: UInt64) {
    log.write("\(method.original) \(path) \(status)", in: span, unixNanoseconds: unixNanoseconds) { fields in
      fields.set("http.request.method", .string(method.original))
      fields.set("url.path", .string(path))
      fields.set("http.response.status_code", .int64(Int64(status)))
      fields.set("duration_ms", .double(Double(nanoseconds / 1_000) / 1_000))
      if let route { fields.set("http.route", .string(route)) }
      if let byteCount { fields.set("http.response.body.size", .int64(Int64(byteCount))) }
    }
  }
}
