// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnHoneycomb
import CairnPlan
import TestSupport
import Testing

/// Honeycomb's language of derived columns: what is read, what it comes to, what is refused.
@Suite struct FormulaTests {
  private static func column(_ expression: String) throws -> HoneycombDerivedColumn {
    let json = JSONValue.object([JSONMember("alias", .string("x")), JSONMember("expression", .string(expression))])
    return try HoneycombDerivedColumn(parsing: json, id: "1", dataset: "shop", nowUnixNanoseconds: 0)
  }

  private static let event: [String: FieldValue] = [
    "name": .string("GET /cart"), "duration_ms": .float(120.5), "http.status_code": .integer(503), "error": .boolean(true), "size": .string("12"),
    "a name": .integer(7), "empty": .string(""), "zero": .integer(0),
  ]

  private static func value(_ expression: String) throws -> FieldValue? {
    try column(expression).formula.value(timeUnixNanoseconds: 1_500_000_000) { event[$0] }
  }

  @Test(arguments: [
    ("EQUALS($name, \"GET /cart\")", FieldValue.boolean(true)), ("EQUALS($http.status_code, \"503\")", .boolean(false)),
    ("EQUALS($http.status_code, 503.0)", .boolean(true)), ("LT($duration_ms, 500)", .boolean(true)), ("GTE($http.status_code, 500)", .boolean(true)),
    ("LT($nothing, 5)", .boolean(false)), ("GT($nothing, 5)", .boolean(false)), ("EQUALS($nothing, null)", .boolean(true)),
    ("IN($http.status_code, 500, 502, 503,)", .boolean(true)), ("EXISTS($error)", .boolean(true)), ("NOT(EXISTS($nothing))", .boolean(true)),
    ("AND(EXISTS($name), $zero)", .boolean(false)), ("OR($empty, $error)", .boolean(true)), ("BOOL(1)", .boolean(true)), ("BOOL(0)", .boolean(false)),
    ("SUM(1, $size, \"no number\", null)", .integer(13)), ("SUM(\"NaN\", \"inf\", \"0x10\", \"1e999\", \"2.5\")", .float(2.5)), ("MAX(\"Infinity\", 1)", .integer(1)),
    ("SUB(5, 7)", .integer(-2)), ("MUL(2, 1.5)", .float(3)), ("DIV(7, 2)", .float(3.5)),
    ("MOD(7, 4)", .integer(3)), ("MIN(3, $nothing, 2)", .integer(2)), ("MAX(3, 2.5)", .integer(3)), ("LOG10(1000)", .float(3)),
    ("INT(\"12.9\")", .integer(12)), ("FLOAT($size)", .float(12)), ("STRING($http.status_code)", .string("503")),
    ("CONCAT($name, \"-\", 1, $nothing)", .string("GET /cart-1")), ("STARTS_WITH($name, \"GET\")", .boolean(true)),
    ("ENDS_WITH($name, `cart`)", .boolean(true)), ("CONTAINS($nothing, \"x\")", .boolean(false)), ("TO_LOWER($name)", .string("get /cart")),
    ("LENGTH(\"é\")", .integer(1)), ("LENGTH(\"é\", \"bytes\")", .integer(2)), ("REG_MATCH($name, `^GET /\\w+$`)", .boolean(true)),
    ("REG_VALUE($name, `^(\\w+) `)", .string("GET")), ("REG_COUNT($name, `[A-Z]`)", .integer(3)), ("EVENT_TIMESTAMP()", .float(1.5)),
    ("SWITCH($name, \"GET /\", 1, \"GET /cart\", 2, 3)", .integer(2)), ("COALESCE($nothing, $empty, \"z\")", .string("z")),
    ("IF(LT($duration_ms, 100), \"fast\", LT($duration_ms, 200), \"good\", \"slow\")", .string("good")),
    ("BUCKET($duration_ms, 100)", .string("100 - 200")), ("BUCKET(5, 10, 10, 100)", .string("< 10")), ("BUCKET(100, 10, 10, 100)", .string(">= 100")),
    ("$\"a name\" + 1", .integer(8)), ("1 + 2 * 3", .integer(7)), ("(1 + 2) * 3 = 9 AND !false", .boolean(true)), ("10 - 2 - 3", .integer(5)),
    ("$http.status_code >= 500 AND $duration_ms < 1000 OR false", .boolean(true)), ("$http.status_code != 200", .boolean(true)), ("-5 < 2", .boolean(true)),
    ("ENDS_WITH(\"a\\r\\n\", \"\\n\")", .boolean(true)), ("CONTAINS(\"a\\r\\nb\", \"\\n\")", .boolean(true)), ("CONTAINS($name, \"\")", .boolean(true)),
    ("STARTS_WITH(\"e\\u0301\", \"e\")", .boolean(true)), ("CONTAINS(\"e\\u0301\", \"\\u00e9\")", .boolean(false)), ("ENDS_WITH(\"a\", \"ba\")", .boolean(false)),
    ("LTE(\"e\\u0301\", \"\\u00e9\") AND !GTE(\"e\\u0301\", \"\\u00e9\")", .boolean(true)),
    ("\"\\u00e9\\n\\x41\\101\"", .string("é\nAA")), ("9223372036854775807 + 1", .float(9_223_372_036_854_775_808)),
  ])
  func comesTo(expression: String, wanted: FieldValue) throws {
    #expect(try Self.value(expression) == wanted, "\(expression)")
  }

  @Test(arguments: ["IF(LT($duration_ms, 100), true)", "DIV(1, 0)", "MOD(1, 0)", "LOG10(0)", "null", "REG_VALUE($nothing, `a`)", "INT(\"x\")", "$nothing", "MIN($name)"])
  func isNull(expression: String) throws { #expect(try Self.value(expression) == nil, "\(expression)") }

  @Test(arguments: [
    "", "IF(", "IF(1)", "EQUALS(1)", "NOPE(1)", "$", "\"open", "`open", "1 +", "(1", "1)", "LT(1, 2, 3)", "REG_MATCH($a, $b)", "REG_MATCH($a, `(`)", "1 ~ 2", "-$a",
    "FORMAT_TIME(\"%Y\", 1)", "\"\\q\"", "1.2.3", "EVENT_TIMESTAMP(1)", String(repeating: "(", count: 4000), String(repeating: "!", count: 4000), String(repeating: "1", count: 5000),
  ])
  func refuses(expression: String) {
    let error = #expect(throws: HoneycombError.self) { try Self.column(expression) }
    #expect(error?.details.first?.field == "expression", "\(expression.prefix(40))")
    #expect(error?.status == 422)
  }

  /// A chain of one operator is one level; others go down a level each, which has a bound, since whoever works it out goes down all of them.
  @Test func aChainIsNoDeeperThanItsBound() throws {
    let wide = try Self.column(Array(repeating: "1", count: 2000).joined(separator: "+")).formula
    #expect(wide.depth == 2)
    #expect(wide.value(timeUnixNanoseconds: 0) { _ in nil } == .integer(2000))
    #expect(try Self.value(Array(repeating: "$error", count: 300).joined(separator: " AND ")) == .boolean(true))
    #expect(try Self.value(Array(repeating: "1", count: 90).joined(separator: "-")) == .integer(-88))
    for sign in ["-", "/", "%", "<", "=", "!="] {
      #expect(throws: HoneycombError.self) { try Self.column(Array(repeating: "1", count: 1000).joined(separator: sign)) }
    }
    #expect(throws: HoneycombError.self) { try Self.column(Array(repeating: "1", count: 1000).joined(separator: "+1-")) }
  }

  @Test func namesThePlace() {
    let error = #expect(throws: HoneycombError.self) { try Self.column("IF(EQUALS($a, 1), NOPE(2))") }
    #expect(error?.details.first?.description == "the expression cannot be read: 'NOPE' is not a function that is known at character 19")
  }

  @Test func bytesOfAnyKindDoNotTrap() {
    var random = SeededGenerator(seed: 77)
    let parts = ["IF(", "$a", ")", ",", "\"", "`", "\\", "1", ".", "e", "-", "!", "AND", " ", "é", "BUCKET(", "null", "\\u", "=", "<", "%", "\u{0}"]
    for _ in 0..<5000 {
      let text = (0..<Int.random(in: 1...14, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
      if let column = try? Self.column(text) { _ = column.formula.value(timeUnixNanoseconds: 0) { Self.event[$0] } }
    }
  }
}
