// SPDX-License-Identifier: Apache-2.0
internal import CairnKit
internal import CoreMetrics
internal import HTTPTypes
internal import Hummingbird
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
  private let unrecorded: UnrecordedRequest?
  private let startNanoseconds: UInt64
  private let startUnixNanoseconds: UInt64
  private let state = Mutex(State())

  private struct State {
    var route: String?
    var isFinished = false
  }

  init(
    span: KitSpan, startNanoseconds: UInt64, method: RequestMethod, path: String, requestByteCount: Int64?, instruments: RequestInstruments,
    log: AccessLog, unrecorded: UnrecordedRequest?
  ) {
    self.span = span
    self.startNanoseconds = startNanoseconds
    self.method = method
    self.path = path
    self.requestByteCount = requestByteCount
    self.instruments = instruments
    self.log = log
    self.unrecorded = unrecorded
    startUnixNanoseconds = span.startUnixNanoseconds ?? DefaultTracerClock.now.nanosecondsSinceEpoch
    active = instruments.active(method.name)
    active.increment(by: 1)
  }

  /// A response that nobody waits for any more is never written.
  deinit { finish(status: 499, byteCount: nil, error: nil) }

  /// For what is done to answer the request.
  var context: ServiceContext { span.context }

  /// The same response, which names the trace. The request is over when the response is written, or now where its body is small.
  /// - Parameter route: The route's template; nil where no route matched.
  func answered(by response: Response, route: String?) async throws -> Response {
    setRoute(route)
    var response = response
    tell(in: &response.headers)
    let status = Int(response.status.code), byteCount = response.body.contentLength
    if let byteCount, byteCount <= SmallBody.byteCountMax {
      response.body = try await SmallBody.gather(response.body)
      finish(status: status, byteCount: byteCount, error: nil)
    } else {
      response.body = recorded(response.body, status: status)
    }
    return response
  }

  /// The error to throw instead: its answer names the trace.
  func failed(by error: any Error, route: String?) -> TracedError {
    setRoute(route)
    let status = Int((error as? any HTTPResponseError)?.status.code ?? 500)
    finish(status: status, byteCount: nil, error: status >= 500 ? error : nil)
    var headers = HTTPFields()
    tell(in: &headers)
    return TracedError(underlying: error, headers: headers)
  }

  private func setRoute(_ route: String?) { state.withLock { $0.route = route } }

  /// Which trace the answer belongs to.
  private func tell(in headers: inout HTTPFields) {
    guard let text = span.traceContext?.xrayHeader, let name = HeaderNames.xray else { return }
    if headers.contains(name) { headers[name] = text } else { headers.append(HTTPField(name: name, value: text)) }
  }

  /// The same body, for one that is long or whose length nobody knows; when it is written, or cannot be, the request is over.
  private func recorded(_ body: ResponseBody, status: Int) -> ResponseBody {
    let byteCount = body.contentLength
    return ResponseBody(contentLength: byteCount) { writer in
      let connection = ConnectionState()
      do {
        try await body.write(WatchedWriter(writer: writer, connection: connection))
        self.finish(status: status, byteCount: byteCount, error: nil)
      } catch {
        // Whoever hung up is no fault of the server's.
        self.finish(status: status, byteCount: byteCount, error: connection.isLost || Task.isCancelled ? nil : error)
        throw error
      }
    }
  }

  private func finish(status: Int, byteCount: Int?, error: (any Error)?) {
    let (isFirst, route) = state.withLock { state in
      defer { state.isFinished = true }
      return (!state.isFinished, state.route)
    }
    guard isFirst else { return }
    let nanoseconds = SteadyClock.nanoseconds &- startNanoseconds, unixNanoseconds = startUnixNanoseconds &+ nanoseconds
    let brokenBy = status < 500 ? error.map(ErrorDescription.typeName) : nil
    let series = instruments.series(method, status: status, route: route, errorType: brokenBy)
    endSpan(series, status, route, byteCount, error, unixNanoseconds)
    active.decrement(by: 1)
    series.duration.record(Double(nanoseconds) / 1e9, in: span, unixNanoseconds: unixNanoseconds)
    if let requestByteCount { series.requestSize.record(Double(requestByteCount), in: span, unixNanoseconds: unixNanoseconds) }
    if let byteCount { series.responseSize.record(Double(byteCount), in: span, unixNanoseconds: unixNanoseconds) }
    if log.isEnabled { write(series, status, route, byteCount, nanoseconds, unixNanoseconds) }
  }

  private func endSpan(
    _ series: RequestInstruments.Series, _ status: Int, _ route: String?, _ byteCount: Int?, _ error: (any Error)?, _ unixNanoseconds: UInt64
  ) {
    // Only what is our own fault is an error of the server: a 5xx, or a body that breaks off after any status.
    if status >= 500 || error != nil {
      if let error { span.recordError(error, attributes: ["exception.escaped": true], at: DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: unixNanoseconds)) } else { span.setStatus(SpanStatus(code: .error)) }
    }
    span.end(unixNanoseconds, name: series.spanName) { fields in
      unrecorded?.describe(method, path, &fields)
      fields.set("http.response.status_code", Int64(status))
      if let route { fields.set("http.route", route) }
      if let byteCount { fields.set("http.response.body.size", Int64(byteCount)) }
      if status >= 500, error == nil { fields.set("error.type", series.statusText) }
    }
  }

  /// An error was told by the span; the line stays one of the access log.
  private func write(
    _ series: RequestInstruments.Series, _ status: Int, _ route: String?, _ byteCount: Int?, _ nanoseconds: UInt64, _ unixNanoseconds: UInt64
  ) {
    log.write(message(series), in: span, unixNanoseconds: unixNanoseconds) { fields in
      fields.set("http.request.method", method.original)
      fields.set("url.path", path)
      fields.set("http.response.status_code", Int64(status))
      fields.set("duration_ms", Double(nanoseconds / 1_000) / 1_000)
      if let route { fields.set("http.route", route) }
      if let byteCount { fields.set("http.response.body.size", Int64(byteCount)) }
    }
  }

  /// Method, path and status; put together by hand, which costs a third of an interpolation.
  private func message(_ series: RequestInstruments.Series) -> String {
    var text = method.original
    text.reserveCapacity(text.utf8.count + path.utf8.count + series.statusText.utf8.count + 2)
    text += " "
    text += path
    text += " "
    text += series.statusText
    return text
  }
}
