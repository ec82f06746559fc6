// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// A way through a JSON line: `$.a.b[0].c`, `$['a b']`, `$.list[*].id`.
struct JSONSelector: Sendable, Hashable {
  enum Step: Sendable, Hashable {
    case member(String)
    case element(Int)
    case anyElement
  }
  let steps: [Step]
  /// As it was written.
  let text: String

  static let stepCountMax = 64

  init(_ cursor: inout PatternCursor) throws(LogsError) {
    let start = cursor.position
    guard cursor.take("$") else { throw cursor.failure("a selector begins with $") }
    var steps: [Step] = []
    while let byte = cursor.peek, byte == 0x2e || byte == 0x5b, steps.count <= Self.stepCountMax {
      cursor.position += 1
      steps.append(byte == 0x2e ? try Self.member(&cursor) : try Self.subscripted(&cursor))
    }
    guard !steps.isEmpty, steps.count <= Self.stepCountMax else { throw cursor.failure("a selector names a member") }
    self.steps = steps
    text = String(decoding: cursor.bytes[start..<cursor.position], as: UTF8.self)
  }

  /// Reads a selector that is all of a text, such as a metric's value; nil for anything else.
  init?(_ text: String) {
    var cursor = PatternCursor(text)
    guard let selector = try? JSONSelector(&cursor), cursor.isAtEnd else { return nil }
    self = selector
  }

  private static func member(_ cursor: inout PatternCursor) throws(LogsError) -> Step {
    if cursor.peek == 0x22 { return .member(try cursor.quoted()) }
    let start = cursor.position
    while let byte = cursor.peek, PatternCursor.isNameByte(byte) || byte == 0x2d || byte == 0x40 || byte == 0x24 {
      cursor.position += 1
    }
    guard cursor.position > start else { throw cursor.failure("a member's name is missing") }
    return .member(String(decoding: cursor.bytes[start..<cursor.position], as: UTF8.self))
  }

  private static func subscripted(_ cursor: inout PatternCursor) throws(LogsError) -> Step {
    let step: Step
    switch cursor.peek {
    case 0x2a:
      cursor.position += 1
      step = .anyElement
    case 0x22: step = .member(try cursor.quoted())
    case 0x27:
      cursor.position += 1
      let start = cursor.position
      while let byte = cursor.peek, byte != 0x27 { cursor.position += 1 }
      step = .member(String(decoding: cursor.bytes[start..<cursor.position], as: UTF8.self))
      guard cursor.take("'") else { throw cursor.failure("a quotation mark is missing") }
    default:
      let start = cursor.position
      while let byte = cursor.peek, byte >= 0x30, byte <= 0x39 { cursor.position += 1 }
      guard let index = Int(String(decoding: cursor.bytes[start..<cursor.position], as: UTF8.self)) else {
        throw cursor.failure("an index is missing")
      }
      step = .element(index)
    }
    guard cursor.take("]") else { throw cursor.failure("a closing bracket is missing") }
    return step
  }

  /// The name of the last member on the way.
  var lastName: String? {
    for step in steps.reversed() { if case .member(let name) = step { return name } }
    return nil
  }

  /// What the way leads to: several values where it goes through all elements, none where it leads nowhere.
  func find(in line: JSONValue) -> [JSONValue] {
    var values = [line]
    for step in steps {
      values = values.flatMap { value -> [JSONValue] in
        switch step {
        case .member(let name): return value[name].map { [$0] } ?? []
        case .element(let index):
          guard let array = value.array, index < array.count else { return [] }
          return [array[index]]
        case .anyElement: return value.array ?? []
        }
      }
    }
    return values
  }
}
