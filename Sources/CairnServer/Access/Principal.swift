// SPDX-License-Identifier: Apache-2.0
import CairnCatalog

/// Who asks: the tenant and what it may do there. Comes from the credential alone.
struct Principal: Sendable, Hashable {
  var environment: String
  var scopes: Set<KeyScope>
  /// nil in open mode.
  var keyID: String?
  /// What an AWS client presented, to be verified once the body is there.
  var signature: SignatureV4?

  /// Everybody, while no key exists: all scopes of the environment `default`.
  static let open = Principal(environment: "default", scopes: Set(KeyScope.allCases))
  /// Whoever asks for what needs no key.
  static let nobody = Principal(environment: "", scopes: [])
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
  let clock: WallClock

  init(catalog: Catalog, clock: WallClock = .system) {
    self.catalog = catalog
    self.clock = clock
  }

  /// True while no key was ever made.
  var isOpen: Bool { !catalog.hasKeys }

  /// The principal of a request for a route, or why it may not.
  func identify(_ request: Request, for access: RouteAccess) throws(Refusal) -> Principal {
    if access == .anyone { return .nobody }
    if isOpen { return .open }
    // The daemon's port takes what SDKs send it unsigned, as the daemon does; it is for this machine alone.
    if request.listener == .xray, access == .key(.ingest) || access == .anyKey, credential(of: request) == nil {
      return Principal(environment: XRayDaemon.environment, scopes: [.ingest])
    }
    if SignatureV4.isPresent(in: request) { return try identify(SignatureV4(request), for: access) }
    guard let text = credential(of: request) else {
      throw Refusal(.unauthenticated, "A key is needed: send it as 'x-honeycomb-team: KEY' or 'authorization: Bearer KEY'.")
    }
    switch catalog.authenticate(text) {
    case .unknown: throw Refusal(.unauthenticated, "unknown API key - check your credentials")
    case .revoked: throw Refusal(.unauthenticated, "This key was revoked.")
    case .good(let key):
      return try principal(key, for: access)
    }
  }

  private func principal(_ key: AccessKey, for access: RouteAccess) throws(Refusal) -> Principal {
    if case .key(let scope) = access, !key.scopes.contains(scope) {
      throw Refusal(.forbidden, "This key lacks the scope '\(scope.rawValue)'.")
    }
    return Principal(environment: key.environment, scopes: key.scopes, keyID: key.id)
  }

  /// The principal that a signature claims; what it signed is checked by `confirm`, when the body is there.
  private func identify(_ signature: SignatureV4, for access: RouteAccess) throws(Refusal) -> Principal {
    guard let key = catalog.key(awsAccessKeyID: signature.accessKeyID), key.revokedUnixSeconds == nil else {
      throw Refusal(.unauthenticated, "The security token included in the request is invalid.")
    }
    try signature.checkTime(nowUnixSeconds: clock.unixNanoseconds() / 1_000_000_000)
    var claimed = try principal(key, for: access)
    claimed.signature = signature
    return claimed
  }

  /// Throws where a principal came by a signature that the whole request does not bear out.
  func confirm(_ principal: Principal, _ request: Request) throws(Refusal) {
    guard let signature = principal.signature, let key = catalog.key(awsAccessKeyID: signature.accessKeyID) else { return }
    try signature.verify(request, secret: key.awsSecretAccessKey)
  }

  /// Throws where whoever was let in would not be by now: its key was revoked, or it came while there was none.
  func mustStillBeGood(_ principal: Principal) throws(Refusal) {
    guard let id = principal.keyID else {
      if principal == .open, !isOpen { throw Refusal(.unauthenticated, "A key is needed by now.") }
      return
    }
    guard catalog.isGood(keyID: id) else { throw Refusal(.unauthenticated, "This key was revoked.") }
  }

  /// The key that a request presents, in any of the accepted forms; nil where it has none.
  private func credential(of request: Request) -> String? {
    for name in ["x-honeycomb-team", "x-hny-team", "x-amz-firehose-access-key"] {
      if let key = request.header(name), !key.isEmpty { return key }
    }
    guard let value = request.header("authorization") else { return nil }
    let parts = value.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return trimmed(String(parts[1]))
  }
}
