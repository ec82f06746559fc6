// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnColumns
import CairnPlan
import CairnQuery
import TestSupport
import Testing

@Suite struct InsightsRuleTests {
  /// Queries that need more than the common lines.
  static let queries = [
    "pattern @message | diff", "pattern @message | anomaly | display @pattern, @description",
    "filter ispresent(status) | lookup codes code as status OUTPUT meaning, `who, when` as who | display status, meaning, who",
  ]

  @Test func namesColumnsAsTheyWereWritten() async throws {
    func names(_ query: String) async throws -> [String] { try await InsightsFixture.run(query, InsightsFixture.pieces).names }
    #expect(try await names("limit 1") == ["@timestamp", "@message"])
    #expect(try await names("stats count(*), pct(latency, 95) by bin(5m), level") == ["bin(5m)", "level", "count(*)", "pct(latency, 95)"])
    #expect(try await names("fields  latency *2,level as l | limit 1") == ["latency *2", "l"])
    #expect(try await names("pattern @message") == ["@pattern", "@ratio", "@sampleCount", "@severityLabel"])
    #expect(try await names("parse @message '* *' as a, b | limit 1") == ["@timestamp", "@message", "a", "b"])
  }

  @Test func letsTheEngineDoWhatItCan() async throws {
    func step(_ query: String) async throws -> InsightsTask.Step {
      let program = try InsightsProgram(parsing: query)
      var task = InsightsTask(
        program,
        InsightsRequest(
          environment: "default", groups: ["app"], time: .everything, limit: 100, nowUnixNanoseconds: 0, account: "1", known: ["app"],
          logGroups: ["app"]))
      guard case .columns(let scope) = task.step else { return task.step }
      task.take(try await patientEngine.columns(scope, pieces: InsightsFixture.pieces))
      return task.step
    }
    guard case .run(let plan) = try await step("filter level = 'info' | stats count(*), pct(latency, 95) by bin(5m), level") else {
      Issue.record("statistics over columns are a plan")
      return
    }
    #expect(plan.granularityNanoseconds == 300_000_000_000 && plan.breakdowns == ["level"] && plan.calculations.count == 2)
    if case .patterns = try await step("filter @message like 'x' | pattern @message") {} else { Issue.record("patterns are the engine's") }
    guard case .events(let page) = try await step("filter status > 400 and strlen(path) = 2 | fields path") else {
      Issue.record("rows are read")
      return
    }
    #expect(page.filter.columns.contains("status") && Set(page.columns).isSuperset(of: ["path", "status"]))
  }

  /// A time from 1970 on has millions of minutes: the engine is asked for those between the first and the last event.
  @Test func asksForNoBucketsBeforeTheFirstEventAndBehindTheLast() async throws {
    let second: Int64 = 1_000_000_000
    let extent = TimeRange(startUnixNanoseconds: InsightsFixture.start * second, endUnixNanoseconds: (InsightsFixture.start + 3_600) * second)
    func plan(_ time: TimeRange, _ extents: [String: TimeRange]) async throws -> Plan? {
      var request = InsightsRequest(
        environment: "default", groups: ["app"], time: time, limit: 100, nowUnixNanoseconds: 0, account: "1", known: ["app"], logGroups: ["app"])
      request.extents = extents
      var task = InsightsTask(try InsightsProgram(parsing: "stats count(*) by bin(1m)"), request)
      guard case .columns(let scope) = task.step else { return nil }
      task.take(try await patientEngine.columns(scope, pieces: InsightsFixture.pieces))
      guard case .run(let plan) = task.step else { return nil }
      return plan
    }
    let ever = TimeRange(startUnixNanoseconds: 0, endUnixNanoseconds: 9_000_000_000 * second)
    #expect(try await plan(ever, ["app": extent, "other": ever])?.scope.time == extent)
    let half = TimeRange(startUnixNanoseconds: extent.startUnixNanoseconds + 60 * second, endUnixNanoseconds: .max)
    #expect(
      try await plan(half, ["app": extent])?.scope.time
        == TimeRange(startUnixNanoseconds: half.startUnixNanoseconds, endUnixNanoseconds: extent.endUnixNanoseconds))
    // Events that far apart are read, and make the rows that there are.
    #expect(try await plan(ever, ["app": ever]) == nil)
  }

  @Test func comparesWithAnEarlierTime() async throws {
    var lines: [TestEvent] = []
    for second in 0..<200 as Range<Int64> { lines.append(InsightsFixture.line(second, "took \(second) ms")) }
    for second in 200..<600 as Range<Int64> { lines.append(InsightsFixture.line(3600 + second, "took \(second) ms")) }
    lines.append(InsightsFixture.line(3700, "disk full"))
    lines.append(InsightsFixture.line(10, "old news"))
    let pieces = [TestPiece(lines)]
    let diff = try await InsightsFixture.run(Self.queries[0], pieces, seconds: 3600..<7200)
    #expect(
      diff.rows == [
        "took <*> ms|400|200|200|100|100% more than before|None", "disk full|1|0|1|-|New pattern|None",
        "old news|0|1|-1|-100|Pattern no longer seen|None",
      ])
    let anomaly = try await InsightsFixture.run(Self.queries[1], pieces, seconds: 3600..<7200)
    #expect(anomaly.rows == ["disk full|New pattern"])
  }

  @Test func looksReferenceDataUp() async throws {
    let table = try InsightsTable(parsing: "code,meaning,\"who, when\"\n200,fine,\"a \"\"b\"\"\"\r\n404,gone,c\n")
    let found = try await InsightsFixture.run(
      Self.queries[2], InsightsFixture.pieces, tables: ["codes": table])
    #expect(found.rows == ["404|gone|c", "200|fine|a \"b\"", "500|-|-", "200|fine|a \"b\""])
    #expect(throws: InsightsError.self) { try InsightsTable(parsing: "a,b\n1\n") }
    #expect(throws: InsightsError.self) { try InsightsTable(parsing: "a,a\n") }
    #expect(throws: InsightsError.self) { try InsightsTable(parsing: "a\n\"open") }
  }

  @Test func readsSpansAndFieldsInTextsThatBecameNoColumns() async throws {
    let events = [
      TestEvent(InsightsFixture.start * 1_000_000_000, ["name": .string("GET /"), "duration_ms": .float(12.5)], dataset: "web"),
      TestEvent(
        InsightsFixture.start * 1_000_000_000 + 1,
        [FieldName.body: .string(#"{"deep":{"er":[{"x":5}]}}"#), FieldName.signalType: .string("log")], dataset: "web"),
    ]
    let pieces = [TestPiece(events)]
    let spans = try await InsightsFixture.run("SOURCE 'web' | filter duration_ms > 10 | fields name, @message", pieces, groups: [])
    #expect(spans.rows == [#"GET /|{"duration_ms":12.5,"name":"GET /"}"#])
    let lines = try await InsightsFixture.run("filter deep.er.0.x = 5 | fields deep.er.0.x", pieces, groups: ["web"])
    #expect(lines.rows == ["5"])
  }

  @Test func stopsReadingWhenItHasEnough() async throws {
    let lines = (0..<40_000).map { InsightsFixture.line(Int64($0), "line \($0)") }
    let found = try await InsightsFixture.run("fields @message | limit 3", [TestPiece(lines)], seconds: 0..<50_000)
    #expect(found.rows == ["line 39999", "line 39998", "line 39997"])
    #expect(found.task.statistics.recordsScanned < 40_000)
  }

  /// The store cannot know what `parse` finds; a filter behind it counts all the same.
  @Test(arguments: [
    ("parse @message 'line *' as n | filter n < 30 | fields n", 30), ("filter strlen(@message) = 6", 10),
    ("parse @message 'line *' as n | filter n < 30 | stats count(*) by n % 2", 30), ("filter @message like /line 1/ | limit 5", 11),
    ("parse @message 'line *' as n | filter n < 30 | unnest n into m | filter m < 5", 30), ("fields @message", 100),
  ])
  func countsWhatEveryFilterLetThrough(_ query: String, _ count: Int) async throws {
    let lines = (0..<100).map { InsightsFixture.line(Int64($0), "line \($0)") }
    let found = try await InsightsFixture.run(query, [TestPiece(lines)], seconds: 0..<1_000)
    #expect(found.task.statistics.recordsMatched == count && found.task.statistics.recordsScanned >= count)
  }

  @Test func pointsToEvents() async throws {
    let found = try await InsightsFixture.run("filter status = 500", InsightsFixture.pieces)
    #expect(found.task.results.first?.pointer?.isEmpty == false)
    #expect(try await InsightsFixture.run("stats count(*)", InsightsFixture.pieces).task.results.first?.pointer == nil)
  }

  @Test func showsRowsWhileItRuns() async throws {
    let pieces = [TestPiece((0..<5000).map { InsightsFixture.line(Int64($0) % 3000, "line \($0)") })]
    var task = InsightsTask(
      try InsightsProgram(parsing: "fields @message, strlen(@message) as n | sort n desc | limit 10"),
      InsightsRequest(
        environment: "default", groups: ["app"], time: .everything, limit: 100, nowUnixNanoseconds: 0, account: "1", known: ["app"],
        logGroups: ["app"]))
    guard case .columns(let scope) = task.step else {
      Issue.record("columns come first")
      return
    }
    task.take(try await patientEngine.columns(scope, pieces: pieces))
    guard case .events(let page) = task.step else {
      Issue.record("then events")
      return
    }
    task.take(try await patientEngine.events(page, pieces: pieces))
    guard case .events = task.step else {
      Issue.record("there are more")
      return
    }
    #expect(task.results.count == 10 && task.statistics.recordsMatched == 2000)
    try await InsightsFixture.drive(&task, pieces)
    #expect(task.results.count == 10 && task.results.first?.texts[1] == "9")
  }

  // MARK: Against the plan

  /// Random statistics over random lines: the engine's columns and the rows one by one give the same.
  @Test func plansAndRowsAgree() async throws {
    let seed = environmentNumber("CAIRN_SEED").map(UInt64.init) ?? .random(in: 0...UInt64(UInt32.max))
    var random = SeededGenerator(seed: seed)
    for _ in 0..<60 {
      let pieces = (0..<2).map { _ in TestPiece(Self.lines(&random)) }
      let query = Self.query(&random)
      let fast = try await InsightsFixture.run(query, pieces)
      let slow = try await InsightsFixture.run(query, pieces, pushesDown: false)
      #expect(fast.rows.sorted() == slow.rows.sorted(), "CAIRN_SEED=\(seed): \(query)")
    }
  }

  private static func lines(_ random: inout SeededGenerator) -> [TestEvent] {
    (0..<Int.random(in: 1...120, using: &random)).map { _ in
      var members: [String] = []
      if Bool.random(using: &random) { members.append("\"level\":\"\(["info", "warn", "error"].randomElement(using: &random) ?? "")\"") }
      if Bool.random(using: &random) { members.append("\"n\":\(Int.random(in: -5...5, using: &random))") }
      if Bool.random(using: &random) { members.append("\"f\":\(Double(Int.random(in: 0...40, using: &random)) / 4)") }
      if Bool.random(using: &random) { members.append("\"ok\":\(Bool.random(using: &random))") }
      if Bool.random(using: &random) { members.append("\"t\":\"\(Int.random(in: 0...9, using: &random))\"") }
      return InsightsFixture.line(
        Int64.random(in: 0..<3600, using: &random), "{\(members.joined(separator: ","))}",
        stream: Bool.random(using: &random) ? "s1" : nil)
    }
  }

  /// More buckets than the engine makes are no reason to fail: there are few lines.
  @Test(arguments: ["bin(1s)", "bin(1ms)"]) func fewLinesInManyBuckets(bin: String) async throws {
    let lines = TestPiece((0..<12).map { InsightsFixture.line($0 * 60_000, "line") })
    let found = try await InsightsFixture.run("stats count() by \(bin)", [lines], seconds: 0..<700_000)
    #expect(found.rows.count == 12 && found.rows.allSatisfy { $0.hasSuffix("|1") })
  }

  private static func query(_ random: inout SeededGenerator) -> String {
    let conditions = [
      "level = 'info'", "n > 0", "n <= -1", "f < 5.5", "ok = true", "ok = 0", "t = 3", "t > 4", "t != '5'", "level != 'warn'",
      "level like 'r'", "@message like /\"n\":-?[0-3]/", "n in [1, 2, 'x']", "ispresent(f)", "not ispresent(level)", "@logStream = 'default'",
      "n = '1'", "level not in ['info']", "f >= 'a'",
    ]
    let statistics = ["count(*)", "count(n)", "sum(n)", "min(n)", "max(f)", "count_distinct(level)", "sum(f)", "count_distinct(n)", "avg(n)"]
    let groups = ["level", "bin(10m)", "@logStream", "ok", "n", "@log"]
    var parts: [String] = []
    for _ in 0..<Int.random(in: 0...2, using: &random) {
      let pair = [conditions, conditions].map { $0.randomElement(using: &random) ?? "" }
      parts.append("filter " + pair.joined(separator: Bool.random(using: &random) ? " or " : " and "))
    }
    let wanted = (0..<Int.random(in: 1...3, using: &random)).map { "\(statistics.randomElement(using: &random) ?? "") as s\($0)" }
    var stats = "stats " + wanted.joined(separator: ", ")
    let by = Set((0..<Int.random(in: 0...2, using: &random)).map { _ in groups.randomElement(using: &random) ?? "" }).sorted()
    if !by.isEmpty { stats += " by " + by.joined(separator: ", ") }
    return (parts + [stats]).joined(separator: " | ")
  }
}
