// SPDX-License-Identifier: Apache-2.0

/// Reads an expression over metrics from left to right; `MetricMath` has the grammar.
struct MetricMathParser {
  private typealias Node = MetricMath.Node
  private var cursor: PatternCursor
  private var depth = 0
  private var operationCount = 0

  init(_ text: String) { cursor = PatternCursor(text) }

  /// The whole text as one expression.
  mutating func expression() throws(MetricMathError) -> MetricMath.Node {
    let node = try operation(0)
    cursor.skipBlanks()
    guard cursor.isAtEnd else { throw failure("expected an operator") }
    return node
  }

  /// Operators that bind alike, from those that bind least.
  private static let levels: [[MetricMath.Operator]] = [
    [.or], [.and], [.equal, .notEqual, .lessOrEqual, .greaterOrEqual, .less, .greater], [.plus, .minus], [.times, .divided],
  ]

  private mutating func operation(_ level: Int) throws(MetricMathError) -> Node {
    guard level < Self.levels.count else { return try signed() }
    var node = try operation(level + 1)
    while let operation = takeOperator(Self.levels[level]) {
      operationCount += 1
      guard operationCount <= MetricMath.operationCountMax else { throw failure("too many operators") }
      node = .binary(operation, node, try self.operation(level + 1))
    }
    return node
  }

  private mutating func takeOperator(_ wanted: [MetricMath.Operator]) -> MetricMath.Operator? {
    cursor.skipBlanks()
    for operation in wanted {
      if cursor.take(operation.rawValue) { return operation }
      if operation == .or, cursor.takeWord("OR") { return .or }
      if operation == .and, cursor.takeWord("AND") { return .and }
    }
    return nil
  }

  private mutating func signed() throws(MetricMathError) -> Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= MetricMath.depthMax else { throw failure("too many expressions inside each other") }
    cursor.skipBlanks()
    if cursor.take("-") { return .negated(try signed()) }
    let base = try primary()
    return takeOperator([.power]) == nil ? base : .binary(.power, base, try signed())
  }

  private mutating func primary() throws(MetricMathError) -> Node {
    cursor.skipBlanks()
    guard let byte = cursor.peek else { throw failure("the expression ends too early") }
    switch byte {
    case 0x28:
      cursor.position += 1
      let node = try operation(0)
      try expect(")")
      return node
    case 0x5b:
      cursor.position += 1
      return .list(try list(closing: "]"))
    case 0x22, 0x27: return .text(try text(byte))
    case 0x30...0x39, 0x2e: return .number(try number())
    default: return try named()
    }
  }

  private mutating func named() throws(MetricMathError) -> Node {
    let start = cursor.position
    while let byte = cursor.peek, PatternCursor.isNameByte(byte) { cursor.position += 1 }
    guard cursor.position > start else { throw failure("expected a number, an id or a function") }
    let name = String(decoding: cursor.bytes[start..<cursor.position], as: UTF8.self)
    cursor.skipBlanks()
    guard cursor.take("(") else { return .id(name) }
    guard MetricMath.functions.contains(name.uppercased()) else { throw MetricMathError("Unknown function '\(name)'.") }
    return .call(name.uppercased(), try list(closing: ")"))
  }

  private mutating func list(closing: String) throws(MetricMathError) -> [Node] {
    cursor.skipBlanks()
    if cursor.take(closing) { return [] }
    var nodes: [Node] = []
    repeat {
      nodes.append(try operation(0))
      cursor.skipBlanks()
    } while cursor.take(",")
    try expect(closing)
    return nodes
  }

  private mutating func expect(_ mark: String) throws(MetricMathError) {
    cursor.skipBlanks()
    guard cursor.take(mark) else { throw failure("expected '\(mark)'") }
  }

  private mutating func text(_ quote: UInt8) throws(MetricMathError) -> String {
    cursor.position += 1
    let start = cursor.position
    while let byte = cursor.peek, byte != quote { cursor.position += 1 }
    guard !cursor.isAtEnd else { throw failure("a quotation mark is missing") }
    cursor.position += 1
    return String(decoding: cursor.bytes[start..<cursor.position - 1], as: UTF8.self)
  }

  private mutating func number() throws(MetricMathError) -> Double {
    let start = cursor.position
    while let byte = cursor.peek, (0x30...0x39).contains(byte) || byte == 0x2e { cursor.position += 1 }
    if let byte = cursor.peek, byte | 0x20 == 0x65, let next = cursor.peek(at: 1), (0x30...0x39).contains(next) || next == 0x2d || next == 0x2b {
      cursor.position += 2
      while let byte = cursor.peek, (0x30...0x39).contains(byte) { cursor.position += 1 }
    }
    guard let value = Double(String(decoding: cursor.bytes[start..<cursor.position], as: UTF8.self)), value.isFinite else {
      throw failure("this is not a number")
    }
    return value
  }

  private func failure(_ reason: String) -> MetricMathError { MetricMathError("Invalid syntax: \(reason) (at \(cursor.position)).") }
}
