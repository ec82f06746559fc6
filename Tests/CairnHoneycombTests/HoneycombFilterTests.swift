// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnHoneycomb
import CairnPlan
import Testing

@Suite struct HoneycombFilterTests {
  static func filter(_ text: String) throws -> Filter { try HoneycombFilter.list(JSONValue(parsing: text)) }

  @Test(arguments: [
    (#"{"column":"c","op":"=","value":"x"}"#, Filter.compare(column: "c", .equal, .string("x"))),
    (#"{"column":"c","op":"=","value":5}"#, .compare(column: "c", .equal, .integer(5))),
    (#"{"column":"c","op":"=","value":true}"#, .compare(column: "c", .equal, .boolean(true))),
    (#"{"column":"c","op":"!=","value":1.5}"#, .not(.compare(column: "c", .equal, .float(1.5)))),
    (#"{"column":"c","op":">","value":1}"#, .compare(column: "c", .greater, .integer(1))),
    (#"{"column":"c","op":">=","value":1}"#, .compare(column: "c", .greaterOrEqual, .integer(1))),
    (#"{"column":"c","op":"<","value":1}"#, .compare(column: "c", .less, .integer(1))),
    (#"{"column":"c","op":"<=","value":"b"}"#, .compare(column: "c", .lessOrEqual, .string("b"))),
    (#"{"column":"c","op":"starts-with","value":"x"}"#, .text(column: "c", .startsWith, "x")),
    (#"{"column":"c","op":"does-not-start-with","value":"x"}"#, .not(.text(column: "c", .startsWith, "x"))),
    (#"{"column":"c","op":"ends-with","value":"x"}"#, .text(column: "c", .endsWith, "x")),
    (#"{"column":"c","op":"does-not-end-with","value":"x"}"#, .not(.text(column: "c", .endsWith, "x"))),
    (#"{"column":"c","op":"contains","value":""}"#, .text(column: "c", .contains, "")),
    (#"{"column":"c","op":"contains","value":500}"#, .text(column: "c", .contains, "500")),
    (#"{"column":"c","op":"does-not-contain","value":"x"}"#, .not(.text(column: "c", .contains, "x"))),
    (#"{"column":"c","op":"exists"}"#, .exists(column: "c")),
    (#"{"column":"c","op":"exists","value":null}"#, .exists(column: "c")),
    (#"{"column":"c","op":"does-not-exist"}"#, .not(.exists(column: "c"))),
    (#"{"column":"c","op":"in","value":["a",1,true]}"#, .oneOf(column: "c", [.string("a"), .integer(1), .boolean(true)])),
    (#"{"column":"c","op":"not-in","value":["a"]}"#, .not(.oneOf(column: "c", [.string("a")]))),
  ])
  func everyOperatorBecomesItsFilter(text: String, expected: Filter) throws {
    #expect(try Self.filter("[\(text)]") == expected)
  }

  @Test(arguments: [
    (#"{"op":"=","value":1}"#, "filters[0].column", HoneycombError.Detail.Code.missing),
    (#"{"column":null,"op":"=","value":1}"#, "filters[0].column", .missing),
    (#"{"column":"","op":"=","value":1}"#, "filters[0].column", .missing),
    (#"{"column":7,"op":"=","value":1}"#, "filters[0].column", .incorrectType),
    (#"{"column":"c","value":1}"#, "filters[0].op", .missing),
    (#"{"column":"c","op":"==","value":1}"#, "filters[0].op", .invalid),
    (#"{"column":"c","op":"EXISTS"}"#, "filters[0].op", .invalid),
    (#"{"column":"c","op":3}"#, "filters[0].op", .incorrectType),
    (#"{"column":"c","op":"="}"#, "filters[0].value", .missing),
    (#"{"column":"c","op":"=","value":null}"#, "filters[0].value", .missing),
    (#"{"column":"c","op":"=","value":[1]}"#, "filters[0].value", .incorrectType),
    (#"{"column":"c","op":"=","value":{}}"#, "filters[0].value", .incorrectType),
    (#"{"column":"c","op":"contains"}"#, "filters[0].value", .missing),
    (#"{"column":"c","op":"exists","value":true}"#, "filters[0].value", .invalid),
    (#"{"column":"c","op":"does-not-exist","value":""}"#, "filters[0].value", .invalid),
    (#"{"column":"c","op":"in"}"#, "filters[0].value", .missing),
    (#"{"column":"c","op":"in","value":"a"}"#, "filters[0].value", .incorrectType),
    (#"{"column":"c","op":"in","value":[]}"#, "filters[0].value", .invalid),
    (#"{"column":"c","op":"not-in","value":["a",null]}"#, "filters[0].value[1]", .missing),
    (#"{"column":"c","op":"in","value":[["a"]]}"#, "filters[0].value[0]", .incorrectType),
    (#"{"column":"c","op":"exists","extra":1}"#, "filters[0].extra", .invalid),
    (#"{"column":"root.name","op":"exists"}"#, "filters[0].column", .invalid),
    (#"{"column":"any2.name","op":"exists"}"#, "filters[0].column", .invalid),
    (#"{"column":"none.name","op":"exists"}"#, "filters[0].column", .invalid),
    ("7", "filters[0]", .incorrectType),
  ])
  func everyMistakeNamesItsField(text: String, field: String, code: HoneycombError.Detail.Code) throws {
    let error = #expect(throws: HoneycombError.self) { try Self.filter("[\(text)]") }
    #expect(error?.status == 422)
    #expect(error?.details.map(\.field) == [field])
    #expect(error?.details.first?.code == code)
    #expect(error?.details.first?.description.isEmpty == false)
  }

  @Test func filtersAreCombinedAsAsked() throws {
    let two = try JSONValue(parsing: #"[{"column":"a","op":"exists"},{"column":"b","op":"exists"}]"#)
    let parts = [Filter.exists(column: "a"), .exists(column: "b")]
    #expect(try HoneycombFilter.list(two) == .all(parts))
    #expect(try HoneycombFilter.list(two, combination: .string("AND")) == .all(parts))
    #expect(try HoneycombFilter.list(two, combination: .null) == .all(parts))
    #expect(try HoneycombFilter.list(two, combination: .string("OR")) == .any(parts))
    #expect(throws: HoneycombError.self) { try HoneycombFilter.list(two, combination: .string("or")) }
    #expect(throws: HoneycombError.self) { try HoneycombFilter.list(two, combination: .integer(1)) }
  }

  @Test func noFiltersPassEveryEventHoweverTheyAreCombined() throws {
    #expect(try HoneycombFilter.list(nil) == .everything)
    #expect(try HoneycombFilter.list(.array([]), combination: .string("OR")) == .everything)
  }

  @Test func moreThanAHundredFiltersAreRefused() throws {
    let one = #"{"column":"a","op":"exists"}"#
    let list = { (count: Int) in "[" + Array(repeating: one, count: count).joined(separator: ",") + "]" }
    #expect(throws: Never.self) { try Self.filter(list(100)) }
    #expect(throws: HoneycombError.self) { try Self.filter(list(101)) }
  }
}
