// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnOTLP
import TestSupport
import Testing

/// How attributes become fields.
struct AttributeTests {
  func rows(_ lists: [(String, TestValue)]...) throws -> [BatchRow] {
    let spans = lists.enumerated().map { index, list in testSpan(spanID: [1, 1, 1, 1, 1, 1, 1, UInt8(index + 1)], list) }
    return try TestSignal.traces.rows(Protobuf.request(items: spans))
  }

  /// The resource's field of another type is not found at a span that has its own, whatever came before in the batch.
  @Test(arguments: [[1, 2, 3], [3, 1, 2]])
  func theNearerOfTwoTypesWins(order: [Int]) throws {
    let own: [(sent: TestValue, wanted: FieldValue)] = [(.integer(3), .integer(3)), (.string("silver"), .string("silver")), (.double(0.5), .float(0.5))]
    var spans = [testSpan(spanID: [1, 1, 1, 1, 1, 1, 1, 1], [])]
    for place in order { spans.append(testSpan(spanID: [1, 1, 1, 1, 1, 1, 2, UInt8(place)], [("tier", own[place - 1].sent)])) }
    spans.append(testSpan(spanID: [1, 1, 1, 1, 1, 1, 1, 3], [("zone", .string("a")), ("tier", .integer(4))]))
    spans.append(testSpan(spanID: [1, 1, 1, 1, 1, 1, 1, 4], []))
    let resource: [(String, TestValue)] = [("service.name", .string("shop")), ("tier", .string("gold")), ("zone", .integer(1)), ("kept", .boolean(true))]
    let rows = try TestSignal.traces.rows(Protobuf.request(resource: resource, items: spans))
    try #require(rows.count == 6)
    func values(_ row: Int, _ name: String) -> [FieldValue] { rows[row].fields.filter { $0.key.name == name }.map(\.value) }
    #expect(values(0, "tier") == [.string("gold")] && values(5, "tier") == [.string("gold")] && values(0, "zone") == [.integer(1)])
    for (row, place) in order.enumerated() { #expect(values(row + 1, "tier") == [own[place - 1].wanted] && values(row + 1, "zone") == [.integer(1)]) }
    #expect(values(4, "tier") == [.integer(4)] && values(4, "zone") == [.string("a")])
    #expect(rows.allSatisfy { $0["kept"] == .boolean(true) && $0["service.name"] == .string("shop") && $0.dataset == "shop" })
  }

  /// Each row has another set of them: a group for each would be memory without end.
  @Test func namesOfTwoTypesMakeNoMoreThanSomeGroups() throws {
    let names = (0..<200).map { "field.\($0)" }
    let spans = (0..<20).map { number in
      testSpan(spanID: [1, 1, 1, 1, 1, 1, 1, UInt8(number + 1)], names.enumerated().filter { ($0.offset * 7 + $0.offset / 3) % (number + 2) != 0 }.map { ($0.element, .integer(1)) })
    }
    let rows = try TestSignal.traces.rows(Protobuf.request(resource: names.map { ($0, .string("far")) }, items: spans))
    let kept = rows.map { row in row.fields.count { $0.value == .string("far") && names.contains($0.key.name) } }
    let own = rows.map { row in row.fields.count { $0.value == .integer(1) && names.contains($0.key.name) } }
    try #require(rows.count == spans.count)
    #expect(kept[0] == names.count - own[0], "the first ones replace what is far")
    #expect(kept[19] > 150 && own[19] > 150, "the last ones are found by both")
  }

  @Test func keepsScalarTypes() throws {
    let list: [(String, TestValue)] = [
      ("s", .string("x")), ("e", .string("")), ("i", .integer(.min)), ("d", .double(-0.5)), ("t", .boolean(true)), ("f", .boolean(false)),
    ]
    for span in try rows(list, list, list) {
      #expect(span["s"] == .string("x"))
      #expect(span["e"] == .string(""))
      #expect(span["i"] == .integer(.min))
      #expect(span["d"] == .float(-0.5))
      #expect(span["t"] == .boolean(true))
      #expect(span["f"] == .boolean(false))
    }
  }

  @Test func leavesEmptyKeysAndValuesAway() throws {
    let plain = try rows([])[0].names
    #expect(try rows([("", .string("x")), ("k", .none), ("m", .map([("", .integer(1)), ("n", .none)]))])[0].names == plain)
  }

  @Test func writesArraysAndBytesAsJSON() throws {
    let span = try rows([
      ("a", .array([.integer(1), .string("q\"\\\n\u{1}ü"), .boolean(true), .double(1.5), .none, .array([]), .double(.nan)])),
      ("b", .data([0, 255, 16])), ("o", .array([.map([("k", .data([1]))])])), ("z", .array([])),
    ])[0]
    #expect(span["a"] == .string(#"[1,"q\"\\\n\u0001ü",true,1.5,null,[],null]"#))
    #expect(span["b"] == .string(#""AP8Q""#))
    #expect(span["o"] == .string(#"[{"k":"AQ=="}]"#))
    #expect(span["z"] == .string("[]"))
  }

  @Test func flattensMapsToDepthFive() throws {
    var value = TestValue.integer(7)
    for level in (1...7).reversed() { value = .map([("l\(level)", value)]) }
    let span = try rows([("m", value)])[0]
    #expect(span["m.l1.l2.l3.l4.l5"] == .string(#"{"l6":{"l7":7}}"#))
    #expect(try rows([("m", .map([("a", .map([("b", .integer(1))])), ("c", .string("x"))]))])[0]["m.a.b"] == .integer(1))
  }

  @Test func cutsLongNestedText() throws {
    let span = try rows([("a", .array([.string(String(repeating: "ü", count: 40_000))]))])[0]
    guard case .string(let text)? = span["a"] else { return #expect(Bool(false), "no text") }
    #expect(text.utf8.count <= 65_535 && text.utf8.count > 65_530)
    #expect(!text.contains("\u{fffd}"))
  }

  @Test func followsAFieldThatChangesItsType() throws {
    let spans = try rows([("k", .string("a"))], [("k", .integer(2))], [("k", .string("c"))], [("k", .array([.integer(1)]))], [("k", .boolean(true))])
    #expect(spans.map { $0["k"] } == [.string("a"), .integer(2), .string("c"), .string("[1]"), .boolean(true)])
  }

  /// Lengths whose third byte looks like the tag of another kind must not mislead the prediction.
  @Test(arguments: [0x0A, 0x10, 0x18, 0x21])
  func readsLongTextAfterAnotherKind(_ tag: Int) throws {
    let text = String(repeating: "x", count: tag << 14)
    let kinds: [TestValue] = [.string("s"), .boolean(true), .integer(1), .double(1)]
    for kind in kinds {
      let spans = try rows([("k", kind)], [("k", .string(text))], [("k", kind)])
      #expect(spans[1]["k"] == .string(text))
      var batch = Batch()
      let body = Protobuf.request(items: [testSpan([("k", kind)]), testSpan(spanID: [1, 2, 3, 4, 5, 6, 7, 8], [("k", .string(text))])])
      _ = try TestSignal.traces.decode(body, testContext, into: &batch)
      _ = BatchShape(batch)
    }
  }

  @Test func theLastOfEqualKeysWins() throws {
    #expect(try rows([("k", .integer(1)), ("k", .integer(2))])[0]["k"] == .integer(2))
  }

  @Test func readsFieldsInAnyOrder() throws {
    let span = testSpan { span in
      span.message(9) {
        $0.data(2, TestValue.string("v").protobuf)
        $0.varint(7, 1)
        $0.text(1, "k")
      }
      span.message(9) {
        $0.text(1, "twice")
        $0.data(2, TestValue.integer(1).protobuf + TestValue.string("last").protobuf)
      }
    }
    let row = try TestSignal.traces.rows(Protobuf.request(items: [span]))[0]
    #expect(row["k"] == .string("v"))
    #expect(row["twice"] == .string("last"))
  }

  @Test func refusesInvalidUTF8EachTime() throws {
    let bad: [UInt8] = [0x66, 0xC0, 0x80]
    let places: [(inout Protobuf) -> Void] = [
      { $0.data(5, bad) },
      { $0.message(9) { $0.data(1, bad); $0.data(2, TestValue.integer(1).protobuf) } },
      { $0.message(9) { $0.text(1, "k"); $0.message(2) { $0.data(1, bad) } } },
      { $0.message(9) { $0.text(1, "m"); $0.data(2, [0x2A, 5, 0x0A, 3, 0x0A, 1, 0xFF]) } },
      { $0.data(3, bad) },
    ]
    for place in places {
      var batch = Batch()
      let before = BatchShape(batch)
      let body = Protobuf.request(items: [testSpan(change: place)])
      for _ in 0..<2 {
        let mark = batch.mark
        #expect(throws: DecodeError.self) { try TestSignal.traces.decode(body, testContext, into: &batch) }
        batch.rollBack(to: mark)
        #expect(BatchShape(batch) == before)
      }
    }
  }

  @Test func refusesDeepNesting() throws {
    for depth in [10, 60, 70, 100, 10_000] {
      var value = TestValue.integer(1).protobuf
      for _ in 0..<depth { value = Protobuf { $0.message(5) { $0.data(1, value) } }.bytes }
      let body = Protobuf.request(items: [testSpan { $0.message(9) { $0.text(1, "k"); $0.data(2, value) } }])
      if depth < 64 {
        #expect(try TestSignal.traces.rows(body).count == 1)
      } else {
        #expect(throws: DecodeError.self) { try TestSignal.traces.rows(body) }
      }
    }
  }
}
