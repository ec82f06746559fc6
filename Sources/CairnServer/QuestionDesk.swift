// SPDX-License-Identifier: Apache-2.0
import CairnPlan
import Synchronization

/// Lets a few questions run at the same time and the next ones wait; a question whose asker goes away leaves its place at once.
final class QuestionDesk: Sendable {
  private struct State {
    var free: Int
    var nextTicket = 0
    var waiters: [(ticket: Int, continuation: CheckedContinuation<Bool, Never>)] = []
  }
  private let state: Mutex<State>
  private let telemetry: Telemetry
  private let waitersMax: Int
  private let runningMax: Int

  init(telemetry: Telemetry, runningMax: Int = 4, waitersMax: Int = 64) {
    state = Mutex(State(free: runningMax))
    self.waitersMax = waitersMax
    self.runningMax = runningMax
    self.telemetry = telemetry
  }

  /// Runs a question when there is room. Throws `.unavailable` where too many wait already, `.cancelled` when the asker has gone.
  func ask<Result: Sendable>(_ question: @Sendable () async throws(QueryError) -> Result) async throws(Refusal) -> Result {
    try await enter()
    defer { leave() }
    let start = ContinuousClock.now
    defer { telemetry.query(ContinuousClock.now - start) }
    do {
      return try await question()
    } catch {
      throw Refusal(error)
    }
  }

  /// Questions that run and that wait at this moment.
  var counts: (running: Int, waiting: Int) { state.withLock { (runningMax - $0.free, $0.waiters.count) } }

  private func enter() async throws(Refusal) {
    enum Place {
      case now
      case later(Int)
      case full
    }
    let place = state.withLock { state in
      if state.free > 0 {
        state.free -= 1
        return Place.now
      }
      guard state.waiters.count < waitersMax else { return .full }
      state.nextTicket += 1
      return .later(state.nextTicket)
    }
    switch place {
    case .now: return
    case .full: throw Refusal(.unavailable, "Too many questions are waiting.", retryAfterSeconds: 2)
    case .later(let ticket):
      let isIn = await withTaskCancellationHandler {
        await withCheckedContinuation { wait(ticket, $0) }
      } onCancel: {
        giveUp(ticket)
      }
      if !isIn { throw Refusal(.cancelled, "The question was withdrawn.") }
    }
  }

  private func wait(_ ticket: Int, _ continuation: CheckedContinuation<Bool, Never>) {
    let answer: Bool? = state.withLock { state in
      if Task.isCancelled { return false }
      if state.free > 0 {
        state.free -= 1
        return true
      }
      state.waiters.append((ticket, continuation))
      return nil
    }
    if let answer { continuation.resume(returning: answer) }
  }

  private func giveUp(_ ticket: Int) {
    let continuation = state.withLock { state -> CheckedContinuation<Bool, Never>? in
      guard let index = state.waiters.firstIndex(where: { $0.ticket == ticket }) else { return nil }
      return state.waiters.remove(at: index).continuation
    }
    continuation?.resume(returning: false)
  }

  private func leave() {
    let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
      guard !state.waiters.isEmpty else {
        state.free += 1
        return nil
      }
      return state.waiters.removeFirst().continuation
    }
    next?.resume(returning: true)
  }
}
