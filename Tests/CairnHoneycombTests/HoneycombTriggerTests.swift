// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnPlan
import Testing

@testable import CairnHoneycomb

@Suite struct HoneycombTriggerTests {
  private static let whole = #"""
    {"name": "slow", "query": {"calculations": [{"op": "P95", "column": "duration_ms"}], "breakdowns": ["http.route"], "time_range": 600},
     "threshold": {"op": ">", "value": 500}, "frequency": 300}
    """#

  private static func trigger(_ changes: String = "{}") throws -> HoneycombTrigger {
    let (base, added) = (try JSONValue(parsing: whole).members ?? [], try JSONValue(parsing: changes).members ?? [])
    let members = base.filter { (member) in !added.contains { $0.name == member.name } } + added
    return try HoneycombTrigger(parsing: .object(members), id: "t", dataset: "shop", nowUnixNanoseconds: 0)
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    var trigger = try Self.trigger(#"""
      {"description": "d", "alert_type": "on_true", "disabled": true, "recipients": [{"id": "r"}], "tags": [{"key": "team", "value": "x"}],
       "threshold": {"op": "<=", "value": 0.5, "exceeded_limit": 3}, "evaluation_schedule_type": "window",
       "evaluation_schedule": {"window": {"days_of_week": ["friday", "monday"], "start_time": "22:30", "end_time": "06:05"}}}
      """#)
    trigger.queryID = "q"
    var writer = JSONWriter()
    trigger.write(to: &writer)
    var again = try HoneycombTrigger(parsing: try JSONValue(parsing: writer.finish()), id: "t", dataset: "shop", nowUnixNanoseconds: 0)
    again.queryID = "q"
    #expect(again == trigger)
  }

  @Test(arguments: [
    ("{\"name\": \"\"}", "name"), (#"{"threshold": {"op": "=", "value": 1}}"#, "threshold.op"), (#"{"threshold": null}"#, "threshold"),
    (#"{"threshold": {"op": ">", "value": "1"}}"#, "threshold.value"), (#"{"threshold": {"op": ">", "value": 1, "exceeded_limit": 6}}"#, "threshold.exceeded_limit"),
    (#"{"frequency": 59}"#, "frequency"), (#"{"frequency": 90}"#, "frequency"), (#"{"frequency": 120}"#, "query"), (#"{"alert_type": "always"}"#, "alert_type"),
    (#"{"query": null}"#, "query"), (#"{"query": {"calculations": [{"op": "HEATMAP", "column": "a"}], "time_range": 600}}"#, "query"),
    (#"{"query": {"calculations": [{"op": "COUNT"}, {"op": "SUM", "column": "a"}], "time_range": 600}}"#, "query"),
    (#"{"query": {"calculations": [{"op": "COUNT", "name": "a"}, {"op": "CONCURRENCY", "name": "b"}], "formulas": [{"name": "f", "expression": "$a"}]}}"#, "query"),
    (#"{"query": {"formulas": [{"name": "f", "expression": "$COUNT"}, {"name": "g", "expression": "1"}]}}"#, "query"),
    (#"{"query": {"calculations": [{"op": "COUNT"}, {"op": "SUM", "column": "a"}], "havings": [{"calculate_op": "COUNT", "op": ">", "value": 1}, {"calculate_op": "COUNT", "op": "<", "value": 9}]}}"#, "query"),
    (#"{"query": {"time_range": 600, "compare_time_offset_seconds": 3600}}"#, "query"),
    (#"{"query": {"start_time": 1, "time_range": 600}}"#, "query"), (#"{"recipients": [{"type": "email"}]}"#, "recipients[0]"),
    (#"{"evaluation_schedule_type": "window"}"#, "evaluation_schedule"), (#"{"baseline_details": {"type": "value"}}"#, "baseline_details.offset_minutes"),
    (#"{"evaluation_schedule": {"window": {"days_of_week": ["someday"], "start_time": "9:00", "end_time": "24:00"}}}"#, "evaluation_schedule.window.days_of_week"),
  ])
  func whatIsWrongIsNamed(_ changes: String, _ field: String) throws {
    let error = #expect(throws: HoneycombError.self) { try Self.trigger(changes) }
    #expect(error?.details.map(\.field).contains(field) == true)
  }

  @Test func theThresholdIsAboutTheFormulaOrTheCalculationThatNoHavingIsAbout() throws {
    var answer = Answer()
    answer.columns = [AnswerColumn(name: "route", kind: .breakdown, type: .string, values: [.string("/a"), .string("/b"), .string("/c")])]
    for (name, kind, values) in [("failed", .calculation, [60, 5, 0]), ("COUNT", .calculation, [100, 100, 0]), ("rate", .formula, [0.6, 0.05, nil])] as [(String, AnswerColumn.Kind, [Double?])] {
      answer.columns.append(AnswerColumn(name: name, kind: kind, type: .float, values: values.map { $0.map { .float($0) } }))
    }
    let query = #""breakdowns": ["route"], "calculations": [{"op": "COUNT", "name": "failed", "filters": [{"column": "error", "op": "exists"}]}, {"op": "COUNT"}]"#
    let threshold = #""threshold": {"op": ">", "value": 0.5}"#
    let rate = try Self.trigger(#"{"query": {\#(query), "formulas": [{"name": "rate", "expression": "DIV($failed, $COUNT)"}]}, \#(threshold)}"#)
    let verdict = TriggerVerdict(rate, answer)
    #expect(verdict.exceeding.map(\.result) == [0.6] && verdict.groups.count == 2)
    #expect(verdict.exceeding.first?.values == [.string("/a")])
    let busy = try Self.trigger(#"{"query": {\#(query), "havings": [{"calculate_op": "COUNT", "op": ">", "value": 10}]}, \#(threshold)}"#)
    #expect(TriggerVerdict(busy, answer).groups.map(\.result) == [60, 5, 0])
  }

  @Test func aQueryWithoutATimeIsOfTheFrequency() throws {
    #expect(try Self.trigger(#"{"query": {"calculations": [{"op": "COUNT"}]}}"#).query.time.durationNanoseconds == 300_000_000_000)
  }

  @Test func theWindowIsOfTheWeekInUTC() throws {
    // 1970-01-01 was a Thursday.
    let hour: Int64 = 3_600_000_000_000
    let window = { (start: String, end: String) in
      try Self.trigger(
        #"{"evaluation_schedule_type": "window", "evaluation_schedule": {"window": {"days_of_week": ["thursday"], "start_time": "\#(start)", "end_time": "\#(end)"}}}"#)
    }
    let day = try window("09:00", "17:00")
    #expect([0, 8, 9, 16, 17, 33].map { day.isScheduled(atUnixNanoseconds: $0 * hour) } == [false, false, true, true, false, false])
    let night = try window("22:00", "02:00")
    #expect([0, 1, 22, 23, 24, 25, 26, 46].map { night.isScheduled(atUnixNanoseconds: $0 * hour) } == [false, false, true, true, true, true, false, false])
    // One that ends when it starts is a whole day: Honeycomb's document has the end on the next day.
    let whole = try window("09:00", "09:00")
    #expect([8, 9, 23, 24, 32, 33].map { whole.isScheduled(atUnixNanoseconds: $0 * hour) } == [false, true, true, true, true, false])
  }

  @Test func aBaselineComparesWhatIsThereWithWhatWas() throws {
    let trigger = try Self.trigger(
      #"{"query": {"calculations": [{"op": "COUNT"}], "breakdowns": ["r"]}, "threshold": {"op": "<=", "value": -50}, "baseline_details": {"type": "percentage", "offset_minutes": 1440}}"#)
    let answer = { (names: [String], counts: [Int64]) in
      var answer = Answer()
      answer.columns = [
        AnswerColumn(name: "r", kind: .breakdown, type: .string, values: names.map { .string($0) }),
        AnswerColumn(name: "COUNT", kind: .calculation, type: .integer, values: counts.map { .integer($0) }),
      ]
      return answer
    }
    var earlier = answer(["a", "b", "c"], [10, 10, 10])
    let now = answer(["a", "b", "new"], [5, 6, 3])
    #expect(TriggerVerdict(trigger, now, earlier: earlier).exceeding.map(\.values) == [[.string("c")], [.string("a")]])
    // What was left out of an answer for want of room is not known to be gone.
    earlier.info.isTruncated = true
    #expect(TriggerVerdict(trigger, now, earlier: earlier).exceeding.map(\.values) == [[.string("a")]])
  }

  @Test func aVerdictNamesTheGroupsThatAreBeyond() throws {
    let trigger = try Self.trigger()
    var answer = Answer()
    answer.columns = [
      AnswerColumn(name: "http.route", kind: .breakdown, type: .string, values: [.string("/a"), nil, .string("/c")]),
      AnswerColumn(name: "P95(duration_ms)", kind: .calculation, type: .float, values: [.float(700.25), .float(500), nil]),
    ]
    let verdict = TriggerVerdict(trigger, answer)
    #expect(verdict.groups.count == 2 && verdict.exceeding.map(\.result) == [700.25])
    #expect(verdict.text(trigger) == "Currently greater than threshold value (500) for http.route:/a (value 700.25)")
    let body = try JSONValue(parsing: verdict.webhookBody(trigger, environment: "e", resultURL: "r", triggerURL: "t", isTest: false))
    #expect(body["result_groups"]?.array?.count == 2)
    #expect(body["result_groups_triggered"]?.array?.first?["Group"]?["http.route"]?.string == "/a")
  }

  @Test func nothingCountsAsZeroAndHasNoOtherValue() throws {
    let count = try Self.trigger(#"{"query": {"calculations": [{"op": "COUNT"}]}, "threshold": {"op": "<", "value": 1}}"#)
    #expect(TriggerVerdict(count, Answer()).exceeding.count == 1)
    let latency = try Self.trigger(#"{"query": {"calculations": [{"op": "P95", "column": "d"}]}, "threshold": {"op": "<", "value": 1}}"#)
    #expect(TriggerVerdict(latency, Answer()).exceeding.isEmpty)
  }

  @Test(arguments: [
    (#"{"type": "slack", "details": {"slack_channel": "ops"}}"#, "type"), (#"{"type": "webhook", "details": {"webhook_name": "x"}}"#, "details.webhook_url"),
    (#"{"type": "email", "details": {"email_address": "nobody"}}"#, "details.email_address"), (#"{"details": {}}"#, "type"),
    (#"{"type": "webhook", "details": {"webhook_name": "x", "webhook_url": "u", "webhook_headers": [{"header": "Host", "value": "x"}]}}"#, "details.webhook_headers[0].header"),
    (#"{"type": "webhook", "details": {"webhook_name": "x", "webhook_url": "u", "webhook_headers": [{"header": "X-A", "value": "a\r\nb"}]}}"#, "details.webhook_headers[0].value"),
  ])
  func recipientsThatCannotBeToldAreRefused(_ text: String, _ field: String) throws {
    let json = try JSONValue(parsing: text)
    let error = #expect(throws: HoneycombError.self) { try HoneycombRecipient(parsing: json, id: "r", nowUnixNanoseconds: 0) }
    #expect(error?.details.map(\.field).contains(field) == true)
  }
}
