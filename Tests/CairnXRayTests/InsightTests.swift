// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnPlan
import CairnXRay
import Testing

@Suite struct InsightTests {
  private let step = InsightWatch.stepNanoseconds

  private func statistics(_ total: Int64, _ faults: Int64) -> CallStatistics {
    var statistics = CallStatistics()
    statistics.okCount = total - faults
    statistics.faultCount = faults
    return statistics
  }

  /// `web` calls `api` calls `table`; by minute the faults in a hundred requests of each.
  private func graph(_ minutes: Range<Int>, web: [Int: Int64] = [:], api: [Int: Int64] = [:], table: [Int: Int64] = [:]) -> ServiceGraphAnswer {
    func buckets(_ faults: [Int: Int64]) -> [CallBucket] {
      minutes.map { CallBucket(startUnixNanoseconds: Int64($0) * step, statistics: statistics(100, faults[$0] ?? 0), histogram: CallHistogram()) }
    }
    func node(_ name: String, _ type: String?, _ faults: [Int: Int64]) -> ServiceGraphAnswer.Node {
      ServiceGraphAnswer.Node(
        identity: .init(name: name, type: type), isInferred: type != nil, isRoot: name == "web", startUnixNanoseconds: 0, endUnixNanoseconds: 0,
        statistics: CallStatistics(), histogram: CallHistogram(), buckets: buckets(faults))
    }
    func edge(_ source: Int?, _ target: Int, _ faults: [Int: Int64]) -> ServiceGraphAnswer.Edge {
      ServiceGraphAnswer.Edge(
        source: source, target: target, isQueued: false, startUnixNanoseconds: 0, endUnixNanoseconds: 0, statistics: CallStatistics(),
        histogram: CallHistogram(), ageHistogram: CallHistogram(), aliases: [], buckets: buckets(faults))
    }
    return ServiceGraphAnswer(
      nodes: [node("api", nil, api), node("table", "AWS::DynamoDB::Table", table), node("web", nil, web)],
      edges: [edge(nil, 2, web), edge(2, 0, api), edge(0, 1, table)], traceCount: 1, info: ReadingInfo())
  }

  private func evaluate(_ graph: ServiceGraphAnswer, _ minute: Int, _ open: [Insight] = []) -> [(insight: Insight, event: Insight.Event)] {
    InsightWatch(graph, bucketUnixNanoseconds: Int64(minute) * step).evaluate(open) { "new" }
  }

  @Test func theBandHoldsWhatIsUsualAndNotWhatIsNot() {
    var band = FaultBand()
    for faults in [1, 0, 2, 1, 1, 0, 1, 2, 0, 1] as [Int64] { band.add(faultCount: faults, totalCount: 100) }
    #expect(band.counts(of: 100).contains(1) && band.counts(of: 100).contains(4))
    #expect(!band.counts(of: 100).contains(20))
    #expect(band.counts(of: 1_000).upperBound < 60)
    let before = band.expectedRate
    for _ in 0..<5 { band.add(faultCount: 80, totalCount: 100) }
    #expect(band.expectedRate < before + 0.1)
  }

  @Test func aQuietHourOpensNothing() {
    let noise: [Int: Int64] = [3: 1, 9: 2, 17: 1, 22: 2, 28: 1, 29: 2]
    #expect(evaluate(graph(0..<30, web: noise, api: noise), 29).isEmpty)
    // Two faults are no news, and five minutes are needed for a past.
    #expect(evaluate(graph(0..<30, web: [29: 2]), 29).isEmpty)
    #expect(evaluate(graph(0..<4, web: [3: 90]), 3).isEmpty)
  }

  @Test func theDeepestAnomalousServiceIsTheRootCause() throws {
    let found = evaluate(graph(0..<30, web: [29: 30], api: [29: 35], table: [29: 40]), 29)
    let insight = try #require(found.first?.insight)
    #expect(found.count == 1 && insight.isOpen)
    #expect(insight.rootCause == .init(name: "table", type: "AWS::DynamoDB::Table"))
    #expect(insight.anomalous.map(\.name) == ["table", "api", "web"])
    #expect(insight.clients.faultCount == 30 && insight.clients.totalCount == 100)
    #expect(insight.rootCauseRequests.faultCount == 40)
    #expect(found[0].event.summary.contains("40 faults in 100 requests"))
  }

  @Test func anInsightGoesOnAndClosesWhenItsCauseIsCalm() throws {
    let faults = Dictionary(uniqueKeysWithValues: (30..<35).map { ($0, Int64(40)) })
    var open = evaluate(graph(0..<31, api: faults), 30).map(\.insight)
    #expect(open.count == 1)
    for minute in 31..<37 {
      open = evaluate(graph(0..<(minute + 1), api: faults), minute, open).map(\.insight)
      #expect(open.count == 1 && open[0].isOpen, "minute \(minute)")
    }
    #expect(open[0].rootCauseRequests.faultCount == 200 && open[0].rootCauseRequests.totalCount == 700)
    let closed = try #require(evaluate(graph(0..<38, api: faults), 37, open).first?.insight)
    #expect(closed.endUnixNanoseconds == 38 * step)
    #expect(closed.startUnixNanoseconds == 30 * step)
  }

  @Test func theCauseMovesDownAndIsNotOpenedTwice() throws {
    let first = evaluate(graph(0..<31, api: [30: 40]), 30).map(\.insight)
    let second = evaluate(graph(0..<32, api: [30: 40, 31: 40], table: [31: 50]), 31, first)
    #expect(second.map(\.insight.rootCause.name) == ["table"])
    let other = evaluate(graph(0..<32, web: [31: 60], api: [30: 40]), 31, first)
    #expect(other.map(\.insight.rootCause.name).sorted() == ["api", "web"])
  }

  @Test func whatTheCatalogKeepsComesBack() throws {
    let insight = try #require(evaluate(graph(0..<30, web: [29: 30], table: [29: 40]), 29).first?.insight)
    let details = try JSONValue(parsing: insight.details.bytes)
    let back = Insight(
      id: insight.id, start: insight.startUnixNanoseconds, end: nil, updated: insight.updatedUnixNanoseconds, details: details)
    #expect(back == insight)
    #expect(Insight(id: "x", start: 0, end: nil, updated: 0, details: .object([])) == nil)
  }
}
