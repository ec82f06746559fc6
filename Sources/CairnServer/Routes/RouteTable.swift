// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import NIOHTTP1

/// Every route of the server, found by method and path.
///
/// A path without parameters is one look into a dictionary; the others are tried in their order. One slash at the end is tolerated.
/// Segments are decoded after the split, so an encoded slash never makes a new segment, and what is not valid UTF-8 finds nothing.
struct RouteTable: Sendable {
  enum Found: Sendable {
    case route(Route, PathParameters)
    /// The path is known, the method is not.
    case otherMethods([String], Route)
    case nothing
  }
  let routes: [Route]
  private let exact: [String: [Int]]
  private let patterns: [(segments: [Substring], index: Int)]

  init(_ routes: [Route]) {
    self.routes = routes
    var exact: [String: [Int]] = [:]
    var patterns: [(segments: [Substring], index: Int)] = []
    for (index, route) in routes.enumerated() {
      if route.pattern.contains(":") || route.pattern.contains("*") {
        patterns.append((Self.segments(route.pattern), index))
      } else {
        exact[route.pattern, default: []].append(index)
      }
    }
    self.exact = exact
    self.patterns = patterns
  }

  /// The route of a request at a listener.
  func find(_ method: HTTPMethod, _ path: String, at listener: ListenerRole) -> Found {
    var candidates: [(Int, PathParameters)] = []
    if let indices = exact[path] ?? exact[withoutLastSlash(path)] {
      candidates = indices.map { ($0, PathParameters()) }
    } else {
      let segments = Self.segments(path)
      for entry in patterns {
        if let parameters = Self.match(entry.segments, segments) { candidates.append((entry.index, parameters)) }
      }
    }
    candidates = candidates.filter { routes[$0.0].isServed(at: listener) }
    let wanted = method == .HEAD ? .GET : method
    for (index, parameters) in candidates where routes[index].method == wanted { return .route(routes[index], parameters) }
    guard let first = candidates.first else { return .nothing }
    return .otherMethods(candidates.map { routes[$0.0].method.rawValue }, routes[first.0])
  }

  private func withoutLastSlash(_ path: String) -> String {
    path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  private static func segments(_ path: String) -> [Substring] {
    var segments = path.split(separator: "/", omittingEmptySubsequences: false)
    if segments.first?.isEmpty == true { segments.removeFirst() }
    if segments.count > 1, segments.last?.isEmpty == true { segments.removeLast() }
    return segments
  }

  private static func match(_ pattern: [Substring], _ path: [Substring]) -> PathParameters? {
    let isOpenEnded = pattern.last == "*"
    guard isOpenEnded ? path.count >= pattern.count : path.count == pattern.count else { return nil }
    var parameters = PathParameters()
    for (index, part) in pattern.enumerated() {
      if part == "*" {
        guard let rest = percentDecoded(path[index...].joined(separator: "/")) else { return nil }
        parameters.add("*", rest)
        return parameters
      }
      if part.first == ":" {
        guard let value = percentDecoded(String(path[index])), !value.isEmpty else { return nil }
        parameters.add(String(part.dropFirst()), value)
      } else if part != path[index] {
        return nil
      }
    }
    return parameters
  }
}
