// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnPlan

// FIELD     := "..." | name | CONDITION                     one field of the line each, "..." any number of them
// CONDITION := AND ("||" AND)*    AND := UNIT ("&&" UNIT)*    UNIT := "(" CONDITION ")" | name COMPARISON VALUE
//
//   [ip, user, username, timestamp, request, status_code = 4*, bytes > 1000]
//   [..., status_code = 404 || status_code = 410, bytes]
//
// The fields of a line stand between blanks; what is in brackets or quotes is one field, without them. Without "..." the line must have
// exactly as many fields as the pattern.

/// A pattern for lines of fields between blanks.
struct FieldsPattern: Sendable, Hashable {
  indirect enum Condition: Sendable, Hashable {
    case any([Condition])
    case all([Condition])
    case compare(Comparison, PatternValue)
  }
  struct Field: Sendable, Hashable {
    var name: String
    /// nil: any value.
    var condition: Condition?
  }
  /// Before the dots, or all.
  var head: [Field] = []
  /// Behind the dots; nil where the pattern has none.
  var tail: [Field]?

  static let fieldCountMax = 100

  init(_ cursor: inout PatternCursor) throws(LogsError) {
    cursor.position += 1
    while true {
      cursor.skipBlanks()
      if cursor.take("...") {
        guard tail == nil else { throw cursor.failure("there is more than one ...") }
        tail = []
      } else {
        let field = try Self.field(&cursor)
        if tail == nil { head.append(field) } else { tail?.append(field) }
      }
      guard head.count + (tail?.count ?? 0) <= Self.fieldCountMax else { throw cursor.failure("there are too many fields") }
      cursor.skipBlanks()
      if cursor.take("]") { break }
      guard cursor.take(",") else { throw cursor.failure("a comma or a closing bracket is missing") }
    }
    cursor.skipBlanks()
    guard cursor.isAtEnd else { throw cursor.failure("something stands behind the closing bracket") }
  }

  private static func field(_ cursor: inout PatternCursor) throws(LogsError) -> Field {
    var name = ""
    if cursor.peek != 0x28 {
      let start = cursor.position
      let read = Self.name(&cursor)
      cursor.skipBlanks()
      guard let next = cursor.peek, next != 0x2c, next != 0x5d else { return Field(name: read) }
      cursor.position = start
    }
    let condition = try readAny(&cursor, &name, depth: 0)
    return Field(name: name, condition: condition)
  }

  private static func name(_ cursor: inout PatternCursor) -> String {
    let start = cursor.position
    while let byte = cursor.peek, PatternCursor.isNameByte(byte) || byte == 0x2d || byte == 0x2e || byte == 0x24 {
      cursor.position += 1
    }
    return String(decoding: cursor.bytes[start..<cursor.position], as: UTF8.self)
  }

  private static func readAny(_ cursor: inout PatternCursor, _ name: inout String, depth: Int) throws(LogsError) -> Condition {
    var parts = [try readAll(&cursor, &name, depth: depth)]
    while true {
      cursor.skipBlanks()
      guard cursor.take("||") else { return parts.count == 1 ? parts[0] : .any(parts) }
      parts.append(try readAll(&cursor, &name, depth: depth))
    }
  }

  private static func readAll(_ cursor: inout PatternCursor, _ name: inout String, depth: Int) throws(LogsError) -> Condition {
    var parts = [try readUnit(&cursor, &name, depth: depth)]
    while true {
      cursor.skipBlanks()
      guard cursor.take("&&") else { return parts.count == 1 ? parts[0] : .all(parts) }
      parts.append(try readUnit(&cursor, &name, depth: depth))
    }
  }

  private static func readUnit(_ cursor: inout PatternCursor, _ name: inout String, depth: Int) throws(LogsError) -> Condition {
    cursor.skipBlanks()
    if cursor.take("(") {
      guard depth < JSONPattern.depthMax else { throw cursor.failure("parentheses are nested too deep") }
      let inner = try readAny(&cursor, &name, depth: depth + 1)
      cursor.skipBlanks()
      guard cursor.take(")") else { throw cursor.failure("a closing parenthesis is missing") }
      return inner
    }
    let own = Self.name(&cursor)
    guard !own.isEmpty else { throw cursor.failure("a field's name is missing") }
    guard name.isEmpty || name == own else {
      throw cursor.failure("the conditions of one field name two: '\(name)' and '\(own)'")
    }
    name = own
    cursor.skipBlanks()
    guard let comparison = cursor.comparison() else { throw cursor.failure("a comparison is missing") }
    let value = try cursor.value(endingAt: [0x29, 0x2c, 0x5d])
    try cursor.check(comparison, value)
    return .compare(comparison, value)
  }

  // MARK: Lines

  /// The line's fields by `$name`, those without a name by `$number`; nil where the line does not match.
  func matches(_ line: RawSpan) -> [String: String]? {
    let fields = Self.split(line)
    let end = fields.count - (tail?.count ?? 0)
    guard tail == nil ? fields.count == head.count : end >= head.count else { return nil }
    var found: [String: String] = [:]
    for (index, field) in fields.enumerated() {
      let wanted = index < head.count ? head[index] : index >= end ? tail?[index - end] : nil
      if let condition = wanted?.condition, !Self.holds(condition, field) { return nil }
      let name = wanted?.name ?? ""
      found[name.isEmpty ? "$\(index + 1)" : "$" + name] = field
    }
    return found
  }

  private static func holds(_ condition: Condition, _ field: String) -> Bool {
    switch condition {
    case .any(let parts): parts.contains { holds($0, field) }
    case .all(let parts): parts.allSatisfy { holds($0, field) }
    case .compare(let comparison, let value): value.holds(comparison, text: field)
    }
  }

  /// The fields of a line: between blanks, or in brackets or quotes.
  static func split(_ line: RawSpan) -> [String] {
    var fields: [String] = []
    var position = 0
    let end = line.byteCount
    while position < end {
      let byte = loadByte(line, position)
      if PatternCursor.isBlank(byte) {
        position += 1
        continue
      }
      let start = position
      if byte == 0x5b || byte == 0x22, let close = find(byte == 0x5b ? 0x5d : 0x22, line, position + 1) {
        position = close + 1
        fields.append(text(line, start + 1..<close))
        continue
      }
      while position < end, !PatternCursor.isBlank(loadByte(line, position)) { position += 1 }
      fields.append(text(line, start..<position))
    }
    return fields
  }

  private static func find(_ wanted: UInt8, _ line: RawSpan, _ start: Int) -> Int? {
    var position = start
    while position < line.byteCount {
      if loadByte(line, position) == wanted { return position }
      position += 1
    }
    return nil
  }

  private static func text(_ line: RawSpan, _ range: Range<Int>) -> String {
    unsafe line.extracting(range).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
  }

  // MARK: In the store

  /// Lines with the texts that the conditions need.
  var filter: Filter { .all((head + (tail ?? [])).compactMap { $0.condition.map(Self.filter) }) }

  private static func filter(_ condition: Condition) -> Filter {
    switch condition {
    case .any(let parts): .any(parts.map(filter))
    case .all(let parts): .all(parts.map(filter))
    case .compare(.equal, let value):
      value.literal.isEmpty ? .everything : .text(column: FieldName.body, .contains, value.literal)
    case .compare: .everything
    }
  }
}
