// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnPatterns

/// The bounds that AWS's service models set to members of calls: lengths, numbers, words, patterns, required members of members.
///
/// Each door has its own table of them and checks a call by it before anything is looked up, so that what is senseless is refused as that
/// also where it names nothing that is there; decision 113.
enum ModelBounds {
  indirect enum Shape: Sendable {
    case text(ClosedRange<Int>)
    case pattern(ClosedRange<Int>, ModelPattern)
    case oneOf([String])
    case count(ClosedRange<Int64>)
    /// A rate, or a time in seconds; its own operation knows its bounds.
    case number
    case list(ClosedRange<Int>, of: Shape)
    case map(ClosedRange<Int>, key: Shape, value: Shape)
    case object([Member])
  }

  struct Member: Sendable {
    var name: String
    var shape: Shape
    var isRequired = false
  }

  /// The bounds of a service whose members have the same ones in nearly every operation.
  struct ByName: Sendable {
    var table: [String: Shape]
    /// `Operation.member`, where an operation differs.
    var exceptions: [String: Shape] = [:]
    /// What must be there, where its operation would first look for what the call names.
    var required: [String: [String]] = [:]

    /// Throws for the first bound that a call breaks.
    func check(_ input: JSONValue, _ operation: String, isForm: Bool) throws(Breach) {
      let members = (input.members ?? []).compactMap { (member) -> Member? in
        (exceptions["\(operation).\(member.name)"] ?? table[member.name]).map { Member(name: member.name, shape: $0) }
      }
      try ModelBounds.check(input, members, isForm: isForm)
      for name in required[operation] ?? [] where (input[name] ?? .null) == .null {
        throw .constraint(value: "null", member: name.prefix(1).lowercased() + name.dropFirst(), words: "Member must not be null")
      }
    }
  }

  /// The first bound that a call breaks; each door says it in its own error.
  enum Breach: Error, Sendable {
    case constraint(value: String, member: String, words: String)
    case type(member: String)

    static func tooShort(_ value: String, _ member: String, _ least: Int) -> Breach {
      .constraint(value: value, member: member, words: "Member must have length greater than or equal to \(least)")
    }

    static func tooLong(_ value: String, _ member: String, _ most: Int) -> Breach {
      .constraint(value: value, member: member, words: "Member must have length less than or equal to \(most)")
    }
  }

  /// Throws for the first bound that a body breaks. `isForm` is for AWS's query protocol: numbers are text there, and an empty list is "".
  static func check(_ tree: JSONValue, _ members: [Member], at place: String = "", isForm: Bool = false) throws(Breach) {
    for member in members {
      let name = place + member.name.prefix(1).lowercased() + member.name.dropFirst()
      guard let value = tree[member.name], value != .null else {
        guard !member.isRequired else { throw .constraint(value: "null", member: name, words: "Member must not be null") }
        continue
      }
      try check(value, member.shape, name, isForm)
    }
  }

  private static func check(_ value: JSONValue, _ shape: Shape, _ name: String, _ isForm: Bool) throws(Breach) {
    switch shape {
    case .text(let range): try check(try text(value, name), range, name)
    case .pattern(let range, let pattern):
      let text = try text(value, name)
      try check(text, range, name)
      guard pattern.matches(text) else {
        throw .constraint(value: quoted(text), member: name, words: "Member must satisfy regular expression pattern: \(pattern.text)")
      }
    case .oneOf(let names):
      let text = try text(value, name)
      guard names.contains(text) else {
        throw .constraint(value: quoted(text), member: name, words: "Member must satisfy enum value set: [\(names.joined(separator: ", "))]")
      }
    case .count(let range):
      guard let number = isForm ? value.looseInteger : value.integer else { throw .type(member: name) }
      guard number >= range.lowerBound else {
        throw .constraint(value: "'\(number)'", member: name, words: "Member must have value greater than or equal to \(range.lowerBound)")
      }
      guard number <= range.upperBound else {
        throw .constraint(value: "'\(number)'", member: name, words: "Member must have value less than or equal to \(range.upperBound)")
      }
    case .number: guard value.number != nil || isForm && value.looseNumber != nil else { throw .type(member: name) }
    case .list(let range, let shape):
      guard let list = value.array ?? (isForm && value == .string("") ? [] : nil) else { throw .type(member: name) }
      try check(length: list.count, "'\(list.count) items'", range, name)
      for (index, item) in list.enumerated() { try check(item, shape, "\(name).\(index + 1).member", isForm) }
    case .map(let range, let key, let shape):
      guard let members = value.members else { throw .type(member: name) }
      try check(length: members.count, "'\(members.count) items'", range, name)
      for member in members {
        try check(.string(member.name), key, "\(name).key", isForm)
        try check(member.value, shape, "\(name).value", isForm)
      }
    case .object(let members):
      guard value.members != nil else { throw .type(member: name) }
      try check(value, members, at: name + ".", isForm: isForm)
    }
  }

  private static func text(_ value: JSONValue, _ name: String) throws(Breach) -> String {
    guard let text = value.string else { throw .type(member: name) }
    return text
  }

  private static func quoted(_ text: String) -> String { "'\(text.prefix(200))'" }

  private static func check(_ text: String, _ range: ClosedRange<Int>, _ name: String) throws(Breach) {
    try check(length: text.unicodeScalars.count, quoted(text), range, name)
  }

  private static func check(length: Int, _ value: String, _ range: ClosedRange<Int>, _ name: String) throws(Breach) {
    guard length >= range.lowerBound else { throw .tooShort(value, name, range.lowerBound) }
    guard length <= range.upperBound else { throw .tooLong(value, name, range.upperBound) }
  }
}

/// A pattern of a service model, which a whole text has to be.
struct ModelPattern: Sendable {
  /// As the model has it.
  let text: String
  private let compiled: Pattern?

  init(_ text: String) {
    self.text = text
    compiled = try? Pattern("\\A(?:\(text))\\z")
    assert(compiled != nil, "a pattern of a model is one of RE2's")
  }

  func matches(_ text: String) -> Bool { compiled?.matches(text) ?? true }
}
