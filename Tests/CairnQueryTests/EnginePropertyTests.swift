// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnPlan
import CairnQuery
import TestSupport
import Testing

/// Random events, cut into random pieces, asked random plans: the engine must say what the naive interpreter says.
@Suite struct EnginePropertyTests {
  @Test(arguments: 0..<150)
  func agreesWithTheInterpreter(seed: Int) async throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let events = Self.events(&random, count: Int.random(in: 0...400, using: &random))
    let pieces = Self.pieces(events, &random)
    for round in 0..<8 {
      let plan = Self.plan(&random)
      let answer = try await patientEngine.run(plan, pieces: pieces)
      let wanted = NaiveEngine(events: events).run(plan)
      let note = Comment("seed \(seed), round \(round), plan \(plan)")
      Self.compare(answer, wanted, plan, note)
    }
  }

  @Test(arguments: 0..<20)
  func doesNotDependOnTheOrderOfPieces(seed: Int) async throws {
    var random = SeededGenerator(seed: UInt64(1000 + seed))
    let events = Self.events(&random, count: 300)
    let pieces = Self.pieces(events, &random)
    for _ in 0..<8 {
      let plan = Self.plan(&random)
      var forwards = try await patientEngine.run(plan, pieces: pieces)
      var backwards = try await patientEngine.run(plan, pieces: pieces.reversed())
      forwards.info.elapsedNanoseconds = 0
      backwards.info.elapsedNanoseconds = 0
      // Sums of doubles may round differently: their text to 9 digits is what must agree.
      #expect(Self.rounded(forwards) == Self.rounded(backwards), "seed \(seed), plan \(plan)")
    }
  }

  /// A calculation with a filter of its own is the same as one of a question with that filter.
  @Test(arguments: 0..<40)
  func filtersOfCalculationsAreThoseOfQuestions(seed: Int) async throws {
    var random = SeededGenerator(seed: UInt64(2000 + seed))
    let pieces = Self.pieces(Self.events(&random, count: 400), &random)
    for _ in 0..<4 {
      var plan = Self.plan(&random)
      (plan.formulas, plan.havings, plan.limit) = ([], [], 1000)
      let operations: [CairnPlan.Operation] = [.heatmap, .concurrency] + (plan.granularityNanoseconds == nil ? [] : [.rateSum, .rateMaximum])
      let drawn = operations.map { Calculation($0, column: $0 == .concurrency ? nil : "duration_ms", label: $0.name, filter: Self.filter(&random, depth: 1)) }
      plan.calculations = plan.calculations.enumerated().map { Calculation($1.operation, column: $1.column, label: "\($0)", filter: $1.filter ?? Self.filter(&random, depth: 1)) } + drawn
      let together = try await patientEngine.run(plan, pieces: pieces)
      for calculation in plan.calculations {
        var alone = plan
        alone.filter = .all([plan.filter, calculation.filter ?? .everything])
        alone.calculations = [Calculation(calculation.operation, column: calculation.column, label: calculation.name)]
        Self.compare(together, try await patientEngine.run(alone, pieces: pieces), calculation, plan, "seed \(seed), \(calculation), plan \(plan)")
      }
    }
  }

  /// Compares a calculation's column, total, series and heatmap; groups that the other has not have no events for it.
  private static func compare(_ together: Answer, _ alone: Answer, _ calculation: Calculation, _ plan: Plan, _ note: Comment) {
    let name = calculation.name
    #expect(together.heatmaps.first { $0.name == name } == alone.heatmaps.first, note)
    guard let own = together.columns.firstIndex(where: { $0.name == name }), let other = alone.columns.firstIndex(where: { $0.name == name }) else {
      return #expect(calculation.operation == .heatmap, note)
    }
    let totals = { (answer: Answer, column: Int) in answer.totals[column - plan.breakdowns.count]?.number }
    #expect(isNear(totals(together, own), totals(alone, other)), note)
    var rows: [[FieldValue?]: Int] = [:]
    for row in 0..<alone.rowCount { rows[plan.breakdowns.indices.map { alone.columns[$0].values[row] }] = row }
    let isCount = [.count, .countDistinct, .concurrency].contains(calculation.operation)
    let place = together.series?.resultNames.firstIndex(of: name) ?? 0
    for row in 0..<together.rowCount {
      let match = rows.removeValue(forKey: plan.breakdowns.indices.map { together.columns[$0].values[row] })
      #expect(isNear(together.columns[own].values[row]?.number, match.map { alone.columns[other].values[$0]?.number } ?? (isCount ? 0 : nil)), note)
      for (bucket, value) in (together.series?.values[place][row] ?? []).enumerated() {
        #expect(isNear(value, match.map { alone.series?.values[0][$0][bucket] } ?? (isCount ? 0 : nil)), note)
      }
    }
    #expect(rows.isEmpty, note)
  }

  private static func rounded(_ answer: Answer) -> [String] {
    (0..<answer.rowCount).map { (row) in
      answer.columns.map { (column) in
        guard case .float(let value) = column.values[row] else { return column.values[row]?.text ?? "-" }
        return String((value * 1e6).rounded())
      }.joined(separator: "|")
    }
  }

  static func compare(
    _ answer: Answer, _ wanted: (groups: [NaiveEngine.Group], totals: [Double?]), _ plan: Plan, _ note: Comment
  ) {
    #expect(answer.rowCount == min(wanted.groups.count, plan.limit), note)
    #expect(answer.info.isTruncated == (wanted.groups.count > plan.limit), note)
    guard answer.rowCount == min(wanted.groups.count, plan.limit) else { return }
    for (row, group) in wanted.groups.prefix(plan.limit).enumerated() {
      for (index, value) in group.values.enumerated() { #expect(answer.columns[index].values[row] == value, note) }
      for (index, result) in group.results.enumerated() {
        let own = answer.columns[plan.breakdowns.count + index].values[row]?.number
        #expect(isNear(own, result), "\(plan.resultNames[index]): \(String(describing: own)), not \(String(describing: result)); \(note)")
      }
      guard let series = answer.series else { continue }
      for (index, values) in group.series.enumerated() {
        #expect(series.bucketCount == values.count, note)
        for (bucket, value) in values.enumerated() {
          #expect(isNear(series.values[index][row][bucket], value), "bucket \(bucket) of \(plan.resultNames[index]); \(note)")
        }
      }
    }
    for (index, total) in wanted.totals.enumerated() { #expect(isNear(answer.totals[index]?.number, total), note) }
  }

  private static func isNear(_ left: Double?, _ right: Double?) -> Bool {
    guard let left, let right else { return left == nil && right == nil }
    return abs(left - right) <= 1e-9 * max(1, abs(left), abs(right))
  }

  static func pieces(_ events: [TestEvent], _ random: inout SeededGenerator) -> [any Piece] {
    let count = Int.random(in: 1...4, using: &random)
    var parts = [[TestEvent]](repeating: [], count: count)
    for event in events { parts[Int.random(in: 0..<count, using: &random)].append(event) }
    return parts.filter { !$0.isEmpty }.map { (part) in
      TestPiece(part, dictionaryIntegers: random.chance(50) ? ["status", "wide"] : [])
    }
  }

  static func events(_ random: inout SeededGenerator, count: Int) -> [TestEvent] {
    (0..<count).map { _ in
      var fields: [String: FieldValue] = [:]
      func add(_ name: String, _ percent: Int, _ value: (inout SeededGenerator) -> FieldValue) {
        if random.chance(percent) { fields[name] = value(&random) }
      }
      add("name", 90) { .string(["get", "put", "post", "delete", "12", "true", ""].randomElement(using: &$0) ?? "") }
      add("status", 70) { .integer(Int64([200, 200, 404, 500, -1].randomElement(using: &$0) ?? 0)) }
      add("wide", 30) { .integer(Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &$0)) }
      add("ratio", 50) { .float(Double(Int.random(in: -50...50, using: &$0)) / 8) }
      add("duration_ms", 60) { .float(Double(Int.random(in: 0...5_000_000, using: &$0)) / 1000) }
      add("error", 40) { .boolean($0.chance(30)) }
      add("mixed", 80) { (random) in
        switch Int.random(in: 0..<4, using: &random) {
        case 0: .string(["1", "2.5", "x", "true"].randomElement(using: &random) ?? "")
        case 1: .integer(Int64.random(in: 0...3, using: &random))
        case 2: .float(Double(Int.random(in: 0...6, using: &random)) / 2)
        default: .boolean(random.chance(50))
        }
      }
      add("SampleRate", 30) { .integer(Int64([1, 2, 10].randomElement(using: &$0) ?? 1)) }
      add("span.kind", 50) { .string(["server", "client"].randomElement(using: &$0) ?? "") }
      add("type", 20) { .string(["server", "odd"].randomElement(using: &$0) ?? "") }
      add("trace.trace_id", 60) { .string("0000000000000000000000000000000\(Int.random(in: 1...5, using: &$0))") }
      add("trace.parent_id", 30) { .string("000000000000000\(Int.random(in: 1...3, using: &$0))") }
      return TestEvent(
        1_000_000 + Int64.random(in: 0..<1000, using: &random), fields,
        dataset: ["web", "api", "db"].randomElement(using: &random) ?? "", environment: random.chance(90) ? "default" : "other")
    }
  }

  private static let columns = [
    "name", "status", "wide", "ratio", "duration_ms", "error", "mixed", "type", "dataset", "is_root", "trace.trace_id",
    "trace.parent_id", "missing", "timestamp", "SampleRate",
  ]

  static func plan(_ random: inout SeededGenerator) -> Plan {
    let time =
      random.chance(30)
      ? TimeRange.everything
      : TimeRange(
        startUnixNanoseconds: 1_000_000 + Int64.random(in: -10..<600, using: &random),
        endUnixNanoseconds: 1_000_000 + Int64.random(in: 600...1100, using: &random))
    let datasets = random.chance(60) ? DatasetScope.all : .named(["web", "db"])
    var breakdowns: [String] = []
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let name = columns.randomElement(using: &random) ?? "name"
      if !breakdowns.contains(name) { breakdowns.append(name) }
    }
    var calculations = (0..<Int.random(in: 1...4, using: &random)).map { _ in calculation(&random) }
    if random.chance(50) { for index in calculations.indices where random.chance(60) { giveFilter(&calculations[index], index, &random) } }
    let formulas = random.chance(30) ? [formula(calculations, &random)] : []
    var havings: [Having] = []
    if random.chance(20), let formula = formulas.first { havings.append(Having(.formula(formula.name), .less, Double(Int.random(in: -2...3, using: &random)))) }
    if random.chance(20) { havings.append(Having(calculations[0], .greater, Double(Int.random(in: -2...20, using: &random)))) }
    let hasSeries = time != .everything && random.chance(50)
    return Plan(
      scope: Scope(environment: "default", datasets: datasets, time: time), filter: filter(&random, depth: 0),
      breakdowns: breakdowns, calculations: calculations, formulas: formulas, havings: havings, limit: random.chance(30) ? 3 : 1000,
      granularityNanoseconds: hasSeries ? Int64([7, 50, 100, 2000].randomElement(using: &random) ?? 50) : nil)
  }

  private static func calculation(_ random: inout SeededGenerator) -> Calculation {
    let operations: [CairnPlan.Operation] = [
      .count, .sum, .average, .minimum, .maximum, .countDistinct, .percentile(perMille: 500), .percentile(perMille: 990),
    ]
    let operation = operations.randomElement(using: &random) ?? .count
    if operation == .count, random.chance(50) { return .count }
    return Calculation(operation, column: columns.randomElement(using: &random))
  }

  private static func giveFilter(_ calculation: inout Calculation, _ index: Int, _ random: inout SeededGenerator) {
    calculation.label = "calculation \(index)"
    calculation.filter = filter(&random, depth: 1)
  }

  private static func formula(_ calculations: [Calculation], _ random: inout SeededGenerator) -> ResultFormula {
    func term(_ random: inout SeededGenerator) -> Formula {
      random.chance(20) ? .constant(.integer(Int64.random(in: 0...2, using: &random))) : .column((calculations.randomElement(using: &random) ?? .count).name)
    }
    let functions: [FormulaFunction] = [.divide, .subtract, .multiply, .sum, .maximum, .coalesce, .greater]
    let inner = Formula.call(functions.randomElement(using: &random) ?? .sum, [term(&random), term(&random)])
    return ResultFormula(name: "formula", formula: random.chance(50) ? inner : .call(.divide, [inner, term(&random)]))
  }

  static func filter(_ random: inout SeededGenerator, depth: Int) -> Filter {
    if depth == 0, random.chance(20) { return .everything }
    if depth < 3, random.chance(40) {
      let parts = (0..<Int.random(in: 0...3, using: &random)).map { _ in filter(&random, depth: depth + 1) }
      switch Int.random(in: 0..<3, using: &random) {
      case 0: return .all(parts)
      case 1: return .any(parts)
      default: return .not(parts.first ?? .everything)
      }
    }
    let column = columns.randomElement(using: &random) ?? "name"
    switch Int.random(in: 0..<6, using: &random) {
    case 0: return .exists(column: column)
    case 1: return .oneOf(column: column, (0..<Int.random(in: 0...3, using: &random)).map { _ in value(&random) })
    case 2:
      let text = ["", "e", "t", "2", "00", "true", "-1", "."].randomElement(using: &random) ?? ""
      return .text(column: column, TextMatch.allCases.randomElement(using: &random) ?? .contains, text)
    default:
      return .compare(column: column, Comparison.allCases.randomElement(using: &random) ?? .equal, value(&random))
    }
  }

  private static func value(_ random: inout SeededGenerator) -> FieldValue {
    let values: [FieldValue] = [
      .string("get"), .string("post"), .string("200"), .string("2.5"), .string("true"), .string("server"), .string("web"), .string(""),
      .integer(200), .integer(2), .integer(0), .integer(-1), .integer(1_000_300), .float(2.5), .float(0.5), .float(-3), .float(2500.25),
      .boolean(true), .boolean(false), .string("00000000000000000000000000000002"), .string("0000000000000002"),
    ]
    return values.randomElement(using: &random) ?? .integer(0)
  }
}

extension Plan {
  /// Names of calculations, then of formulas.
  var resultNames: [String] { calculations.map(\.name) + formulas.map(\.name) }
}
