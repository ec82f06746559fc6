// SPDX-License-Identifier: Apache-2.0
// The program of docs/guides/instrument-a-swift-backend.md, line by line (GuideTests compares them).
import CairnKit
import CairnKitHummingbird
import Hummingbird
import Logging
import Tracing

@main
struct Shop {
  static func main() async throws {
    let kit = try Kit.bootstrap()                         // reads the environment; installs log handler, metrics and tracer
    let log = Logger(label: "shop")

    let router = Router()
    router.add(middleware: InstrumentationMiddleware(kit)) // a span, metrics and an access-log line for each request
    router.get("/cart/:user") { _, context -> String in
      let user = try context.parameters.require("user")
      return try withSpan("load-cart") { span in     // a span of your own
        span.attributes["user.id"] = user
        log.info("cart is shown", metadata: ["user.id": "\(user)"])
        guard user != "nobody" else { throw CartError.noSuchUser }   // an error with its stack
        return "3 items"
      }
    }
    let port = Int(ProcessEnvironment.variables["PORT"] ?? "") ?? 8000
    let app = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
      services: [kit])                                     // the kit runs beside the server and stops after it
    try await app.runService()
  }
}

enum CartError: Error { case noSuchUser }
