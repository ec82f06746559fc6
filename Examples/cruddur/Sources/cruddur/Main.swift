// SPDX-License-Identifier: Apache-2.0
import CairnKit
import CruddurAPI
import Hummingbird

/// Serves the microblog. Where traces, logs, metrics and errors go is said by the environment alone, as in production: see the guide
/// `docs/guides/instrument-a-swift-backend.md`.
@main
struct Main {
  static func main() async throws {
    let kit = try Kit.bootstrap()
    let variables = ProcessEnvironment.variables
    let store = try Store(path: variables["CRUDDUR_DATABASE"], kit: kit)
    let port = variables["CRUDDUR_PORT"] ?? "4567"
    guard let number = UInt16(port) else { throw ConfigurationError(variable: "CRUDDUR_PORT", problem: "'\(port)' is not a port, 0 to 65535") }
    let address = BindAddress.hostname(variables["CRUDDUR_HOST"] ?? "127.0.0.1", port: Int(number))
    if let revision = variables["CRUDDUR_REVISION"] { _ = await kit.reportDeploy(revision: revision) }
    let app = Application(
      router: Cruddur(store: store, kit: kit).router(), configuration: .init(address: address, serverName: "cruddur"), services: [kit])
    try await app.runService()
  }
}
