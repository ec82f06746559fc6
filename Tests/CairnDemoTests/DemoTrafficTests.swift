// SPDX-License-Identifier: Apache-2.0
import CairnDemo
import Testing

struct DemoTrafficTests {
  @Test func sameSeedSameBytes() {
    #expect(traffic(seed: 7, rate: 5, seconds: 70) == traffic(seed: 7, rate: 5, seconds: 70))
    #expect(traffic(seed: 7, rate: 5, seconds: 5) != traffic(seed: 8, rate: 5, seconds: 5))
  }

  @Test func sameSeedLaterIsTheSamePictureInOtherTraces() throws {
    let first = try spans(traffic(seed: 7, rate: 5, seconds: 10))
    let second = try spans(traffic(seed: 7, rate: 5, seconds: 10, start: 1_795_399_999))
    #expect(first.map(\.name) == second.map(\.name))
    #expect(first.map(\.milliseconds) == second.map(\.milliseconds))
    #expect(Set(first.map(\.trace)).isDisjoint(with: second.map(\.trace)))
  }

  @Test func everyBodyParsesAndIsBounded() throws {
    let bodies = traffic(seed: 3, rate: 8, seconds: 130)
    #expect(Set(bodies.map(\.signal)) == Set(DemoSignal.allCases))
    for body in bodies {
      #expect(body.itemCount > 0)
      #expect(body.signal == .metrics || body.itemCount < 560)
      #expect(body.bytes.count < 2_000_000)
      #expect(body.path == "/v1/\(body.signal.rawValue)")
      if body.signal != .metrics { #expect(try items(body).count == body.itemCount) }
    }
  }

  @Test func tracesAreWellFormed() throws {
    let all = try spans(traffic(seed: 11, rate: 15, seconds: 60))
    let byTrace = Dictionary(grouping: all, by: \.trace)
    let linkable = Set(all.filter { $0.kind == 4 }.map(\.id))
    #expect(Set(all.map(\.id)).count == all.count)
    for (trace, members) in byTrace {
      #expect(trace.count == 16)
      #expect((6...40).contains(members.count))
      #expect(members.filter(\.parent.isEmpty).count == 1)
      let byID = Dictionary(uniqueKeysWithValues: members.map { ($0.id, $0) })
      for span in members {
        #expect(span.id.count == 8 && span.end >= span.start && !span.name.isEmpty)
        for link in span.links { #expect(linkable.contains(link.span) && link.trace != trace) }
        guard !span.parent.isEmpty else { continue }
        let parent = try #require(byID[span.parent])
        #expect(span.start >= parent.start)
        #expect(span.end <= parent.end || span.isAsync || isUnderAsync(span, byID))
      }
    }
  }

  /// True where the span or one of its ancestors is a consumer, which may end after the one who sent.
  private func isUnderAsync(_ span: WalkedSpan, _ byID: [ArraySlice<UInt8>: WalkedSpan]) -> Bool {
    var place: WalkedSpan? = span
    while let here = place {
      if here.isAsync { return true }
      place = byID[here.parent]
    }
    return false
  }

  @Test func theMicroblogIsAllThere() throws {
    let all = try spans(traffic(seed: 5, rate: 20, seconds: 60))
    #expect(Set(all.compactMap { $0.attributes["service.name"] }).count == 12)
    #expect(Set(all.map(\.kind)) == [1, 2, 3, 4, 5])
    #expect(all.contains { !$0.links.isEmpty && $0.kind == 5 })
    #expect(
      all.contains { $0.eventNames.contains("exception") && ($0.stacktraces.first?.split(separator: "\n").count ?? 0) >= 5 })
    let names = Set(all.flatMap(\.attributes.keys))
    for name in [
      "http.request.method", "http.route", "url.path", "http.response.status_code", "db.system", "db.statement", "user.id",
      "app.version",
      "cloud.region", "cloud.availability_zone", "k8s.pod.name", "host.name", "deployment.environment.name", "messaging.system",
    ] { #expect(names.contains(name)) }
  }

  @Test func aboutOneRequestInAHundredFails() throws {
    let requests = try spans(traffic(seed: 9, rate: 40, seconds: 60)).filter { $0.parent.isEmpty && $0.kind == 2 }
    let share = Double(requests.filter(\.isError).count) / Double(requests.count)
    #expect((0.004...0.02).contains(share), "\(share)")
  }

  @Test func theLoadVaries() throws {
    var source = DemoTraffic(seed: 2, requestsPerSecond: 3, startUnixSecond: 1_795_392_000)
    let counts = (0..<1_500).map { _ in
      (source.nextSecond() + source.flush()).filter { $0.signal == .traces }.map(\.itemCount).reduce(0, +)
    }
    let minutes = stride(from: 0, to: 1_500, by: 60).map { counts[$0..<$0 + 60].reduce(0, +) }
    #expect(Double(try #require(minutes.max())) > 1.4 * Double(try #require(minutes.min())))
    #expect(!counts.contains(0))
  }

  @Test func logsCarryTracesAndSomeNone() throws {
    let bodies = traffic(seed: 4, rate: 20, seconds: 60)
    let traces = Set(try spans(bodies).map(\.trace))
    let records = try bodies.filter { $0.signal == .logs }.flatMap(items).map { try fields($0.item) }
    let inTraces = records.filter { !$0.messages(9).isEmpty }
    #expect(inTraces.allSatisfy { traces.contains($0.messages(9)[0]) && $0.messages(10).first?.count == 8 })
    #expect(records.count > inTraces.count)
    #expect(Set(records.map { $0.number(2) }).isSuperset(of: [5, 9, 13, 17]))
    #expect(try records.contains { try $0.attributes(6)["exception.stacktrace"] != nil })
  }

  @Test func metricsComeOnceAMinute() throws {
    let bodies = traffic(seed: 4, rate: 10, seconds: 125).filter { $0.signal == .metrics }
    #expect(bodies.count == 2)
    let metrics = try items(bodies[0]).map { try fields($0.item) }
    #expect(
      Set(metrics.map { $0.text(1) }).isSuperset(of: ["app.requests", "http.server.request.duration", "process.cpu.utilization"]))
    var pointCount = 0
    for metric in metrics {
      for form in [5, 7, 9] { for data in metric.messages(form) { pointCount += try fields(data).messages(1).count } }
    }
    #expect(pointCount == bodies[0].itemCount)
  }
}
