// SPDX-License-Identifier: Apache-2.0
import CairnDemo
import Testing

struct PlantedFaultTests {
  private static let sample = Result { try spans(traffic(seed: 7, rate: 60, seconds: 60)) }
  private let all: [WalkedSpan]

  init() throws { all = try Self.sample.get() }

  private func median(_ spans: [WalkedSpan]) -> Double {
    let sorted = spans.map(\.milliseconds).sorted()
    return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
  }

  private func share(_ part: [WalkedSpan], of whole: [WalkedSpan]) -> Double { Double(part.count) / Double(whole.count) }

  @Test func theCohortIsEightTimesSlowerOnItsPath() {
    let path = all.filter { $0.name == PlantedFault.spanName && $0.kind == 2 }
    let ratio = median(path.filter(\.isCohort)) / median(path.filter { !$0.isCohort })
    #expect((7...9.2).contains(ratio), "\(ratio)")
  }

  @Test func nobodyRunsTheReleaseBeforeItIsOut() throws {
    var source = DemoTraffic(seed: 7, requestsPerSecond: 30, startUnixSecond: 1_795_392_000, releaseUnixSecond: 1_795_392_010)
    let before = (0..<10).flatMap { _ in source.nextSecond() } + source.flush()
    let after = (0..<10).flatMap { _ in source.nextSecond() } + source.flush()
    #expect(try spans(before).allSatisfy { $0.attributes["app.version"] != PlantedFault.version })
    #expect(try spans(after).contains { $0.attributes["app.version"] == PlantedFault.version })
  }

  @Test func theCohortIsThreePercentOfTheTraffic() {
    let requests = all.filter { $0.parent.isEmpty && $0.kind == 2 }
    let found = share(requests.filter(\.isCohort), of: requests)
    #expect((0.024...0.036).contains(found), "\(found)")
  }

  @Test func theCohortIsAsFastAsOthersElsewhere() {
    let elsewhere = all.filter { $0.name == "GET /profile/<user>" && $0.kind == 2 }
    let ratio = median(elsewhere.filter(\.isCohort)) / median(elsewhere.filter { !$0.isCohort })
    #expect((0.7...1.4).contains(ratio), "\(ratio)")
  }

  @Test func whatTakesOverASecondIsTheCohort() {
    let slow = all.filter { $0.milliseconds > 1000 }
    #expect(slow.count > 50)
    #expect(share(slow.filter(\.isCohort), of: slow) > 0.97)
  }

  /// No other field tells the slow requests from the rest as well as the two planted ones.
  @Test func nothingElseCorrelatesAsStrongly() {
    let requests = all.filter { $0.name == PlantedFault.requestName && $0.kind == 2 }
    let slow = requests.filter { $0.milliseconds > 1000 }
    let rest = requests.filter { $0.milliseconds <= 1000 }
    let names = Set(requests.flatMap(\.attributes.keys))
    let gaps = names.map { name in (name: name, gap: gap(name, slow, rest)) }.sorted { $0.gap > $1.gap }
    #expect(Set(gaps.prefix(2).map(\.name)) == ["app.version", "cloud.region"])
    #expect(gaps[1].gap > 0.7 && gaps[2].gap < 0.5, "\(gaps.prefix(4))")
  }

  /// The greatest difference of a value's shares among the spans that have the field, times the share of the slow ones that have it.
  private func gap(_ name: String, _ slow: [WalkedSpan], _ rest: [WalkedSpan]) -> Double {
    let sides = [slow, rest].map { side in side.compactMap { $0.attributes[name] } }
    let counts = sides.map { Dictionary($0.map { ($0, 1.0) }, uniquingKeysWith: +) }
    let coverage = Double(sides[0].count) / Double(max(1, slow.count))
    return Set(sides.joined()).map { value in
      coverage
        * abs((counts[0][value] ?? 0) / Double(max(1, sides[0].count)) - (counts[1][value] ?? 0) / Double(max(1, sides[1].count)))
    }.max() ?? 0
  }

  @Test func everyRegionRunsEveryReleaseInEveryPod() {
    let places = Dictionary(grouping: all) { "\($0.attributes["cloud.region"] ?? "") \($0.attributes["k8s.pod.name"] ?? "")" }
    for (place, spans) in places where spans.count > 150 {
      #expect(Set(spans.compactMap { $0.attributes["app.version"] }).count == 3, "\(place)")
    }
  }
}
