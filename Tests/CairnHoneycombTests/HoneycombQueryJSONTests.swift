// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnHoneycomb
import CairnPlan
import TestSupport
import Testing

@Suite struct HoneycombQueryJSONTests {
  @Test func givesBackDefaultsAndLeavesOutAND() throws {
    let body = try HoneycombQueryTests.query(#"{"filter_combination":"AND"}"#).body(id: "abc")
    #expect(String(decoding: body, as: UTF8.self) == #"{"id":"abc","calculations":[{"op":"COUNT"}],"limit":1000,"time_range":7200}"#)
  }

  @Test func givesBackEverythingThatWasAsked() throws {
    let text =
      #"{"id":"q","breakdowns":["a"],"calculations":[{"op":"P95","column":"d"}],"#
      + #""filters":[{"op":"in","column":"a","value":["x",2]},{"op":"exists","column":"b"}],"filter_combination":"OR","#
      + #""orders":[{"op":"P95","column":"d","order":"descending"},{"column":"a"}],"#
      + #""havings":[{"calculate_op":"P95","column":"d","op":">=","value":1.5}],"limit":10,"start_time":100,"end_time":4100,"granularity":40}"#
    #expect(try String(decoding: HoneycombQueryTests.query(text).body(id: "q"), as: UTF8.self) == text)
  }

  @Test func fractionsOfSecondsComeBack() throws {
    let query = try HoneycombQueryTests.query(#"{"start_time":100.5,"time_range":0.25}"#, .cairn)
    #expect(String(decoding: query.body(id: "q"), as: UTF8.self).contains(#""time_range":0.25,"start_time":100.5"#))
  }

  @Test(arguments: [UInt64](1...10))
  func fractionalTimesComeBackToTheNanosecond(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let start = Double.random(in: 1e9...9e9, using: &generator)
      let range = Double.random(in: 0.001...1e6, using: &generator)
      let query = try HoneycombQueryTests.query(#"{"start_time":\#(start),"time_range":\#(range)}"#, .cairn)
      let again = try HoneycombQuery(JSONValue(parsing: query.body(id: "q")), rules: .cairn)
      #expect(again.time == query.time, "seed \(seed): \(start) \(range)")
    }
  }

  @Test(arguments: [UInt64](1...20))
  func whatIsGivenBackMeansTheSame(seed: UInt64) throws {
    var specs = QuerySpecs(seed: seed)
    for _ in 0..<50 {
      let json = specs.spec()
      let query = try HoneycombQuery(json, rules: .honeycomb)
      let again = try HoneycombQuery(JSONValue(parsing: query.body(id: "q")), rules: .honeycomb)
      let plans = [query, again].map { $0.plan(environment: "e", datasets: .all, nowUnixNanoseconds: now) }
      #expect(plans[0] == plans[1], "seed \(seed)")
      #expect(again.body(id: "q") == query.body(id: "q"), "seed \(seed)")
    }
  }

  @Test(arguments: [UInt64](1...20))
  func noMutationOfAQueryTraps(seed: UInt64) {
    var specs = QuerySpecs(seed: seed)
    let junk: [JSONValue] = [
      .null, .boolean(true), .integer(0), .integer(-1), .integer(.max), .integer(.min), .double(1e300), .double(-0.5), .string(""), .string("root.x"),
      .array([]), .array([.null]), .object([]), .object([JSONMember("op", .integer(1))]),
    ]
    for _ in 0..<300 {
      let broken = specs.mutate(specs.spec(), junk)
      for rules in [HoneycombQuery.Rules.honeycomb, .cairn] {
        do throws(HoneycombError) {
          let plan = try HoneycombQuery(broken, rules: rules).plan(environment: "e", datasets: .all, nowUnixNanoseconds: now)
          #expect(plan.limit >= 1 && plan.limit <= 10_000 && !plan.calculations.isEmpty)
        } catch {
          #expect(error.status == 422 && !error.details.isEmpty, "seed \(seed)")
        }
      }
    }
  }
}

/// Random valid query objects, and random damage to them.
struct QuerySpecs {
  var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func pick<Item>(_ items: [Item]) -> Item { items[Int.random(in: 0..<items.count, using: &generator)] }

  mutating func spec() -> JSONValue {
    var members: [JSONMember] = []
    let calculations = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
      JSONValue.object([JSONMember("op", .string(pick(["COUNT", "SUM", "P99", "MAX"]))), JSONMember("column", .string(pick(["a", "b"])))])
    }
    members.append(JSONMember("calculations", .array(calculations)))
    members.append(JSONMember("breakdowns", .array([.string("x"), .string("y")])))
    members.append(JSONMember("filters", .array((0..<Int.random(in: 0...3, using: &generator)).map { _ in filter() })))
    members.append(JSONMember("filter_combination", .string(pick(["AND", "OR"]))))
    var orders: [JSONValue] = [.object([JSONMember("column", .string("y"))])]
    if let first = calculations.first?.members { orders.append(.object(first + [JSONMember("order", .string("descending"))])) }
    members.append(JSONMember("orders", .array(orders)))
    members.append(JSONMember("limit", .integer(Int64.random(in: 1...1000, using: &generator))))
    members.append(JSONMember("time_range", .integer(Int64.random(in: 1...1_000_000, using: &generator))))
    if Bool.random(using: &generator) { members.append(JSONMember(pick(["start_time", "end_time"]), .integer(1_700_000_000))) }
    return .object(members.shuffled(using: &generator))
  }

  mutating func filter() -> JSONValue {
    let op = pick(["=", "!=", "<", "contains", "does-not-end-with", "in", "exists"])
    var members = [JSONMember("op", .string(op)), JSONMember("column", .string(pick(["a", "b.c"])))]
    if op == "in" { members.append(JSONMember("value", .array([.string("v"), .integer(3)]))) }
    if op != "in" && op != "exists" { members.append(JSONMember("value", pick([.string("v"), .integer(3), .double(0.5), .boolean(false)]))) }
    return .object(members)
  }

  /// The same tree with one value, at any depth, replaced.
  mutating func mutate(_ value: JSONValue, _ junk: [JSONValue]) -> JSONValue {
    switch value {
    case .array(var values) where !values.isEmpty && Bool.random(using: &generator):
      let index = Int.random(in: 0..<values.count, using: &generator)
      values[index] = mutate(values[index], junk)
      return .array(values)
    case .object(var members) where Int.random(in: 0..<5, using: &generator) > 0 && !members.isEmpty:
      let index = Int.random(in: 0..<members.count, using: &generator)
      members[index].value = mutate(members[index].value, junk)
      return .object(members)
    default: return pick(junk)
    }
  }
}
