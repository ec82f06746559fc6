// SPDX-License-Identifier: Apache-2.0
public import CairnFormats
internal import CairnPatterns

// A project's own rules of grouping, in Rollbar's rule language: the first whose condition holds decides.
//
//   rule       {"condition": C, "fingerprint": template, "title": template}      one of the two templates may be absent
//   C          {"path": P, op: value} | {"any": [C]} | {"all": [C]} | {"none": [C]}
//   op         eq neq in nin contains ncontains gt gte lt lte regex_match
//   P          dotted; `*` is any member or element, a number an index, -1 the last one
//   template   text with {{default_fingerprint}}, {{default_title}} and {{any.path}}
//
// Source: rollbar.com's custom grouping rules as of 2018. Regular expressions take linear time (RE2).

/// One rule.
public struct GroupingRule: Sendable {
  indirect enum Condition: Sendable {
    case any([Condition])
    case all([Condition])
    case none([Condition])
    case test(path: [String], operation: String, value: JSONValue, pattern: Pattern?)
  }
  let condition: Condition
  let fingerprint: String
  let title: String

  static let operations = ["eq", "neq", "in", "nin", "contains", "ncontains", "gt", "gte", "lt", "lte", "regex_match"]
  static let depthMax = 8

  /// Reads a list of rules. Throws what is wrong with it, in words.
  public static func list(_ json: JSONValue) throws(RuleError) -> [GroupingRule] {
    guard let array = json.array, array.count <= 100 else { throw RuleError("the rules must be an array of at most 100") }
    var rules: [GroupingRule] = []
    for value in array { rules.append(try GroupingRule(value)) }
    return rules
  }

  init(_ json: JSONValue) throws(RuleError) {
    fingerprint = json["fingerprint"]?.string ?? ""
    title = json["title"]?.string ?? ""
    guard !fingerprint.isEmpty || !title.isEmpty else { throw RuleError("a rule needs a fingerprint or a title") }
    guard let condition = json["condition"] else { throw RuleError("a rule needs a condition") }
    self.condition = try Self.condition(condition, depth: 1)
  }

  private static func condition(_ json: JSONValue, depth: Int) throws(RuleError) -> Condition {
    guard depth <= depthMax, let members = json.members else { throw RuleError("a condition must be an object, at most \(depthMax) deep") }
    for (name, make) in [("any", Condition.any), ("all", Condition.all), ("none", Condition.none)] {
      guard let list = json[name]?.array else { continue }
      var parts: [Condition] = []
      for part in list.prefix(100) { parts.append(try condition(part, depth: depth + 1)) }
      return make(parts)
    }
    guard let path = json["path"]?.string, !path.isEmpty else { throw RuleError("a condition needs a path, or any, all or none") }
    guard let test = members.first(where: { operations.contains($0.name) }) else {
      throw RuleError("a condition needs one of \(operations.joined(separator: ", "))")
    }
    var pattern: Pattern?
    if test.name == "regex_match" {
      guard let text = test.value.string else { throw RuleError("regex_match needs a text") }
      do { pattern = try Pattern(text) } catch { throw RuleError("the regular expression does not work: \(error)") }
    }
    return .test(path: path.split(separator: ".").map(String.init), operation: test.name, value: test.value, pattern: pattern)
  }

  /// What the rule decides for an item's `data`; nil where its condition does not hold.
  func ruling(_ data: JSONValue, itemIndex: Int, number: Int) -> RollbarHint.Ruling? {
    guard holds(condition, data) else { return nil }
    return RollbarHint.Ruling(
      itemIndex: itemIndex, ruleNumber: number, fingerprint: filled(fingerprint, data), title: title.isEmpty ? "" : filled(title, data))
  }

  private func holds(_ condition: Condition, _ data: JSONValue) -> Bool {
    switch condition {
    case .any(let parts): return parts.contains { holds($0, data) }
    case .all(let parts): return parts.allSatisfy { holds($0, data) }
    case .none(let parts): return !parts.contains { holds($0, data) }
    case .test(let path, let operation, let value, let pattern):
      let found = Self.values(path[...], data)
      switch operation {
      case "neq": return !found.contains { Self.isSame($0, value) }
      case "nin": return !found.contains { (one) in value.array?.contains { Self.isSame(one, $0) } ?? false }
      case "ncontains": return !found.contains { Self.contains($0, value) }
      default: return found.contains { Self.holds(operation, $0, value, pattern) }
      }
    }
  }

  private static func holds(_ operation: String, _ found: JSONValue, _ value: JSONValue, _ pattern: Pattern?) -> Bool {
    switch operation {
    case "eq": return isSame(found, value)
    case "in": return value.array?.contains { isSame(found, $0) } ?? false
    case "contains": return contains(found, value)
    case "regex_match": return pattern.map { (pattern) in found.string.map { pattern.matches($0) } ?? false } ?? false
    default:
      guard let left = found.number ?? found.string.flatMap({ Double($0) }), let right = value.number ?? value.string.flatMap({ Double($0) }) else { return false }
      return operation == "gt" ? left > right : operation == "gte" ? left >= right : operation == "lt" ? left < right : left <= right
    }
  }

  private static func isSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
    left == right || (left.number != nil && left.number == right.number)
  }

  private static func contains(_ found: JSONValue, _ value: JSONValue) -> Bool {
    if let list = found.array { return list.contains { isSame($0, value) } }
    guard let text = found.string, let part = value.string else { return false }
    return text.contains(part)
  }

  /// What a path leads to: several values behind a `*`, at most a thousand.
  static func values(_ path: ArraySlice<String>, _ data: JSONValue) -> [JSONValue] {
    var values = [data]
    for part in path {
      var next: [JSONValue] = []
      for value in values {
        if let list = value.array {
          if part == "*" { next += list } else if let index = Int(part) {
            let place = index < 0 ? list.count + index : index
            if list.indices.contains(place) { next.append(list[place]) }
          }
        } else if part == "*" {
          next += (value.members ?? []).map(\.value)
        } else if let member = value[part] {
          next.append(member)
        }
        if next.count > 1_000 { break }
      }
      values = next
    }
    return values
  }

  /// The template with its paths' values; the two defaults stay for the decoder, which knows them.
  private func filled(_ template: String, _ data: JSONValue) -> String {
    var result = ""
    var rest = template[...]
    while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
      result += rest[..<open.lowerBound]
      let name = rest[open.upperBound..<close.lowerBound].split(separator: " ").joined()
      if name == "default_fingerprint" || name == "default_title" {
        result += "{{\(name)}}"
      } else {
        let value = Self.values(name.split(separator: ".").map(String.init)[...], data).first ?? .null
        result += value.string ?? (value == .null ? "" : String(decoding: value.bytes, as: UTF8.self))
      }
      rest = rest[close.upperBound...]
    }
    return String((result + rest).prefix(1_000))
  }
}

/// Why a list of rules cannot be used.
public struct RuleError: Error, Sendable, Hashable {
  public var reason: String

  public init(_ reason: String) { self.reason = reason }
}

/// What rules decide of a request's items: the first that holds, of each.
public func groupingRulings(_ rules: [GroupingRule], request: JSONValue) -> [RollbarHint.Ruling] {
  let items = request.array ?? [request]
  return items.enumerated().compactMap { (index, item) in
    guard let data = item["data"] else { return nil }
    for (number, rule) in rules.enumerated() {
      if let ruling = rule.ruling(data, itemIndex: index, number: number + 1) { return ruling }
    }
    return nil
  }
}
