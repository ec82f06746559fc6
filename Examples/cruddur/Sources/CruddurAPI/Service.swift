// SPDX-License-Identifier: Apache-2.0
import CairnKit
import CairnKitHummingbird
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Tracing

/// The microblog's HTTP interface.
public struct Cruddur: Sendable {
  let store: Store
  let kit: Kit
  private let log: Logger
  private static let messageLengthMax = 280

  public init(store: Store, kit: Kit) {
    self.store = store
    self.kit = kit
    log = Logger(label: "cruddur") { kit.logHandler(label: $0) }
  }

  public func router() -> Router<BasicRequestContext> {
    let router = Router()
    router.add(middleware: InstrumentationMiddleware(kit))
    router.add(middleware: WhoAsks(kit: kit))
    router.get("/") { _, _ in Self.document(PackageResources.page_html, "text/html; charset=utf-8") }
    router.get("/openapi.json") { _, _ in Self.document(PackageResources.openapi_json, "application/json") }
    router.get("/api/health-check") { _, _ in ["success": true] }
    activities(router.group("/api/activities"))
    messages(router)
    router.get("/api/users/:handle/short") { _, context in
      guard let user = try await store.user(try handle(context)) else { throw HTTPError(.notFound) }
      return user
    }
    router.get("/api/users/search") { request, _ in try await store.users(matching: request.uri.queryParameters["term"].map(String.init) ?? "") }
    router.get("/rollbar/test") { _, _ in
      kit.reportToRollbar("Hello World!", level: "warning")
      return "Hello World!"
    }
    return router
  }

  private static func document(_ bytes: [UInt8], _ type: String) -> Response {
    Response(status: .ok, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  private func activities(_ group: RouterGroup<BasicRequestContext>) {
    group.get("home") { request, _ in
      try await kit.tracer.withSpan("home-activities") { span in
        span.attributes["app.now"] = Date().ISO8601Format()
        let results = try await store.home()
        span.attributes["app.result_length"] = results.count
        log.info("HomeActivities", metadata: ["user.id": .string(WhoAsks.user(of: request)), "results": .stringConvertible(results.count)])
        return results
      }
    }
    group.get("notifications") { request, _ in try await store.notifications(of: WhoAsks.user(of: request)) }
    group.get("search") { request, _ in
      guard let term = request.uri.queryParameters["term"], !term.isEmpty else { throw Invalid(reason: "term is empty") }
      return try await store.search(String(term))
    }
    group.get(":handle") { _, context in
      try await kit.tracer.withSpan("user-info") { span in
        let handle = try handle(context)
        span.annotate("handle", handle)
        let results = try await store.activities(of: handle)
        span.addMetadata("size", results.count, namespace: "results")
        log.info("UserActivities", metadata: ["handle": .string(handle), "results": .stringConvertible(results.count)])
        return results
      }
    }
    group.post { request, context in
      let new = try await request.decode(as: NewActivity.self, context: context)
      return try await store.post(try text(new.message), by: WhoAsks.user(of: request), replyTo: nil, ttl: try ttl(new.ttl))
    }
    // The router has one name for this place, whether a handle stands there or an activity.
    group.post(":handle/reply") { request, context in
      let new = try await request.decode(as: NewActivity.self, context: context)
      let uuid = try context.parameters.require("handle")
      guard let author = try await store.author(of: uuid) else { throw HTTPError(.notFound, message: "there is no activity \(uuid)") }
      let reply = try await store.post(try text(new.message), by: WhoAsks.user(of: request), replyTo: uuid, ttl: nil)
      try await store.notify(author, of: reply.uuid)
      return reply
    }
    // A fault to be found: it fails for one route only.
    group.get("broken/:which") { _, context in
      let which = try context.parameters.require("which")
      return try await kit.tracer.withSpan("render-timeline") { span in
        span.annotate("which", which)
        let results = try await store.home()
        log.warning("the timeline is rendered by number", metadata: ["which": .string(which), "results": .stringConvertible(results.count)])
        return try timeline(which)
      }
    }
  }

  private func timeline(_ which: String) throws -> String {
    guard let number = Int(which) else { throw TimelineError(reason: "could not render the timeline", cause: NotANumber(text: which)) }
    guard number != 0 else { throw NotANumber(text: "division by zero") }
    return "\(100 / number)"
  }

  private func messages(_ router: Router<BasicRequestContext>) {
    router.get("/api/message_groups") { request, _ in try await store.groups(of: WhoAsks.user(of: request)) }
    router.get("/api/messages/:handle") { request, context in
      try await store.messages(between: WhoAsks.user(of: request), and: try handle(context))
    }
    router.post("/api/messages") { request, context in
      let new = try await request.decode(as: NewMessage.self, context: context)
      guard try await store.user(new.handle) != nil else { throw HTTPError(.notFound, message: "there is no \(new.handle)") }
      return try await store.send(try text(new.message), from: WhoAsks.user(of: request), to: new.handle)
    }
  }

  /// A handle with or without its `@`.
  private func handle(_ context: BasicRequestContext) throws -> String {
    let text = try context.parameters.require("handle")
    return text.hasPrefix("@") ? String(text.dropFirst()) : text
  }

  private func text(_ message: String) throws -> String {
    guard !message.isEmpty else { throw Invalid(reason: "message_blank") }
    guard message.count <= Self.messageLengthMax else { throw Invalid(reason: "message_exceed_max_chars") }
    return message
  }

  private func ttl(_ name: String?) throws -> TimeInterval? {
    switch name {
    case nil: nil
    case "30-days": 30 * 86_400
    case "7-days": 7 * 86_400
    case "3-days": 3 * 86_400
    case "1-day": 86_400
    case "12-hours": 12 * 3_600
    case "3-hours": 3 * 3_600
    case "1-hour": 3_600
    default: throw Invalid(reason: "ttl_blank")
    }
  }
}

/// Puts the user on the request's span and on all spans below, and sends the name along to whatever is called.
struct WhoAsks: RouterMiddleware {
  let kit: Kit

  func handle(
    _ request: Request, context: BasicRequestContext, next: (Request, BasicRequestContext) async throws -> Response
  ) async throws -> Response {
    try await kit.tracer.with(.userID, Self.user(of: request)) { try await next(request, context) }
  }

  /// The header that a gateway would set.
  static func user(of request: Request) -> String { HTTPField.Name("x-user-id").flatMap { request.headers[$0] } ?? "andrew" }
}

/// A timeline that cannot be shown.
struct TimelineError: Error {
  var reason: String
  var cause: any Error
}

struct NotANumber: Error {
  var text: String
}
