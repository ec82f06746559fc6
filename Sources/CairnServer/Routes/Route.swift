// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1

/// One thing that the server does: where, for whom, and how its errors look.
struct Route: Sendable {
  var method: HTTPMethod
  /// Segments between slashes; `:name` takes any one segment, a last `*` whatever is left.
  var pattern: String
  var access: RouteAccess
  var dialect: Dialect
  /// For the doors that take events in: they are counted, open to other origins by configuration, and on every port.
  var door: DoorSignal?
  var bodyBytesMax = 1 << 20
  /// True where the handler never waits for more than the store's own locks: with a small body it may run on the loop that read it.
  var isBrief = false
  /// Health is asked at every port.
  var isOnEveryPort = false
  var handle: @Sendable (Exchange) async throws(Refusal) -> Response

  init(
    _ method: HTTPMethod, _ pattern: String, _ access: RouteAccess, _ dialect: Dialect,
    _ handle: @escaping @Sendable (Exchange) async throws(Refusal) -> Response
  ) {
    self.method = method
    self.pattern = pattern
    self.access = access
    self.dialect = dialect
    self.handle = handle
  }

  /// True if the route is served at this listener: the ports of OTLP take events in and nothing else.
  func isServed(at listener: ListenerRole) -> Bool {
    switch listener {
    case .http: true
    // X-Ray's operations are what the daemon's port serves, and nothing else.
    case .xray: dialect == .awsRESTJSON || isOnEveryPort
    case .otlpHTTP, .otlpGRPC: (door != nil && dialect != .awsRESTJSON) || isOnEveryPort
    }
  }
}

/// A request together with what was found out about it.
struct Exchange: Sendable {
  var request: Request
  var parameters: PathParameters
  var principal: Principal
  var environment: String { principal.environment }
}

/// The values of a pattern's `:name` segments, percent-decoded.
struct PathParameters: Sendable, Hashable {
  private var values: [(name: String, value: String)] = []

  init() {}

  /// The value of a segment that the pattern names; empty for another name.
  subscript(_ name: String) -> String { values.first { $0.name == name }?.value ?? "" }

  mutating func add(_ name: String, _ value: String) { values.append((name, value)) }

  static func == (left: PathParameters, right: PathParameters) -> Bool {
    left.values.elementsEqual(right.values) { $0.name == $1.name && $0.value == $1.value }
  }

  func hash(into hasher: inout Hasher) {
    for entry in values { hasher.combine(entry.value) }
  }
}
