// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// `http.client.request.duration` in seconds, by method, status, address and port; each series is found once.
final class ClientInstruments: Sendable {
  private static let countMax = 1_000
  private let factory: KitMetricsFactory
  private let made = Mutex<[Key: SpanHistogram]>([:])

  struct Key: Hashable, Sendable {
    var method: String
    var host: String
    var port: Int
    /// nil where no answer came.
    var status: Int?
    var errorType: String?
  }

  init(_ factory: KitMetricsFactory) { self.factory = factory }

  func duration(_ key: Key) -> SpanHistogram {
    made.withLock { made in
      if let known = made[key] { return known }
      var dimensions = [("http.request.method", key.method), ("server.address", key.host), ("server.port", String(key.port))]
      if let status = key.status { dimensions.append(("http.response.status_code", String(status))) }
      if let type = key.errorType { dimensions.append(("error.type", type)) }
      let histogram = factory.spanHistogram(label: "http.client.request.duration", unit: "s", dimensions: dimensions)
      if made.count < Self.countMax { made[key] = histogram }
      return histogram
    }
  }
}
