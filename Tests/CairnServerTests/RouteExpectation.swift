// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import NIOHTTP1

@testable import CairnServer

/// One line of `RouteExpectations`.
struct RouteExpectation: Sendable {
  enum Caller: Sendable, Hashable {
    case anyone
    case anyKey
    case key(KeyScope)
    /// The handler reads the credential itself.
    case own
  }
  /// Method and pattern, as the line has them.
  var name: String
  var caller: Caller
  /// A route of one of the doors that speak AWS's protocols.
  var isAWS = false

  /// All lines by name. Throws where a line cannot be read or a route has two.
  static func table() throws -> [String: RouteExpectation] {
    var table: [String: RouteExpectation] = [:]
    for line in RouteExpectations.all.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 3, let caller = Caller(words[2]) else {
        throw Unexpected("'\(line)' is not METHOD /pattern anyone|anyKey|ingest|query|manage|own")
      }
      let name = "\(words[0]) \(words[1])"
      let isAWS = RouteExpectations.xray.split(separator: "\n").contains(line) || RouteExpectations.cloudWatch.split(separator: "\n").contains(line)
      guard table.updateValue(RouteExpectation(name: name, caller: caller, isAWS: isAWS), forKey: name) == nil else {
        throw Unexpected("\(name) has two lines in RouteExpectations.swift")
      }
    }
    return table
  }

  /// The statuses of which a kind of key must get one; nil where the request must pass and what it gets is the handler's matter. AWS's
  /// dialects know no 401.
  func statuses(_ kind: CallerKind, in dialect: Dialect) -> [Int]? {
    let wanted = statuses(kind)
    return dialect.isAWS && wanted == [401] ? [400, 403] : wanted
  }

  private func statuses(_ kind: CallerKind) -> [Int]? {
    switch (caller, kind) {
    case (.anyone, _): nil
    case (.own, .none), (.own, .malformed), (.own, .wrongSecret), (.own, .revoked): [400, 401, 403]
    case (.own, _): []
    // AWS says 403 for a credential that is missing or wrong.
    case (_, .none), (_, .malformed), (_, .wrongSecret), (_, .revoked): isAWS ? [403] : [401]
    case (.anyKey, _), (_, .all), (_, .otherTenant): nil
    case (.key(let scope), .ingest): scope == .ingest ? nil : [403]
    case (.key(let scope), .query): scope == .query ? nil : [403]
    case (.key(let scope), .manage): scope == .manage ? nil : [403]
    }
  }
}

extension RouteExpectation.Caller {
  init?(_ word: Substring) {
    switch word {
    case "anyone": self = .anyone
    case "anyKey": self = .anyKey
    case "own": self = .own
    default:
      guard let scope = KeyScope(rawValue: String(word)) else { return nil }
      self = .key(scope)
    }
  }
}

/// What a caller presents.
enum CallerKind: CaseIterable, Sendable {
  case none
  case malformed
  case wrongSecret
  case revoked
  case ingest
  case query
  case manage
  case all
  case otherTenant
}

extension Dialect {
  var isAWS: Bool { "\(self)".hasPrefix("aws") }
}

extension Route {
  /// What its line in `RouteExpectations` begins with.
  var name: String { "\(method.rawValue) \(pattern)" }

  /// A path that it serves: something in each place of its pattern.
  var examplePath: String {
    pattern.split(separator: "/", omittingEmptySubsequences: false).map { part in
      if part == ":dataset" { return "__all__" }
      if part.hasPrefix(":") { return "00000000000000000000000000000001" }
      return part == "*" ? "app.js" : String(part)
    }.joined(separator: "/")
  }
}
