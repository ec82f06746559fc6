// SPDX-License-Identifier: Apache-2.0
internal import CoreMetrics
internal import Synchronization

/// The instruments of the middleware, each made once: finding one by its label and dimensions costs more than recording with it.
///
///     http.server.active_requests     by method
///     http.server.request.duration    by method, status and route, in seconds
final class RequestInstruments: Sendable {
  /// Methods are any word that a client likes; further ones are made anew each time, and the factory bounds their number.
  private static let countMax = 1_000
  private let scheme: String
  private let made = Mutex(Made())

  private struct Made {
    var active: [String: Meter] = [:]
    var durations: [Key: CoreMetrics.Timer] = [:]
  }

  private struct Key: Hashable {
    var method: String
    var status: Int
    var route: String?
  }

  init(scheme: String) { self.scheme = scheme }

  func active(_ method: String) -> Meter {
    made.withLock { made in
      if let known = made.active[method] { return known }
      let meter = Meter(label: "http.server.active_requests", dimensions: [("http.request.method", method), ("url.scheme", scheme)])
      if made.active.count < Self.countMax { made.active[method] = meter }
      return meter
    }
  }

  func duration(_ method: String, status: Int, route: String?) -> CoreMetrics.Timer {
    let key = Key(method: method, status: status, route: route)
    return made.withLock { made in
      if let known = made.durations[key] { return known }
      var dimensions = [("http.request.method", method), ("http.response.status_code", String(status)), ("url.scheme", scheme)]
      if let route { dimensions.append(("http.route", route)) }
      let timer = CoreMetrics.Timer(label: "http.server.request.duration", dimensions: dimensions)
      if made.durations.count < Self.countMax { made.durations[key] = timer }
      return timer
    }
  }
}
