// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// A door that opens once, for any number of tasks that wait before it.
final class Gate: Sendable {
  private let state = Mutex(State())

  private struct State {
    var isOpen = false
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter = 0
  }

  var isOpen: Bool { state.withLock(\.isOpen) }

  func open() {
    let waiters = state.withLock { state in
      state.isOpen = true
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns when it is open, or when the task is cancelled.
  func wait() async {
    let number = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state -> Bool in
          guard !state.isOpen, !Task.isCancelled else { return true }
          state.waiters[number] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }
  }

  /// Sleeps, but no longer than until it opens.
  func sleep(for duration: Duration, _ clock: any Clock<Duration>) async {
    guard !isOpen else { return }
    await withTaskGroup { group in
      group.addTask { try? await clock.sleep(for: duration) }
      group.addTask { await self.wait() }
      await group.next()
      group.cancelAll()
    }
  }
}

/// What the work gives, or the other value when the time is up or the task is cancelled first; the work is cancelled then, and nobody
/// waits for what does not heed that.
func outcome<Value: Sendable>(
  within duration: Duration, _ clock: any Clock<Duration>, else late: Value, _ work: @escaping @Sendable () async -> Value
) async -> Value {
  let over = Gate()
  let found = Found<Value>()
  let worker = Task {
    let value = await work()
    found.value.withLock { $0 = value }
    over.open()
  }
  let timer = Task {
    try? await clock.sleep(for: duration)
    over.open()
  }
  await over.wait()
  worker.cancel()
  timer.cancel()
  return found.value.withLock { $0 } ?? late
}

/// The same for work without a result.
func atMost(_ duration: Duration, _ clock: any Clock<Duration>, _ work: @escaping @Sendable () async -> Void) async {
  await outcome(within: duration, clock, else: (), work)
}

/// A place for what a task finds.
private final class Found<Value: Sendable>: Sendable {
  let value = Mutex<Value?>(nil)
}
