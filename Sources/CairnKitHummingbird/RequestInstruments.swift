// SPDX-License-Identifier: Apache-2.0
internal import CairnKit
internal import CoreMetrics
internal import Synchronization

/// The instruments of the middleware, each made once: finding one by its label and dimensions costs more than recording with it.
///
///     http.server.active_requests     by method
///     http.server.request.duration    by method, status, route and error, in seconds
///     http.server.request.body.size, http.server.response.body.size    the same, in bytes; requests that say their length, responses that know it
final class RequestInstruments: Sendable {
  /// Methods are any word that a client likes; further ones are made anew each time, and the factory bounds their number.
  private static let countMax = 1_000
  private let factory: KitMetricsFactory
  private let scheme: String
  private let made = Mutex(Made())

  private struct Made {
    /// Few, and found faster by looking at each than by hashing.
    var active: [(method: String, meter: any MeterHandler)] = []
    var series: [Key: Series] = [:]
    /// Where the request before this one was counted: most are like one of the last few.
    var recent: [(key: Key, series: Series)] = []
    var oldestRecent = 0
  }

  private static let recentCountMax = 4

  /// What is measured of the requests that have the same method, status, route and error, and how these are written.
  struct Series: Sendable {
    /// nil where there is no route: the span keeps its name.
    var spanName: String?
    var statusText: String
    var duration: SpanHistogram
    var requestSize: SpanHistogram
    var responseSize: SpanHistogram
  }

  private struct Key: Hashable {
    var status: Int
    var method: String
    var route: String?
    var errorType: String?
  }

  init(_ factory: KitMetricsFactory, scheme: String) {
    self.factory = factory
    self.scheme = scheme
  }

  func active(_ method: String) -> any MeterHandler {
    made.withLock { made in
      if let known = made.active.first(where: { $0.method == method }) { return known.meter }
      let meter = factory.makeMeter(
        label: "http.server.active_requests",
        dimensions: [("http.request.method", method), ("url.scheme", scheme), ("unit", "{request}")])
      if made.active.count < Self.countMax { made.active.append((method, meter)) }
      return meter
    }
  }

  /// - Parameter errorType: Of an error that no status tells, since the answer had begun; nil for all others.
  func series(_ method: RequestMethod, status: Int, route: String?, errorType: String?) -> Series {
    let key = Key(status: status, method: method.name, route: route, errorType: errorType)
    return made.withLock { made in
      if let recent = made.recent.first(where: { $0.key == key }) { return recent.series }
      let series = made.series[key] ?? make(key, method)
      if made.series.count < Self.countMax { made.series[key] = series }
      if made.recent.count < Self.recentCountMax {
        made.recent.append((key, series))
      } else {
        made.recent[made.oldestRecent] = (key, series)
        made.oldestRecent = (made.oldestRecent + 1) % Self.recentCountMax
      }
      return series
    }
  }

  private func make(_ key: Key, _ method: RequestMethod) -> Series {
    let statusText = String(key.status)
    var dimensions = [("http.request.method", key.method), ("http.response.status_code", statusText), ("url.scheme", scheme)]
    if let route = key.route { dimensions.append(("http.route", route)) }
    if let type = key.errorType ?? (key.status >= 500 ? statusText : nil) { dimensions.append(("error.type", type)) }
    return Series(
      spanName: key.route.map { "\(method.spanName) \($0)" }, statusText: statusText,
      duration: factory.spanHistogram(label: "http.server.request.duration", unit: "s", dimensions: dimensions),
      requestSize: factory.spanHistogram(label: "http.server.request.body.size", unit: "By", dimensions: dimensions),
      responseSize: factory.spanHistogram(label: "http.server.response.body.size", unit: "By", dimensions: dimensions))
  }
}
