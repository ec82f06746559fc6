// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// What is wrong with a body, collected while it is read, so that one answer names it all.
///
/// The readers take an absent member and `null` for the same: optional members of Honeycomb's schema are nullable, and its Go clients
/// send both. A reader that finds the wrong type notes it and answers as if the member were absent.
struct Findings {
  private(set) var details: [HoneycombError.Detail] = []
  /// What is found beyond this many is not told.
  static let countMax = 20
  /// Honeycomb's limit on the arrays of a query.
  static let itemCountMax = 100

  mutating func add(_ field: String, _ code: HoneycombError.Detail.Code, _ description: String) {
    guard details.count < Self.countMax else { return }
    details.append(HoneycombError.Detail(field: field, code: code, description: description))
  }

  /// Throws what was found.
  func settle() throws(HoneycombError) {
    if !details.isEmpty { throw HoneycombError(invalid: details) }
  }

  /// True if the value is an object; its members outside `known` are noted as wrong.
  mutating func isObject(_ value: JSONValue, _ field: String, known: [String]) -> Bool {
    guard let members = value.members else {
      add(field, .incorrectType, "must be an object")
      return false
    }
    for member in members where !known.contains(member.name) {
      add(Self.path(field, member.name), .invalid, "is not a field that is known here")
    }
    return true
  }

  /// The items of an array, at most 100; none where it is absent.
  mutating func items(_ value: JSONValue?, _ field: String) -> [JSONValue] {
    guard let value = Self.present(value) else { return [] }
    guard let items = value.array else {
      add(field, .incorrectType, "must be an array")
      return []
    }
    guard items.count <= Self.itemCountMax else {
      add(field, .invalid, "may have at most \(Self.itemCountMax) items")
      return []
    }
    return items
  }

  mutating func text(_ value: JSONValue?, _ field: String) -> String? {
    guard let value = Self.present(value) else { return nil }
    guard let text = value.string else {
      add(field, .incorrectType, "must be a string")
      return nil
    }
    return text
  }

  mutating func truth(_ value: JSONValue?, _ field: String) -> Bool? {
    guard let value = Self.present(value) else { return nil }
    guard let truth = value.boolean else {
      add(field, .incorrectType, "must be true or false")
      return nil
    }
    return truth
  }

  mutating func integer(_ value: JSONValue?, _ field: String, in range: ClosedRange<Int64>) -> Int64? {
    guard let value = Self.present(value) else { return nil }
    guard let integer = value.integer else {
      add(field, .incorrectType, "must be an integer")
      return nil
    }
    guard range.contains(integer) else {
      add(field, .invalid, "must be between \(range.lowerBound) and \(range.upperBound)")
      return nil
    }
    return integer
  }

  /// The member's value unless it is absent or null.
  static func present(_ value: JSONValue?) -> JSONValue? { value == .null ? nil : value }

  static func path(_ parent: String, _ name: String) -> String { parent.isEmpty ? name : "\(parent).\(name)" }
}
