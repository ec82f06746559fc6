// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import NIOCore

@testable import CairnServer

/// A server on free ports with a fake store, for the length of one test.
struct LiveServer {
  let server: CairnServer
  let store: FakeStore
  let catalog: Catalog

  /// A client of the main port.
  func client(key: String? = nil, _ role: ListenerRole = .http) throws -> APIClient {
    APIClient(server: try endpoint(role), key: key)
  }

  func endpoint(_ role: ListenerRole) throws -> Endpoint {
    guard let endpoint = Endpoint(server.address(of: role)) else { throw Unexpected("no address") }
    return endpoint
  }

  /// Makes a key and returns its text.
  func key(_ scopes: Set<KeyScope>, environment: String = "default") throws -> String {
    try catalog.createKey(name: "test", environment: environment, scopes: scopes, nowUnixSeconds: 1).text
  }
}

/// What a test did not expect.
struct Unexpected: Error {
  var reason: String
  init(_ reason: String) { self.reason = reason }
}

/// Settings with free ports.
func freePorts() -> Settings {
  var settings = Settings()
  for path in [\Settings.http, \.otlpHTTP, \.otlpGRPC, \.xray] { settings[keyPath: path].port = 0 }
  return settings
}

/// Runs the body against a server, and stops the server whatever happens.
func withServer(
  _ script: FakeStore.Script = .init(), settings: Settings = freePorts(), limits: WireLimits = .patient,
  reset: (@Sendable () async throws(ResetError) -> Void)? = nil, _ body: (LiveServer) async throws -> Void
) async throws {
  let store = FakeStore(script)
  let catalog = try Catalog()
  var parts = ServerParts(store: store, catalog: catalog)
  parts.reset = reset
  let server = try await CairnServer.start(settings, parts: parts, limits: limits)
  do {
    try await body(LiveServer(server: server, store: store, catalog: catalog))
  } catch {
    await server.stop(within: 1)
    throw error
  }
  await server.stop(within: 1)
}

/// Waits for a condition of another task, at most two minutes (a machine may be busy).
func until(_ condition: () -> Bool) async throws {
  let start = ContinuousClock.now
  while !condition() {
    guard ContinuousClock.now - start < .seconds(120) else { throw Unexpected("the condition never came true") }
    // A pause, so that many tests that wait do not take the cores from those they wait for.
    try await Task.sleep(for: .milliseconds(2))
  }
}

extension WireLimits {
  /// No test but those of the time-outs themselves shall fail because the machine is busy.
  static var patient: WireLimits {
    var limits = WireLimits()
    limits.headTimeout = .minutes(5)
    limits.bodyTimeout = .minutes(5)
    limits.bodyGrace = .minutes(5)
    limits.idleTimeout = .minutes(5)
    return limits
  }
}
