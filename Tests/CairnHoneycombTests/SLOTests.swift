// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnHoneycomb
import CairnPlan
import Testing

/// Objectives and burn alerts: what they come to, worked out by hand.
@Suite struct SLOTests {
  private static let minute: Int64 = 60_000_000_000
  private static let day: Int64 = 1440 * minute
  /// The middle of a slot, 100 days after 1970.
  private static let now = 100 * day + 2 * minute

  private static func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: text) }

  private static func slo(target: Int = 990_000, days: Int = 1) throws -> HoneycombSLO {
    let body = try json(#"{"name": "n", "sli": {"alias": "ok"}, "time_period_days": \#(days), "target_per_million": \#(target)}"#)
    return try HoneycombSLO(parsing: body, id: "1", dataset: "shop", nowUnixNanoseconds: 0)
  }

  private static func exhaustion(_ minutes: Int) throws -> HoneycombBurnAlert {
    let body = try json(#"{"exhaustion_minutes": \#(minutes), "slo": {"id": "1"}, "recipients": [{"id": "2"}]}"#)
    return try HoneycombBurnAlert(parsing: body, id: "3", dataset: "shop", nowUnixNanoseconds: 0)
  }

  private static func rate(window: Int, perMillion: Int) throws -> HoneycombBurnAlert {
    let body = try json(
      #"{"alert_type": "budget_rate", "budget_rate_window_minutes": \#(window), "budget_rate_decrease_threshold_per_million": \#(perMillion), "slo": {"id": "1"}, "recipients": [{"id": "2"}]}"#)
    return try HoneycombBurnAlert(parsing: body, id: "3", dataset: "shop", nowUnixNanoseconds: 0)
  }

  /// A ledger of two days; `counts` by minutes before now.
  private static func ledger(_ counts: [(minutesAgo: Int64, good: Double, bad: Double)], days: Int64 = 2) -> SLOLedger {
    var ledger = SLOLedger()
    let end = SLOLedger.slot(now) + 1
    ledger.keep(end - days * 288..<end)
    var bySlot: [Int64: SLOLedger.Counts] = [:]
    for item in counts {
      bySlot[SLOLedger.slot(now - item.minutesAgo * minute), default: .init()].good += item.good
      bySlot[SLOLedger.slot(now - item.minutesAgo * minute), default: .init()].bad += item.bad
    }
    ledger.replace(ledger.slots, bySlot)
    return ledger
  }

  @Test func standsAsWorkedOutByHand() throws {
    // 10,000 events, 1 % may fail: 100; 25 did.
    let standing = Self.ledger([(600, 9975, 25)]).standing(try Self.slo(), atUnixNanoseconds: Self.now)
    #expect(standing.compliance == 99.75)
    #expect(standing.allowed == 100)
    #expect(standing.budgetRemaining == 75)
    #expect(!standing.isExhausted)
  }

  @Test func overspentBudgetsAreBelowZero() throws {
    let standing = Self.ledger([(5, 980, 20)]).standing(try Self.slo(), atUnixNanoseconds: Self.now)
    #expect(standing.budgetRemaining == -100)
    #expect(standing.isExhausted)
  }

  @Test func nothingThatCountsIsNothingThatFails() throws {
    let standing = Self.ledger([]).standing(try Self.slo(), atUnixNanoseconds: Self.now)
    #expect(standing.compliance == 100 && standing.budgetRemaining == 100 && !standing.isExhausted)
    for alert in [try Self.exhaustion(0), try Self.exhaustion(600), try Self.rate(window: 60, perMillion: 1)] {
      #expect(!BurnVerdict(alert, try Self.slo(), Self.ledger([]), nowUnixNanoseconds: Self.now).isMet)
    }
  }

  @Test func aTargetOfAHundredPercentHasNoBudget() {
    #expect(SLOStanding(.init(good: 10, bad: 0), targetPerMillion: 1_000_000).budgetRemaining == 100)
    #expect(SLOStanding(.init(good: 10, bad: 1), targetPerMillion: 1_000_000).budgetRemaining == 0)
    #expect(SLOStanding(.init(good: 10, bad: 1), targetPerMillion: 1_000_000).isExhausted)
    #expect(SLOStanding(.init(good: 0, bad: 5), targetPerMillion: 0).budgetRemaining == 0)
  }

  @Test func thePeriodEndsWithTheSlotOfNowAndBeginsADayBefore() throws {
    let slo = try Self.slo()
    // Now lies 2 minutes into its slot, so the day's first slot begins 24 hours less 3 minutes ago.
    #expect(Self.ledger([(24 * 60 - 4, 0, 1)]).standing(slo, atUnixNanoseconds: Self.now).counts.bad == 1)
    #expect(Self.ledger([(24 * 60 - 3, 0, 1)]).standing(slo, atUnixNanoseconds: Self.now).counts.bad == 1)
    #expect(Self.ledger([(24 * 60 - 2, 0, 1)]).standing(slo, atUnixNanoseconds: Self.now).counts.bad == 0)
    #expect(Self.ledger([(0, 0, 1)]).standing(slo, atUnixNanoseconds: Self.now).counts.bad == 1)
  }

  @Test func exhaustionIsProjectedFromTheLastQuarter() throws {
    // Allowed 100, 40 bad, so 60 are left. An alert of 4 hours looks at the last hour: 12 slots, of which now lies 2 minutes into the last,
    // so 57 minutes; 19 bad in them is one each 3 minutes: 180 minutes left.
    let ledger = Self.ledger([(600, 9960, 21), (30, 0, 19)])
    let verdict = BurnVerdict(try Self.exhaustion(240), try Self.slo(), ledger, nowUnixNanoseconds: Self.now)
    #expect(verdict.standing.allowed == 100)
    let left = verdict.minutesLeft ?? 0
    #expect(abs(left - 180) < 1e-9)
    #expect(verdict.isMet)
    // 1 hour looks at a quarter of an hour, in which nothing failed.
    let short = BurnVerdict(try Self.exhaustion(60), try Self.slo(), ledger, nowUnixNanoseconds: Self.now)
    #expect(short.minutesLeft == nil && !short.isMet)
    // What failed 10 hours ago is not in the quarter of 12 hours.
    let old = BurnVerdict(try Self.exhaustion(720), try Self.slo(), Self.ledger([(600, 9960, 40)]), nowUnixNanoseconds: Self.now)
    #expect(old.minutesLeft == nil && !old.isMet)
  }

  @Test func zeroMinutesMeansSpent() throws {
    #expect(!BurnVerdict(try Self.exhaustion(0), try Self.slo(), Self.ledger([(5, 9901, 99)]), nowUnixNanoseconds: Self.now).isMet)
    #expect(BurnVerdict(try Self.exhaustion(0), try Self.slo(), Self.ledger([(5, 9900, 100)]), nowUnixNanoseconds: Self.now).isMet)
  }

  /// A figure below zero has the sign that the pages write, not a hyphen.
  @Test func aBudgetThatIsOverspentIsToldWithAMinus() throws {
    let alert = try Self.exhaustion(0)
    let overspent = BurnVerdict(alert, try Self.slo(), Self.ledger([(5, 9875, 125)]), nowUnixNanoseconds: Self.now)
    #expect(overspent.text(alert) == "The error budget is spent (budget remaining −25 %)")
    let half = BurnVerdict(alert, try Self.slo(), Self.ledger([(5, 7995, 205)]), nowUnixNanoseconds: Self.now)
    #expect(half.text(alert) == "The error budget is spent (budget remaining −150 %)")
    let spent = BurnVerdict(alert, try Self.slo(), Self.ledger([(5, 9900, 100)]), nowUnixNanoseconds: Self.now)
    #expect(spent.text(alert) == "The error budget is spent (budget remaining 0 %)")
  }

  @Test func aRateIsThePartOfTheWholeBudgetThatTheWindowSpent() throws {
    // Allowed 100; 30 bad, 5 of them in the last hour: 5 % = 50,000 per million.
    let ledger = Self.ledger([(600, 9970, 25), (20, 0, 5)])
    let verdict = BurnVerdict(try Self.rate(window: 60, perMillion: 50_000), try Self.slo(), ledger, nowUnixNanoseconds: Self.now)
    #expect(verdict.spentPerMillion == 50_000 && verdict.isMet)
    #expect(!BurnVerdict(try Self.rate(window: 60, perMillion: 50_001), try Self.slo(), ledger, nowUnixNanoseconds: Self.now).isMet)
  }

  @Test func chartsEndWhereTheStandingIs() throws {
    let slo = try Self.slo()
    let ledger = Self.ledger([(1400, 5000, 0), (700, 4900, 60), (10, 0, 40), (2000, 90, 10)])
    let burn = ledger.burnDown(slo, pointCount: 24, nowUnixNanoseconds: Self.now)
    #expect(burn.count == 24 && burn.first?.value == 100)
    let left = ledger.standing(slo, atUnixNanoseconds: Self.now).budgetRemaining
    #expect(abs((burn.last?.value ?? -1) - left) < 1e-3)
    #expect(zip(burn, burn.dropFirst()).allSatisfy { $0.value >= $1.value })
    let history = ledger.history(slo, pointCount: 24, nowUnixNanoseconds: Self.now)
    #expect(history.last?.value == 99)
    // At first the day before is in the period: 90 good, 10 bad, and 5000 good in the first hour.
    let wanted = 5090.0 / 51
    #expect(abs((history.first?.value ?? 0) - wanted) < 1e-3)
  }

  @Test func countsAreReplacedNotAdded() {
    var ledger = Self.ledger([(0, 5, 1)])
    let slot = SLOLedger.slot(Self.now)
    ledger.replace(slot..<slot + 1, [slot: .init(good: 7, bad: 2)])
    #expect(ledger.counts(ledger.slots) == .init(good: 7, bad: 2))
    ledger.keep(slot + 1..<slot + 10)
    #expect(ledger.counts(ledger.slots) == .init())
  }

  @Test func readsAnAnswerByTruth() {
    var answer = Answer()
    answer.columns = [AnswerColumn(name: "ok", kind: .breakdown, type: .boolean, values: [.boolean(true), .boolean(false), nil, .integer(0)])]
    let step = SLOLedger.slotSeconds * 1_000_000_000
    answer.series = AnswerSeries(startUnixNanoseconds: step * 10, stepNanoseconds: step, bucketCount: 2, resultNames: ["COUNT"], values: [[[3, nil], [nil, 2], [9, 9], [1, 0]]])
    let counts = SLOLedger.counts(answer)
    let known: [Int64: SLOLedger.Counts] = [10: .init(good: 3, bad: 1), 11: .init(good: 0, bad: 2)]
    #expect(counts == known)
  }

  @Test(arguments: [
    (#"{}"#, ["name", "sli.alias", "time_period_days", "target_per_million"]),
    (#"{"name": "n", "sli": {"alias": "a"}, "time_period_days": 0, "target_per_million": 1000000}"#, ["time_period_days", "target_per_million"]),
    (#"{"name": "n", "sli": {"alias": "a"}, "time_period_days": 30, "target_per_million": 99.5}"#, ["target_per_million"]),
    (#"{"name": "n", "sli": "a", "time_period_days": 30, "target_per_million": 1, "x": 1}"#, ["x", "sli", "sli.alias"]),
    (#"{"name": "n", "sli": {"alias": "a"}, "time_period_days": 30, "target_per_million": 1, "dataset_slugs": ["other"]}"#, ["dataset_slugs"]),
  ])
  func refusesObjectives(body: String, fields: [String]) throws {
    let json = try Self.json(body)
    let error = #expect(throws: HoneycombError.self) { try HoneycombSLO(parsing: json, id: "1", dataset: "shop", nowUnixNanoseconds: 0) }
    #expect(error?.details.map(\.field) == fields)
  }

  @Test(arguments: [
    (#"{"slo": {"id": "1"}, "recipients": [{"id": "2"}]}"#, ["exhaustion_minutes"]),
    (#"{"exhaustion_minutes": 5, "recipients": [{"id": "2"}]}"#, ["slo.id"]),
    (#"{"alert_type": "budget_rate", "exhaustion_minutes": 5, "slo": {"id": "1"}, "recipients": [{"id": "2"}]}"#,
     ["exhaustion_minutes", "budget_rate_window_minutes", "budget_rate_decrease_threshold_per_million"]),
    (#"{"alert_type": "budget_rate", "budget_rate_window_minutes": 59, "budget_rate_decrease_threshold_per_million": 0, "slo": {"id": "1"}, "recipients": [{}]}"#,
     ["budget_rate_window_minutes", "budget_rate_decrease_threshold_per_million", "recipients[0]"]),
    (#"{"alert_type": "other", "slo": {"id": "1"}, "recipients": [{"id": "2"}]}"#, ["alert_type"]),
  ])
  func refusesAlerts(body: String, fields: [String]) throws {
    let json = try Self.json(body)
    let error = #expect(throws: HoneycombError.self) { try HoneycombBurnAlert(parsing: json, id: "1", dataset: "shop", nowUnixNanoseconds: 0) }
    #expect(error?.details.map(\.field) == fields)
  }
}
