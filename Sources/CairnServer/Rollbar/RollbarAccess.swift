// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnIssues
import CairnPlan
import NIOCore
import NIOHTTP1
import Synchronization

/// Who asks in Rollbar's protocol: the project that its token belongs to.
struct RollbarCaller: Sendable {
  var tenant: String
  /// nil for an account's token where no project is meant yet.
  var project: Project
  var scopes: Set<TokenScope>
  /// nil for one of Cairn's own keys, and in open mode.
  var token: ProjectToken?
  /// Reads every project of the tenant, as nobody has said which one is meant: any token of an open server, without `project_id`.
  var isOfAllProjects = false

  /// An account sees every project of the tenant.
  var isAccount: Bool { token == nil }

  /// What is read of this project is the caller's.
  func reads(projectID: Int64) -> Bool { isOfAllProjects || projectID == project.id }
}

/// Reads Rollbar's credential: `X-Rollbar-Access-Token`, `?access_token=`, or `access_token` in the body, in this order.
///
/// A token made by the API belongs to its project. One of Cairn's own keys works too: its project has the key's name, its scopes are
/// post (ingest), read (query) and write (manage). In open mode any other token sends to the project `default` and reads all of them.
struct RollbarAccess: Sendable {
  let state: ServerState

  static let openProject = "default"

  /// The request names a token outside its body.
  func hasToken(_ request: Request) -> Bool {
    [request.header("x-rollbar-access-token"), QueryString(request.query)["access_token"], bearer(request)].contains { $0?.isEmpty == false }
  }

  func caller(_ request: Request, bodyToken: String? = nil, needs scopes: [TokenScope]) throws(Refusal) -> RollbarCaller {
    let presented = [
      request.header("x-rollbar-access-token"), QueryString(request.query)["access_token"], bodyToken, bearer(request),
    ]
    guard let text = presented.compactMap({ $0 }).first(where: { !$0.isEmpty }) else {
      throw Refusal(.unauthenticated, "access token required")
    }
    let caller = try caller(text)
    guard scopes.contains(where: caller.scopes.contains) else {
      let has = caller.scopes.map(\.rawValue).sorted().joined(separator: ", ")
      throw Refusal(
        .forbidden,
        "insufficient privileges: \(scopes.map(\.rawValue).joined(separator: " or ")) scope is required but the access token only has \(has)")
    }
    return caller
  }

  private func bearer(_ request: Request) -> String? {
    guard let value = request.header("authorization"), value.lowercased().hasPrefix("bearer ") else { return nil }
    return trimmed(String(value.dropFirst(7)))
  }

  private func caller(_ text: String) throws(Refusal) -> RollbarCaller {
    let now = state.parts.clock.unixNanoseconds() / 1_000_000_000
    if let token = state.book.token(text) {
      guard token.status == "enabled" else { throw Refusal(.forbidden, "access token is disabled") }
      guard let project = state.book.state.withLock({ $0.projects[token.projectID] }), project.status == "enabled" else {
        throw Refusal(.forbidden, "the access token's project is disabled")
      }
      return RollbarCaller(tenant: project.tenant, project: project, scopes: Set(token.scopes), token: token)
    }
    if Gatekeeper(catalog: state.parts.catalog).isOpen {
      let project = try project(tenant: Principal.open.environment, name: Self.openProject, now)
      return RollbarCaller(tenant: project.tenant, project: project, scopes: Set(TokenScope.allCases), token: nil, isOfAllProjects: true)
    }
    switch state.parts.catalog.authenticate(text) {
    case .unknown: throw Refusal(.forbidden, "invalid access token")
    case .revoked: throw Refusal(.forbidden, "access token is disabled")
    case .good(let key):
      var scopes: Set<TokenScope> = []
      if key.scopes.contains(.ingest) { scopes.formUnion([.postServerItem, .postClientItem]) }
      if key.scopes.contains(.query) { scopes.insert(.read) }
      if key.scopes.contains(.manage) { scopes.insert(.write) }
      let name = key.name.isEmpty ? Self.openProject : key.name
      let project = try project(tenant: key.environment, name: name, now)
      return RollbarCaller(tenant: key.environment, project: project, scopes: scopes, token: nil)
    }
  }

  private func project(tenant: String, name: String, _ now: Int64) throws(Refusal) -> Project {
    do { return try state.book.project(tenant: tenant, name: name, nowUnixSeconds: now) } catch { throw Refusal(error) }
  }
}

/// How often each token was used in its window.
final class TokenWindows: Sendable {
  /// What the rate headers say after one more request.
  struct Standing: Sendable, Hashable {
    var limit: Int
    var remaining: Int
    var resetsInSeconds: Int
    var resetsAtUnixSeconds: Int64
    var isExceeded: Bool
    /// True for the first request beyond the limit of its window.
    var isFirstBeyond: Bool

    /// The headers that notifiers and clients read.
    func add(to response: inout Response) {
      response.headers.add(name: "x-rate-limit-limit", value: String(limit))
      response.headers.add(name: "x-rate-limit-remaining", value: String(remaining))
      response.headers.add(name: "x-rate-limit-remaining-seconds", value: String(resetsInSeconds))
      response.headers.add(name: "x-rate-limit-reset", value: String(resetsAtUnixSeconds))
    }

    /// The answer to a request beyond the limit.
    func refusal(of token: ProjectToken) -> Response {
      var response = Response(
        status: .tooManyRequests, contentType: "application/json",
        text: #"{"err":1,"message":"rate limit exceeded: \#(limit) requests in \#(token.windowSeconds) s"}"#)
      add(to: &response)
      response.headers.add(name: "retry-after", value: String(max(1, resetsInSeconds)))
      return response
    }
  }
  private struct Window {
    var startUnixSeconds: Int64
    var count: Int
  }
  private let windows = Mutex<[Int64: Window]>([:])

  /// Counts a request; nil where the token has no limit.
  func use(_ token: ProjectToken?, nowUnixSeconds: Int64) -> Standing? {
    guard let token, token.windowSeconds > 0, token.windowCount > 0 else { return nil }
    return windows.withLock { (windows) in
      let start = nowUnixSeconds - nowUnixSeconds % Int64(token.windowSeconds)
      var window = windows[token.id] ?? Window(startUnixSeconds: start, count: 0)
      if window.startUnixSeconds != start { window = Window(startUnixSeconds: start, count: 0) }
      window.count += 1
      windows[token.id] = window
      return Standing(
        limit: token.windowCount, remaining: max(0, token.windowCount - window.count),
        resetsInSeconds: Int(start) + token.windowSeconds - Int(nowUnixSeconds), resetsAtUnixSeconds: start + Int64(token.windowSeconds),
        isExceeded: window.count > token.windowCount,
        isFirstBeyond: window.count == token.windowCount + 1)
    }
  }

  func current(_ token: ProjectToken) -> (startUnixSeconds: Int64, count: Int)? {
    windows.withLock { $0[token.id].map { ($0.startUnixSeconds, $0.count) } }
  }
}
