// SPDX-License-Identifier: Apache-2.0
import CairnPlan
import Testing

@testable import CairnServer

@Suite struct DoorLedgerTests {
  private func rejection(_ reason: String, at time: Int64, environment: String? = nil) -> DoorLedger.Rejection {
    .init(
      environment: environment, door: "otlp-http", method: "POST", path: "/v1/traces", status: 400, reason: reason, client: "c",
      lastUnixMicroseconds: time)
  }

  @Test func countsKindsOfRejectionAndKeepsTheNewestHundred() {
    let ledger = DoorLedger()
    for time in 0..<250 { ledger.rejected(rejection("reason \(time % 125)", at: Int64(time))) }
    let kept = ledger.snapshot(for: .operators).rejections
    #expect(kept.count == 100)
    #expect(kept.first?.reason == "reason 124")
    #expect(kept.first?.lastUnixMicroseconds == 249)
    ledger.rejected(rejection("reason 30", at: 900))
    let newest = ledger.snapshot(for: .operators).rejections.first
    #expect(newest?.reason == "reason 30")
    #expect(newest?.count == 2)
  }

  @Test func tenantsSeeTheirOwnAlone() {
    let ledger = DoorLedger()
    let outcome = IngestOutcome(
      acceptedCount: 5, rejectedCount: 1, rejectionReason: "old", datasets: [.init(name: "api", eventCount: 5)])
    ledger.accepted(DoorSignal(.otlpHTTP, .traces), environment: "a", outcome, unixMicroseconds: 3)
    ledger.rejected(rejection("stranger", at: 4))
    let own = ledger.snapshot(for: .tenant("a", seesStrangers: false))
    #expect(own.arrivals[DoorSignal(.otlpHTTP, .traces)]?.eventCount == 5)
    #expect(own.recent.map(\.dataset) == ["api"])
    #expect(own.rejections.map(\.status) == [200])
    let other = ledger.snapshot(for: .tenant("b", seesStrangers: true))
    #expect(other.arrivals.isEmpty && other.recent.isEmpty)
    #expect(other.rejections.map(\.reason) == ["stranger"])
    #expect(ledger.snapshot(for: .operators).rejections.count == 2)
  }

  @Test func textsFromOutsideAreCut() {
    let ledger = DoorLedger()
    ledger.rejected(rejection(String(repeating: "x", count: 100_000), at: 1))
    #expect(ledger.snapshot(for: .operators).rejections.first?.reason.utf8.count ?? 0 < 400)
  }

  @Test func recentArrivalsAreBounded() {
    let ledger = DoorLedger()
    for time in 0..<500 {
      let outcome = IngestOutcome(acceptedCount: 1, datasets: [.init(name: "d\(time)", eventCount: 1)])
      ledger.accepted(DoorSignal(.otlpGRPC, .logs), environment: "a", outcome, unixMicroseconds: Int64(time))
    }
    let recent = ledger.snapshot(for: .operators).recent
    #expect(recent.count == 50)
    #expect(recent.first?.dataset == "d499")
  }
}
