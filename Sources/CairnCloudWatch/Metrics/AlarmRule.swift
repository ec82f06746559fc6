// SPDX-License-Identifier: Apache-2.0

/// The rule of a composite alarm: a condition over the states of other alarms.
///
/// ```
/// or   = and { "OR" and }
/// and  = not { "AND" not }
/// not  = "NOT" not | "(" or ")" | state | "TRUE" | "FALSE"
/// state = ("ALARM" | "OK" | "INSUFFICIENT_DATA") "(" name or ARN, in quotes or not ")"
/// ```
/// Source: PutCompositeAlarm, AlarmRule.
public struct AlarmRule: Sendable, Hashable {
  indirect enum Node: Sendable, Hashable {
    case constant(Bool)
    case state(String, name: String)
    case not(Node)
    case all([Node])
    case any([Node])
  }
  private let root: Node
  /// The alarms that it names.
  public let names: [String]

  public static let byteCountMax = 10_240
  private static let depthMax = 32
  /// As many other alarms as AWS lets a rule name.
  public static let nameCountMax = 100

  public init(_ text: String) throws(MetricMathError) {
    guard !text.isEmpty, text.utf8.count <= Self.byteCountMax else { throw MetricMathError("AlarmRule has between 1 and 10240 characters.") }
    var cursor = PatternCursor(text)
    root = try Self.any(&cursor, depth: 0)
    cursor.skipBlanks()
    guard cursor.isAtEnd else { throw Self.failure(cursor, "expected AND, OR or the end") }
    var names: [String] = []
    Self.collect(root, &names)
    guard names.count <= Self.nameCountMax else { throw MetricMathError("AlarmRule names at most 100 alarms.") }
    self.names = names
  }

  /// Whether the rule holds; `state` says an alarm's state, nil for one that is not there.
  public func holds(_ state: (String) -> String?) -> Bool { Self.holds(root, state) }

  private static func holds(_ node: Node, _ state: (String) -> String?) -> Bool {
    switch node {
    case .constant(let value): value
    case .state(let wanted, let name): state(name) == wanted
    case .not(let node): !holds(node, state)
    case .all(let nodes): nodes.allSatisfy { holds($0, state) }
    case .any(let nodes): nodes.contains { holds($0, state) }
    }
  }

  private static func collect(_ node: Node, _ names: inout [String]) {
    switch node {
    case .constant: break
    case .state(_, let name): if !names.contains(name) { names.append(name) }
    case .not(let node): collect(node, &names)
    case .all(let nodes), .any(let nodes): for node in nodes { collect(node, &names) }
    }
  }

  // MARK: Reading

  private static func any(_ cursor: inout PatternCursor, depth: Int) throws(MetricMathError) -> Node {
    guard depth <= depthMax else { throw failure(cursor, "too many brackets inside each other") }
    var nodes = [try all(&cursor, depth: depth)]
    while takeWord("OR", &cursor) { nodes.append(try all(&cursor, depth: depth)) }
    return nodes.count == 1 ? nodes[0] : .any(nodes)
  }

  private static func all(_ cursor: inout PatternCursor, depth: Int) throws(MetricMathError) -> Node {
    var nodes = [try single(&cursor, depth: depth)]
    while takeWord("AND", &cursor) { nodes.append(try single(&cursor, depth: depth)) }
    return nodes.count == 1 ? nodes[0] : .all(nodes)
  }

  private static func single(_ cursor: inout PatternCursor, depth: Int) throws(MetricMathError) -> Node {
    guard depth <= depthMax else { throw failure(cursor, "too many conditions inside each other") }
    if takeWord("NOT", &cursor) { return .not(try single(&cursor, depth: depth + 1)) }
    if takeWord("TRUE", &cursor) { return .constant(true) }
    if takeWord("FALSE", &cursor) { return .constant(false) }
    cursor.skipBlanks()
    if cursor.take("(") {
      let node = try any(&cursor, depth: depth + 1)
      try expect(")", &cursor)
      return node
    }
    for state in ["ALARM", "OK", "INSUFFICIENT_DATA"] where takeWord(state, &cursor) {
      try expect("(", &cursor)
      let name = try name(&cursor)
      try expect(")", &cursor)
      return .state(state, name: name)
    }
    throw failure(cursor, "expected ALARM, OK, INSUFFICIENT_DATA, TRUE, FALSE or NOT")
  }

  private static func takeWord(_ word: String, _ cursor: inout PatternCursor) -> Bool {
    cursor.skipBlanks()
    return cursor.takeWord(word)
  }

  private static func expect(_ mark: String, _ cursor: inout PatternCursor) throws(MetricMathError) {
    cursor.skipBlanks()
    guard cursor.take(mark) else { throw failure(cursor, "expected '\(mark)'") }
  }

  private static func name(_ cursor: inout PatternCursor) throws(MetricMathError) -> String {
    cursor.skipBlanks()
    var name: String
    if cursor.peek == 0x22 {
      guard let text = try? cursor.quoted() else { throw failure(cursor, "a quotation mark is missing") }
      name = text
    } else {
      let start = cursor.position
      while let byte = cursor.peek, byte != 0x29 { cursor.position += 1 }
      name = String(decoding: cursor.bytes[start..<cursor.position], as: UTF8.self)
      while name.last == " " { name.removeLast() }
    }
    if name.hasPrefix("arn:"), let mark = name.firstRange(of: ":alarm:") { name = String(name[mark.upperBound...]) }
    guard !name.isEmpty else { throw failure(cursor, "an alarm's name is missing") }
    return name
  }

  private static func failure(_ cursor: PatternCursor, _ reason: String) -> MetricMathError {
    MetricMathError("AlarmRule cannot be read: \(reason) (at \(cursor.position)).")
  }
}
