// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnCatalog
import CairnServer

/// `cairn serve`
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Run the server.")

  @OptionGroup var options: ServerOptions

  @Option(help: "Main port: every HTTP door, the API and the pages (default 127.0.0.1:8080).") var http: String?
  @Option(help: "OpenTelemetry over HTTP (default 127.0.0.1:4318).") var otlpHttp: String?
  @Option(help: "OpenTelemetry over gRPC (default 127.0.0.1:4317).") var otlpGrpc: String?
  @Option(help: "X-Ray daemon (default 127.0.0.1:2000); nothing listens there yet.") var xray: String?
  @Option(help: "Write the addresses as JSON once all listen.") var readyFile: String?
  @Flag(help: "Serve beyond loopback without any key.") var insecure = false

  func run() async throws {
    let settings = try options.settings([
      .http: http, .otlpHTTP: otlpHttp, .otlpGRPC: otlpGrpc, .xray: xray, .readyFile: readyFile, .insecure: insecure ? "true" : nil,
    ])
    let catalog = try Catalog(path: try settings.preparedCatalogPath())
    let server = try await CairnServer.start(settings, parts: ServerParts(store: MemoryStore(), catalog: catalog))
    try await server.runUntilSignal()
  }
}

/// The options that serving and the tools beside it share.
struct ServerOptions: ParsableArguments {
  @Option(help: "Folder of all data (default ./cairn-data).") var data: String?
  @Option(help: "YAML file with settings.") var config: String?

  /// All settings, from the given flags, the environment and the file.
  func settings(_ flags: [Settings.Key: String?]) throws -> Settings {
    var given = flags.compactMapValues { $0 }
    given[.data] = data
    return try Settings.load(flags: given, configPath: config)
  }
}
