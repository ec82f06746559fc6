// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import CairnFormats
import CairnKit
import CairnKitHummingbird
import Hummingbird
import Logging
import NIOCore
import Tracing

struct DictionaryInjector: Injector {
  func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
}

/// A Hummingbird server, with the kit or bare.
enum ServeMode {
  /// What `/items` answers: rows as a table of posts would give them.
  struct Item: ResponseEncodable, Codable {
    var uuid: String
    var handle: String
    var message: String
    var likes: Int
  }

  static let items = (0..<20).map { Item(uuid: "u-\($0)", handle: "andrew", message: "Cloud is fun, number \($0)", likes: $0) }

  static func run() async throws {
    let isBare = Probe.variable("PROBE_BARE") != nil
    let kit = isBare ? nil : try Kit.bootstrap()
    var quiet = Logger(label: "server")
    quiet.logLevel = .error
    let app = Application(
      router: try router(kit), configuration: .init(address: .hostname("127.0.0.1", port: 0)), services: kit.map { [$0] } ?? [],
      onServerRunning: { channel in Probe.say { $0.member("port", channel.localAddress?.port ?? 0) } }, logger: quiet)
    try await app.runService()
    Probe.say { $0.member("lost", counts: kit?.lostCounts ?? [:]) }
  }

  private static func router(_ kit: Kit?) throws -> Router<BasicRequestContext> {
    let router = Router()
    let feed = try Feed()
    if let kit { router.add(middleware: InstrumentationMiddleware(kit)) }
    router.get("/plain") { _, _ in "hello" }
    router.get("/items") { _, _ in items }
    if let kit {
      let log = Logger(label: "feed") { kit.logHandler(label: $0) }
      router.get("/feed") { _, _ in try await feed.home(kit, log, user: "andrew") }
    } else {
      router.get("/feed") { _, _ in try await feed.home() }
    }
    router.get("/hop/:user") { _, context -> String in
      guard let kit else { return "bare" }
      let user = try context.parameters.require("user")
      let text = try await kit.tracer.with(.userID, user) { try await hop(kit) }
      return text
    }
    router.get("/installed") { _, _ -> String in
      // By whatever is installed in the process, as a library does it that knows nothing of the kit.
      var headers: [String: String] = [:]
      InstrumentationSystem.instrument.inject(ServiceContext.current ?? .topLevel, into: &headers, using: DictionaryInjector())
      return headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "\n")
    }
    router.get("/broken/:user") { _, context -> String in
      guard let kit else { return "bare" }
      let user = try context.parameters.require("user")
      return try await kit.tracer.with(.userID, user) {
        try kit.tracer.withSpan("GET", ofKind: .client) { call in
          call.attributes["http.request.method"] = "GET"
          call.attributes["url.full"] = "http://stock.example/"
          throw ProbeError(mark: user, cause: OutOfStock())
        }
      }
    }
    router.get("/end") { _, _ -> String in
      guard let kit else { return "bare" }
      return kit.tracer.withSpan("end-work") { _ in
        Logger(label: "end").info("the end was reached")
        return ServiceContext.current?[.userID] ?? "nobody"
      }
    }
    return router
  }

  private static func hop(_ kit: Kit) async throws -> String {
    guard let next = Probe.variable("PROBE_NEXT") else { return "no next" }
    let client = TracedHTTPClient(HTTPClient.shared, kit: kit)
    let response = try await client.execute(HTTPClientRequest(url: next))
    return String(buffer: try await response.body.collect(upTo: 65_536))
  }
}
