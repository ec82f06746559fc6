// SPDX-License-Identifier: Apache-2.0

/// Work that comes round again and again, each kind in a task of its own: a slow one delays only its own next turn.
struct Rounds: Sendable {
  private let tasks: [Task<Void, Never>]

  /// Begins at once; the first turn comes after one pause, and each pause begins when the turn before it has ended.
  init(every pause: Duration, _ works: [@Sendable () async -> Void]) {
    tasks = works.map { (work) in
      Task {
        while true {
          do { try await Task.sleep(for: pause) } catch { return }
          await work()
        }
      }
    }
  }

  /// No turn begins after this; one that runs is cancelled.
  func stop() { for task in tasks { task.cancel() } }
}
