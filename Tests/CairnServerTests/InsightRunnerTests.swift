// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnPlan
import CairnXRay
import Synchronization
import Testing

@testable import CairnServer

@Suite struct InsightRunnerTests {
  private let minute = InsightWatch.stepNanoseconds

  private func graph(_ minutes: Range<Int64>, failing: Range<Int64>) -> ServiceGraphAnswer {
    let buckets = minutes.map { (number) in
      var statistics = CallStatistics()
      statistics.faultCount = failing.contains(number) ? 50 : 0
      statistics.okCount = 100 - statistics.faultCount
      return CallBucket(startUnixNanoseconds: number * minute, statistics: statistics, histogram: CallHistogram())
    }
    let node = ServiceGraphAnswer.Node(
      identity: .init(name: "api", type: nil), isInferred: false, isRoot: true, startUnixNanoseconds: 0, endUnixNanoseconds: 0,
      statistics: CallStatistics(), histogram: CallHistogram(), buckets: buckets)
    return ServiceGraphAnswer(nodes: [node], edges: [], traceCount: 1, info: ReadingInfo())
  }

  /// The clock is the test's: a failing service opens an insight, three calm minutes close it, a minute is judged once, and the API tells it.
  @Test func anInsightLivesByTheServersClock() async throws {
    let now = Mutex<Int64>(0)
    let store = FakeStore()
    let catalog = try Catalog()
    var parts = ServerParts(store: store, catalog: catalog)
    parts.clock = WallClock { now.withLock { $0 } }
    let state = ServerState(settings: Settings(), parts: parts, limits: WireLimits())
    let runner = InsightRunner(state: state)
    for number in Int64(1_030)..<1_040 {
      now.withLock { $0 = number * minute + 20_000_000_000 }
      store.script.withLock { $0.graph = graph(1_000..<number, failing: 1_031..<1_034) }
      await runner.tick()
      await runner.tick()
    }
    let all = try catalog.xrayInsights(environment: "default", group: "Default", from: 0, to: .max)
    #expect(all.count == 1)
    let record = try #require(all.first)
    #expect(record.startUnixNanoseconds == 1_031 * minute && record.endUnixNanoseconds == 1_037 * minute)
    let insight = try #require(Insight(record))
    #expect(insight.rootCause.name == "api" && insight.rootCauseRequests.faultCount == 150)
    #expect(try catalog.xrayInsightEvents(id: record.id).count == 6)
    let plans = store.log.withLock { $0.graphs }
    #expect(plans.count == 10 && plans.allSatisfy { $0.granularityNanoseconds == minute && $0.time.durationNanoseconds == 60 * minute })
  }

  @Test func groupsWithoutInsightsAreLeftAlone() async throws {
    let store = FakeStore()
    let catalog = try Catalog()
    var standard = XRayGroups.standard("default")
    standard.hasInsights = false
    try catalog.saveXRayGroup(standard)
    var parts = ServerParts(store: store, catalog: catalog)
    parts.clock = WallClock { 600_000_000_000 }
    await InsightRunner(state: ServerState(settings: Settings(), parts: parts, limits: WireLimits())).tick()
    #expect(store.log.withLock { $0.graphs.isEmpty })
  }
}
