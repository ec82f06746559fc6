// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnXRay
import Testing

@Suite struct SamplingBooksTests {
  private func report(_ client: Int, requests: Int64 = 100, kept: Int64 = 10) -> SamplingBooks.Report {
    SamplingBooks.Report(rule: "r", client: "client \(client)", requestCount: requests, sampledCount: kept, borrowCount: 0)
  }

  /// Whatever clients come, go and report, the grants that hold at one time never exceed the reservoir.
  @Test(arguments: [1, 3, 10, 50] as [Int64]) func grantsNeverExceedTheReservoir(_ reservoir: Int64) {
    var books = SamplingBooks()
    var grants: [Int: SamplingBooks.Grant] = [:]
    var seed: UInt64 = 7
    for step in 0..<2_000 {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let client = Int(seed >> 33) % 7
      let now = Int64(step) * 3
      grants[client] = books.take(report(client, requests: Int64(seed >> 40) % 500), reservoir: reservoir, now: now)
      let held = grants.values.filter { $0.endUnixSeconds > now }.reduce(0) { $0 + $1.quota }
      #expect(held <= reservoir, "step \(step)")
    }
  }

  @Test func clientsShareByDemandOnceAllHaveReported() {
    var books = SamplingBooks()
    for now in [0, 10, 20, 30] as [Int64] {
      _ = books.take(report(1, requests: 300), reservoir: 40, now: now)
      _ = books.take(report(2, requests: 100), reservoir: 40, now: now)
    }
    #expect(books.take(report(1, requests: 300), reservoir: 40, now: 40).quota == 30)
    #expect(books.take(report(2, requests: 100), reservoir: 40, now: 40).quota == 10)
    #expect(books.clientCount("r", now: 40) == 2)
    // The second one is gone: the first gets all of it, when the other's grant has ended.
    #expect(books.take(report(1, requests: 300), reservoir: 40, now: 80).quota == 40)
  }

  @Test func reportsMakeWindowsAndWeights() {
    var books = SamplingBooks()
    _ = books.take(report(1, requests: 80, kept: 8), reservoir: 1, now: 101)
    _ = books.take(report(2, requests: 20, kept: 2), reservoir: 1, now: 108)
    #expect(books.windows.first?.windows == [window(100, 100, 10)])
    #expect(books.weight("r", now: 110) == 10)
    #expect(books.weight("r", now: 10_000) == 1 && books.weight("other", now: 110) == 1)
    #expect(books.weights(now: 110) == ["r": 10])
  }

  private func window(_ start: Int64, _ requests: Int64, _ kept: Int64) -> SamplingBooks.Window {
    var books = SamplingBooks()
    let report = SamplingBooks.Report(rule: "w", client: "c", requestCount: requests, sampledCount: kept, borrowCount: 0)
    _ = books.take(report, reservoir: 0, now: start)
    return books.windows[0].windows[0]
  }

  @Test func aBoostRestsAfterItsTime() {
    var books = SamplingBooks()
    let boost = SamplingRule.Boost(maximumRate: 0.9, cooldownMinutes: 2)
    #expect(books.boost("r", boost, anomalyCount: 0, sampledAnomalyCount: 0, now: 0) == nil)
    #expect(books.boost("r", boost, anomalyCount: 5, sampledAnomalyCount: 1, now: 0)?.endUnixSeconds == 60)
    #expect(books.boost("r", boost, anomalyCount: 5, sampledAnomalyCount: 1, now: 30)?.rate == 0.9)
    #expect(books.boost("r", boost, anomalyCount: 5, sampledAnomalyCount: 1, now: 100) == nil)
    #expect(books.boost("r", boost, anomalyCount: 5, sampledAnomalyCount: 1, now: 180) != nil)
  }

  @Test func aRuleIsReadAndWritten() throws {
    let text = """
      {"RuleName":"a","ResourceARN":"*","Priority":7,"FixedRate":0.25,"ReservoirSize":3,"ServiceName":"shop","ServiceType":"*","Host":"h?",
      "HTTPMethod":"GET","URLPath":"/x/*","Version":1,"Attributes":{"k":"v"},"SamplingRateBoost":{"MaxRate":0.5,"CooldownWindowMinutes":9}}
      """
    let rule = try SamplingRule(creating: try JSONValue(parsing: text))
    var writer = JSONWriter()
    rule.write(to: &writer, arn: "arn")
    #expect(SamplingRule(stored: try JSONValue(parsing: writer.finish())) == rule)
    #expect(SamplingRule.comesBefore(rule, .standard))
  }

  @Test(arguments: ["FixedRate", "Priority", "ReservoirSize", "Host"]) func whatIsMissingIsNamed(_ member: String) throws {
    var members = try #require(try JSONValue(parsing: "{\"RuleName\":\"a\",\"ResourceARN\":\"*\",\"Priority\":7,\"FixedRate\":0.25,\"ReservoirSize\":3,\"ServiceName\":\"*\",\"ServiceType\":\"*\",\"Host\":\"*\",\"HTTPMethod\":\"*\",\"URLPath\":\"*\",\"Version\":1}").members)
    members.removeAll { $0.name == member }
    #expect(throws: SamplingRule.Problem.self) { try SamplingRule(creating: .object(members)) }
  }
}
