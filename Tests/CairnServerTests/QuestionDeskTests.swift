// SPDX-License-Identifier: Apache-2.0
import CairnPlan
import Testing

@testable import CairnServer

/// Questions at the desk: who waits, and for how long.
@Suite struct QuestionDeskTests {
  @Test(.timeLimit(.minutes(5))) func whatTakesTooLongIsGivenUpAndStops() async throws {
    let desk = QuestionDesk(telemetry: Telemetry())
    let start = ContinuousClock.now
    let late = try await desk.ask(until: start + .milliseconds(50)) { () async throws(QueryError) -> Int in
      do { try await Task.sleep(for: .seconds(3600)) } catch { throw .cancelled }
      return 1
    }
    #expect(late == nil)
    #expect(desk.counts.running == 0, "its place is free again")
    let answer = try await desk.ask(until: .now + .seconds(40)) { () async throws(QueryError) -> Int in 2 }
    #expect(answer == 2)
    #expect(try await desk.ask(until: start) { () async throws(QueryError) -> Int in 3 } == nil, "no time is left")
    await #expect(throws: Refusal.self) {
      _ = try await desk.ask(until: .now + .seconds(40)) { () async throws(QueryError) -> Int in throw .unavailable("x") }
    }
  }
}
