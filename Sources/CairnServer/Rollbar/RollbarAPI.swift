// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCatalog
import CairnFormats
import CairnIssues
import CairnPlan
import NIOCore
import NIOHTTP1

/// What the parts of Rollbar's API share: who asks, and the form of the answers.
struct RollbarAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    RollbarDoor(state: state).routes + RollbarItems(api: self).routes + RollbarInstances(api: self).routes
      + RollbarDeploys(api: self).routes + RollbarReports(api: self).routes + RollbarProjects(api: self).routes
      + RollbarRules(api: self).routes + RollbarQueries(api: self).routes
      + RollbarSourceMaps(api: self).routes + RollbarDirectory(api: self).routes + RollbarPeople(api: self).routes
  }

  /// A route whose token needs one of these scopes.
  func route(
    _ method: HTTPMethod, _ pattern: String, _ scopes: [TokenScope],
    _ handle: @escaping @Sendable (Exchange, RollbarCaller) async throws(Refusal) -> Response
  ) -> Route {
    Route(method, "/api/1" + pattern, .anyone, .rollbar) { (exchange) async throws(Refusal) in
      let body = method == .GET ? .null : bodyValues(exchange)
      let caller = try meant(
        RollbarAccess(state: state).caller(exchange.request, bodyToken: body["access_token"]?.string, needs: scopes), exchange, body)
      let standing = state.tokenWindows.use(caller.token, nowUnixSeconds: nowUnixSeconds)
      if let token = caller.token, let standing, standing.isExceeded { return standing.refusal(of: token) }
      var response = try await handle(exchange, caller)
      standing?.add(to: &response)
      return response
    }
  }

  /// An account names the project that it means by `project_id`, in the query or in the body of a change.
  private func meant(_ caller: RollbarCaller, _ exchange: Exchange, _ body: JSONValue) throws(Refusal) -> RollbarCaller {
    let text = QueryString(exchange.request.query)["project_id"] ?? body["project_id"]?.string ?? body["project_id"]?.integer.map { String($0) }
    guard caller.isAccount, let text else { return caller }
    guard let id = Int64(text), let project = state.book.project(id: id, tenant: caller.tenant) else {
      throw Refusal(.notFound, "no project has the id \(text.prefix(40))")
    }
    var caller = caller
    caller.project = project
    caller.isOfAllProjects = false
    return caller
  }

  var nowUnixSeconds: Int64 { state.parts.clock.unixNanoseconds() / 1_000_000_000 }

  /// `{"err": 0, "result": …}`
  func answer(reserving byteCount: Int = 1024, _ write: (inout JSONWriter) -> Void) -> Response {
    jsonResponse(reserving: byteCount) { (writer) in
      writer.member("err", 0)
      writer.key("result")
      write(&writer)
    }
  }

  /// The body's values, from JSON or a form; an empty object where there is neither.
  func bodyValues(_ exchange: Exchange) -> JSONValue {
    let body = exchange.request.body
    if let json = try? JSONValue(parsing: body.readableBytesSpan), json.members != nil { return json }
    let form = String(buffer: body)
    var members: [JSONMember] = []
    for part in form.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2, let name = formDecoded(pair[0]), let value = formDecoded(pair[1]) else { continue }
      members.append(JSONMember(name, .string(value)))
    }
    return .object(members)
  }

  private func formDecoded(_ text: Substring) -> String? { percentDecoded(String(text.map { $0 == "+" ? " " : $0 })) }

  /// A number of the path.
  func number(_ exchange: Exchange, _ name: String) throws(Refusal) -> Int64 {
    guard let number = Int64(exchange.parameters[name]) else {
      throw Refusal(.notFound, "'\(exchange.parameters[name].prefix(40))' is not an id")
    }
    return number
  }

  /// An item of the caller's project; an account sees all of its tenant.
  func item(_ id: Int64, _ caller: RollbarCaller) throws(Refusal) -> Item {
    guard let item = state.book.item(id: id, tenant: caller.tenant), caller.isAccount || item.projectID == caller.project.id else {
      throw Refusal(.notFound, "no item has the id \(id)")
    }
    return item
  }

  /// The page that was asked for, from 1.
  func page(_ query: QueryString, most: Int = 1_000) throws(Refusal) -> Int {
    guard let text = query["page"] else { return 1 }
    guard let page = Int(text), (1...most).contains(page) else { throw Refusal(.invalid, "page must be a number from 1 to \(most)") }
    return page
  }

  /// Runs work on the catalog.
  func written<Result>(_ work: () throws(CatalogError) -> Result) throws(Refusal) -> Result {
    do { return try work() } catch { throw Refusal(error) }
  }
}
