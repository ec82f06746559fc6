// SPDX-License-Identifier: Apache-2.0
internal import CairnKit
internal import CoreMetrics
internal import Synchronization

/// The instruments of the middleware, each made once: finding one by its label and dimensions costs more than recording with it.
///
///     http.server.active_requests     by method
///     http.server.request.duration    by method, status and route, in seconds
///     http.server.request.body.size, http.server.response.body.size    the same, in bytes; requests that say their length, responses that know it
final class RequestInstruments: Sendable {
  /// Methods are any word that a client likes; further ones are made anew each time, and the factory bounds their number.
  private static let countMax = 1_000
  private let factory: KitMetricsFactory
  private let scheme: String
  private let made = Mutex(Made())

  private struct Made {
    var active: [String: any MeterHandler] = [:]
    var series: [Key: Series] = [:]
  }

  /// What is measured of the requests that have the same method, status and route.
  struct Series: Sendable {
    var duration: SpanHistogram
    var requestSize: SpanHistogram
    var responseSize: SpanHistogram
  }

  private struct Key: Hashable {
    var method: String
    var status: Int
    var route: String?
  }

  init(_ factory: KitMetricsFactory, scheme: String) {
    self.factory = factory
    self.scheme = scheme
  }

  func active(_ method: String) -> any MeterHandler {
    made.withLock { made in
      if let known = made.active[method] { return known }
      let meter = factory.makeMeter(
        label: "http.server.active_requests",
        dimensions: [("http.request.method", method), ("url.scheme", scheme), ("unit", "{request}")])
      if made.active.count < Self.countMax { made.active[method] = meter }
      return meter
    }
  }

  func series(_ method: String, status: Int, route: String?) -> Series {
    let key = Key(method: method, status: status, route: route)
    return made.withLock { made in
      if let known = made.series[key] { return known }
      var dimensions = [("http.request.method", method), ("http.response.status_code", String(status)), ("url.scheme", scheme)]
      if let route { dimensions.append(("http.route", route)) }
      if status >= 500 { dimensions.append(("error.type", String(status))) }
      let series = Series(
        duration: factory.spanHistogram(label: "http.server.request.duration", unit: "s", dimensions: dimensions),
        requestSize: factory.spanHistogram(label: "http.server.request.body.size", unit: "By", dimensions: dimensions),
        responseSize: factory.spanHistogram(label: "http.server.response.body.size", unit: "By", dimensions: dimensions))
      if made.series.count < Self.countMax { made.series[key] = series }
      return series
    }
  }
}
