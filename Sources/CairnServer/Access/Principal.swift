// SPDX-License-Identifier: Apache-2.0
import CairnCatalog

/// Who asks: the tenant and what it may do there. Comes from the credential alone.
struct Principal: Sendable, Hashable {
  var environment: String
  var scopes: Set<KeyScope>
  /// nil in open mode.
  var keyID: String?

  /// Everybody, while no key exists: all scopes of the environment `default`.
  static let open = Principal(environment: "default", scopes: Set(KeyScope.allCases), keyID: nil)
  /// Whoever asks for what needs no key.
  static let nobody = Principal(environment: "", scopes: [], keyID: nil)
}

/// What a route asks of its caller.
enum RouteAccess: Sendable, Hashable {
  /// Nothing: health, the pages themselves.
  case anyone
  /// A good key, whatever its scopes.
  case anyKey
  case key(KeyScope)
}

/// Finds out who asks.
struct Gatekeeper: Sendable {
  let catalog: Catalog

  init(catalog: Catalog) { self.catalog = catalog }

  /// True while no key was ever made.
  var isOpen: Bool { !catalog.hasKeys }

  /// The principal of a request for a route, or why it may not.
  func identify(_ request: Request, for access: RouteAccess) throws(Refusal) -> Principal {
    if access == .anyone { return .nobody }
    if isOpen { return .open }
    guard let text = credential(of: request) else {
      throw Refusal(.unauthenticated, "A key is needed: send it as 'x-honeycomb-team: KEY' or 'authorization: Bearer KEY'.")
    }
    switch catalog.authenticate(text) {
    case .unknown: throw Refusal(.unauthenticated, "unknown API key - check your credentials")
    case .revoked: throw Refusal(.unauthenticated, "This key was revoked.")
    case .good(let key):
      if case .key(let scope) = access, !key.scopes.contains(scope) {
        throw Refusal(.forbidden, "This key lacks the scope '\(scope.rawValue)'.")
      }
      return Principal(environment: key.environment, scopes: key.scopes, keyID: key.id)
    }
  }

  /// The key that a request presents, in any of the accepted forms; nil where it has none.
  private func credential(of request: Request) -> String? {
    if let key = request.header("x-honeycomb-team") ?? request.header("x-hny-team"), !key.isEmpty { return key }
    guard let value = request.header("authorization") else { return nil }
    let parts = value.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return trimmed(String(parts[1]))
  }
}
