// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnPatterns
import CairnPlan
import CairnQuery
import TestSupport
import Testing

/// Columns that are worked out while a question is answered: they must act as stored ones do.
@Suite struct FormulaColumnTests {
  /// `IF(name = "cart", duration_ms < 100)`: true, false, and null for everything else.
  private static let indicator = FormulaColumn(
    name: "ok",
    formula: .call(
      .condition, [.call(.equals, [.column("name"), .constant(.string("cart"))]), .call(.less, [.column("duration"), .constant(.integer(100))])]))

  private static func scope(_ derived: [FormulaColumn], datasets: DatasetScope = .all) -> Scope {
    Scope(environment: "default", datasets: datasets, time: .everything, formulaColumns: derived)
  }

  private static let events = [
    TestEvent(10, ["name": .string("cart"), "duration": .integer(50), "SampleRate": .integer(10)]),
    TestEvent(20, ["name": .string("cart"), "duration": .float(250.5), "SampleRate": .integer(2)]),
    TestEvent(30, ["name": .string("cart")]), TestEvent(40, ["name": .string("other"), "duration": .integer(1)]), TestEvent(50, ["duration": .integer(1)]),
    TestEvent(60, ["name": .string("cart"), "duration": .integer(5)], dataset: "elsewhere"),
  ]

  @Test func groupsByTruthWeighedBySampleRate() async throws {
    let plan = Plan(scope: Self.scope([Self.indicator], datasets: .named(["web"])), breakdowns: ["ok"])
    let answer = try await patientEngine.run(plan, pieces: [TestPiece(Self.events)])
    let counts = Dictionary(uniqueKeysWithValues: zip(answer.columns[0].values, answer.columns[1].values))
    // 10 good; 2 bad and one without a length, which is in no order; two that do not count.
    let known: [FieldValue?: FieldValue?] = [.boolean(true): .integer(10), .boolean(false): .integer(3), nil: .integer(2)]
    #expect(counts == known)
  }

  @Test func keepsTextsInTwoSpellingsApart() async throws {
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}")
    let events = [composed, decomposed, decomposed].enumerated().map { TestEvent(Int64($0.offset), ["place": .string($0.element)]) }
    let copy = FormulaColumn(name: "copy", formula: .call(.coalesce, [.column("place"), .constant(.string("none"))]))
    let same = FormulaColumn(name: "same", formula: .call(.equals, [.column("place"), .constant(.string(composed))]))
    for (name, wanted) in [("copy", [2, 1]), ("same", [2, 1])] as [(String, [Int64])] {
      let answer = try await patientEngine.run(Plan(scope: Self.scope([copy, same]), breakdowns: [name]), pieces: [TestPiece(events)])
      #expect(answer.columns[1].values == wanted.map { .integer($0) }, "\(name)")
    }
  }

  @Test func filtersCalculatesAndOrders() async throws {
    let double = FormulaColumn(name: "twice", formula: .call(.multiply, [.column("duration"), .constant(.integer(2))]))
    let plan = Plan(
      scope: Self.scope([double, Self.indicator]), filter: .all([.exists(column: "ok"), .compare(column: "twice", .greaterOrEqual, .integer(100))]),
      calculations: [Calculation(.maximum, column: "twice"), Calculation(.sum, column: "twice"), .count])
    let answer = try await patientEngine.run(plan, pieces: [TestPiece(Self.events)])
    let wanted: [FieldValue?] = [.float(501), .float(2002), .integer(12)]
    #expect(answer.totals == wanted)
  }

  @Test func hidesAStoredColumnOfItsName() async throws {
    let text = FormulaColumn(name: "name", formula: .call(.concatenate, [.column("name"), .constant(.string("!"))]))
    let plan = Plan(scope: Self.scope([text], datasets: .named(["web"])), breakdowns: ["name"], orders: [Order(.breakdown("name"), .ascending)])
    let answer = try await patientEngine.run(plan, pieces: [TestPiece(Self.events)])
    let known: Set<FieldValue?> = [.string("!"), .string("cart!"), .string("other!")]
    #expect(Set(answer.columns[0].values) == known)
  }

  @Test func bubbleUpComparesBadWithGood() async throws {
    var events: [TestEvent] = []
    for index in 0..<400 {
      let isSlow = index % 4 == 0
      events.append(TestEvent(Int64(index), ["name": .string("cart"), "duration": .integer(isSlow ? 500 : 20), "host": .string(isSlow ? "b" : "a")]))
    }
    let plan = BubbleUpPlan(
      scope: Self.scope([Self.indicator]), filter: .exists(column: "ok"), selection: .compare(column: "ok", .equal, .boolean(false)))
    let answer = try await patientEngine.bubbleUp(plan, pieces: [TestPiece(events)])
    #expect(answer.selectionCount == 100 && answer.baselineCount == 300)
    #expect(answer.columns.contains { $0.name == "host" })
  }

  @Test func agreesWithTheInterpreterOverManyBlocks() async throws {
    var random = SeededGenerator(seed: 5)
    var events: [TestEvent] = []
    for index in 0..<40_000 {
      var fields: [String: FieldValue] = ["name": .string(["cart", "home", "pay"].randomElement(using: &random) ?? "cart")]
      if Int.random(in: 0..<5, using: &random) > 0 { fields["duration"] = .integer(Int64.random(in: 0...200, using: &random)) }
      events.append(TestEvent(Int64(index), fields, dataset: index % 3 == 0 ? "api" : "web"))
    }
    let wanted = events.filter { $0.dataset == "web" && $0.time >= 10_000 && $0.time < 30_000 }
      .compactMap { (event) in Self.indicator.formula.value(timeUnixNanoseconds: event.time) { event.fields[$0] } }
    let pieces = [TestPiece(Array(events[..<17_000])), TestPiece(Array(events[17_000...]))]
    var scope = Self.scope([Self.indicator], datasets: .named(["web"]))
    scope.time = TimeRange(startUnixNanoseconds: 10_000, endUnixNanoseconds: 30_000)
    let answer = try await patientEngine.run(Plan(scope: scope, filter: .exists(column: "ok"), breakdowns: ["ok"]), pieces: pieces)
    let counts = Dictionary(uniqueKeysWithValues: zip(answer.columns[0].values, answer.columns[1].values))
    let good = Int64(wanted.count { $0 == .boolean(true) })
    let known: [FieldValue?: FieldValue?] = [.boolean(true): .integer(good), .boolean(false): .integer(Int64(wanted.count) - good)]
    #expect(counts == known)
  }

  @Test func whatDamageHidesIsCountedAsUnavailable() async throws {
    let events = (0..<20_000).map { TestEvent(Int64($0), ["name": .string("cart"), "duration": .integer(1)]) }
    let piece = TestPiece(events, damaged: [ColumnKey("duration", .integer): [0]])
    let answer = try await patientEngine.run(Plan(scope: Self.scope([Self.indicator]), filter: .exists(column: "ok")), pieces: [piece])
    let left: [FieldValue?] = [.integer(3616)]
    #expect(answer.totals == left)
    #expect(answer.info.rowsUnavailable == 16_384)
  }

  /// Formulas of every shape, with parts that depend on one column, on several, on the time and on nothing, come to what the tree says.
  @Test func agreesWithTheInterpreterOnAnyFormula() async throws {
    var random = SeededGenerator(seed: 11)
    var events: [TestEvent] = []
    for index in 0..<300 {
      var fields: [String: FieldValue] = ["a": .string("v\(index % 7)"), "b": .boolean(index % 3 == 0)]
      if index % 5 > 0 { fields["n"] = .integer(Int64(index % 11)) }
      events.append(TestEvent(Int64(index) * 1_000_000_000, fields))
    }
    for _ in 0..<150 {
      let formula = Self.formula(depth: 4, &random)
      let scope = Self.scope([FormulaColumn(name: "made", formula: formula)])
      let answer = try await patientEngine.events(
        EventsPlan(scope: scope, columns: ["made"], direction: .oldestFirst, limit: 1000), pieces: [TestPiece(events)])
      let wanted = events.map { (event) in formula.value(timeUnixNanoseconds: event.time) { event.fields[$0] } }
      let isSame = zip(answer.columns[0].values, wanted).allSatisfy { $0 == $1 || ($0?.number?.isNaN == true && $1?.number?.isNaN == true) }
      #expect(isSame, "\(formula)")
    }
  }

  private static func formula(depth: Int, _ random: inout SeededGenerator) -> Formula {
    guard depth > 0, random.below(5) > 0 else {
      let leaves: [Formula] = [
        .column("a"), .column("b"), .column("n"), .column("nothing"), .constant(.integer(3)), .constant(.string("v1")), .constant(.float(0.5)), .constant(nil),
        .eventTime,
      ]
      return leaves[random.below(leaves.count)]
    }
    if random.below(8) == 0, let pattern = try? Pattern("v([0-4])") {
      return .pattern(Formula.PatternUse.allCases[random.below(3)], formula(depth: depth - 1, &random), pattern)
    }
    let function = FormulaFunction.allCases[random.below(FormulaFunction.allCases.count)]
    let count = function.argumentCounts.lowerBound + random.below(min(2, function.argumentCounts.count))
    return .call(function, (0..<count).map { _ in formula(depth: depth - 1, &random) })
  }

  @Test func aFormulaThatTakesTooLongEndsItsQuestion() async throws {
    let events = (0..<60_000).map { TestEvent(Int64($0), ["n": .integer(Int64($0)), "m": .integer(Int64($0) % 999)]) }
    let terms = (0..<1500).map { Formula.column($0 % 2 == 0 ? "n" : "m") }
    let scope = Self.scope([FormulaColumn(name: "sum", formula: .call(.sum, terms))])
    let engine = QueryEngine(budget: QueryBudget(wallTimeNanoseconds: 100_000_000))
    let start = ContinuousClock.now
    let error = await #expect(throws: QueryError.self) {
      try await engine.run(Plan(scope: scope, calculations: [Calculation(.maximum, column: "sum")]), pieces: [TestPiece(events)])
    }
    if case .overBudget? = error {} else { Issue.record("\(String(describing: error))") }
    #expect(ContinuousClock.now - start < .seconds(20))
    let page = EventsPlan(scope: scope, columns: ["sum"], limit: 10)
    await #expect(throws: QueryError.self) { try await engine.events(page, pieces: [TestPiece(events)]) }
  }
}
