// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnFormats
internal import CairnPlan

// CONDITION := AND ("||" AND)*        AND := UNIT ("&&" UNIT)*
// UNIT      := "(" CONDITION ")" | SELECTOR TEST
// SELECTOR  := "$" ("." NAME | "[" index | "*" | quoted NAME "]")+
// TEST      := ("=" | "!=") VALUE | ("<" | "<=" | ">" | ">=") number | "IS" ("NULL" | "TRUE" | "FALSE") | "NOT" "EXISTS"
// VALUE     := quoted or bare text with * for any characters | number | "%" regular expression "%"
//
// A selector that leads to nothing, an object or an array passes no test but `NOT EXISTS`.

/// A pattern for lines that are JSON.
struct JSONPattern: Sendable, Hashable {
  indirect enum Condition: Sendable, Hashable {
    case any([Condition])
    case all([Condition])
    case compare(JSONSelector, Comparison, PatternValue)
    case isNull(JSONSelector)
    case isTrue(JSONSelector)
    case isFalse(JSONSelector)
    case isAbsent(JSONSelector)
  }
  let condition: Condition
  let selectors: [JSONSelector]

  static let depthMax = 32

  init(_ cursor: inout PatternCursor) throws(LogsError) {
    cursor.position += 1
    var selectors: [JSONSelector] = []
    condition = try Self.readAny(&cursor, &selectors, depth: 0)
    self.selectors = selectors
    cursor.skipBlanks()
    guard cursor.take("}") else { throw cursor.failure("a closing brace is missing") }
    cursor.skipBlanks()
    guard cursor.isAtEnd else { throw cursor.failure("something stands behind the closing brace") }
  }

  private static func readAny(
    _ cursor: inout PatternCursor, _ found: inout [JSONSelector], depth: Int
  ) throws(LogsError) -> Condition {
    var parts = [try readAll(&cursor, &found, depth: depth)]
    while true {
      cursor.skipBlanks()
      guard cursor.take("||") else { return parts.count == 1 ? parts[0] : .any(parts) }
      parts.append(try readAll(&cursor, &found, depth: depth))
    }
  }

  private static func readAll(
    _ cursor: inout PatternCursor, _ found: inout [JSONSelector], depth: Int
  ) throws(LogsError) -> Condition {
    var parts = [try readUnit(&cursor, &found, depth: depth)]
    while true {
      cursor.skipBlanks()
      guard cursor.take("&&") else { return parts.count == 1 ? parts[0] : .all(parts) }
      parts.append(try readUnit(&cursor, &found, depth: depth))
    }
  }

  private static func readUnit(
    _ cursor: inout PatternCursor, _ found: inout [JSONSelector], depth: Int
  ) throws(LogsError) -> Condition {
    cursor.skipBlanks()
    if cursor.take("(") {
      guard depth < depthMax else { throw cursor.failure("parentheses are nested too deep") }
      let inner = try readAny(&cursor, &found, depth: depth + 1)
      cursor.skipBlanks()
      guard cursor.take(")") else { throw cursor.failure("a closing parenthesis is missing") }
      return inner
    }
    let selector = try JSONSelector(&cursor)
    if !found.contains(selector) { found.append(selector) }
    cursor.skipBlanks()
    if cursor.takeWord("IS") {
      cursor.skipBlanks()
      if cursor.takeWord("NULL") { return .isNull(selector) }
      if cursor.takeWord("TRUE") { return .isTrue(selector) }
      if cursor.takeWord("FALSE") { return .isFalse(selector) }
      throw cursor.failure("IS is followed by NULL, TRUE or FALSE")
    }
    if cursor.takeWord("NOT") {
      cursor.skipBlanks()
      guard cursor.takeWord("EXISTS") else { throw cursor.failure("NOT is followed by EXISTS") }
      return .isAbsent(selector)
    }
    guard let comparison = cursor.comparison() else { throw cursor.failure("a comparison is missing") }
    let value = try cursor.value(endingAt: [0x29, 0x7d])
    try cursor.check(comparison, value)
    return .compare(selector, comparison, value)
  }

  // MARK: Lines

  func matches(_ line: RawSpan) -> Bool {
    guard let value = Self.parse(line) else { return false }
    return Self.holds(condition, value)
  }

  /// The selected scalars of a matching line, by selector.
  func extract(_ line: String) -> [String: String]? {
    guard let value = Array(line.utf8).withBytes({ Self.parse($0) }), Self.holds(condition, value) else { return nil }
    var found: [String: String] = [:]
    for selector in selectors {
      if let text = selector.find(in: value).lazy.compactMap(Self.text).first { found[selector.text] = text }
    }
    return found
  }

  static func parse(_ line: RawSpan) -> JSONValue? {
    var start = 0
    while start < line.byteCount, PatternCursor.isBlank(loadByte(line, start)) { start += 1 }
    guard start < line.byteCount, loadByte(line, start) == 0x7b || loadByte(line, start) == 0x5b else { return nil }
    return try? JSONValue(parsing: line)
  }

  /// A scalar as text; nil for containers and null.
  static func text(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text): text
    case .integer(let number): String(number)
    case .double(let number): FieldValue.float(number).text
    case .boolean(let flag): flag ? "true" : "false"
    case .null, .array, .object: nil
    }
  }

  private static func holds(_ condition: Condition, _ line: JSONValue) -> Bool {
    switch condition {
    case .any(let parts): parts.contains { holds($0, line) }
    case .all(let parts): parts.allSatisfy { holds($0, line) }
    case .compare(let selector, let comparison, let value):
      selector.find(in: line).contains { text($0).map { value.holds(comparison, text: $0) } ?? false }
    case .isNull(let selector): selector.find(in: line).contains(.null)
    case .isTrue(let selector): selector.find(in: line).contains(.boolean(true))
    case .isFalse(let selector): selector.find(in: line).contains(.boolean(false))
    case .isAbsent(let selector): selector.find(in: line).isEmpty
    }
  }

  // MARK: In the store

  /// Lines with the names and texts that the conditions need. JSON may write any of them with escapes, so a line with a backslash passes.
  var filter: Filter { .all([.text(column: FieldName.body, .contains, "{"), Self.filter(condition)]) }

  private static func filter(_ condition: Condition) -> Filter {
    switch condition {
    case .any(let parts): .any(parts.map(filter))
    case .all(let parts): .all(parts.map(filter))
    case .compare(let selector, .equal, let value):
      .all([named(selector), value.literal.utf8.count < 3 ? .everything : escaped(value.literal)])
    case .compare(let selector, _, _), .isNull(let selector), .isTrue(let selector), .isFalse(let selector): named(selector)
    case .isAbsent: .everything
    }
  }

  private static func named(_ selector: JSONSelector) -> Filter {
    guard let name = selector.lastName, !name.isEmpty else { return .everything }
    return escaped(name)
  }

  private static func escaped(_ text: String) -> Filter {
    .any([.text(column: FieldName.body, .contains, text), .text(column: FieldName.body, .contains, "\\")])
  }
}
