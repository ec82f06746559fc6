// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// The results of queries that were asked by Honeycomb's wire, running or finished, until newer ones push them out.
///
/// Memory only, within `ShelfBound.honeycomb`, oldest first to go; the newest stays whatever its size. A finished one never changes and is
/// kept packed.
final class ResultShelf: Sendable {
  enum Standing: Sendable {
    case running(ByteBuffer)
    case finished(PackedBytes)
    case failed(Refusal)
  }
  struct Key: Hashable, Sendable {
    var environment: String
    var id: String
  }
  private struct Entry {
    var dataset: String
    var standing: Standing
    var began: ContinuousClock.Instant
    var task: Task<Void, Never>?

    var byteCount: Int {
      switch standing {
      case .running(let body): body.storageCapacity
      case .finished(let body): body.heldByteCount
      case .failed: 0
      }
    }
  }
  private struct State {
    var entries: [Key: Entry] = [:]
    /// Oldest first.
    var order: [Key] = []
    var byteCount = 0
  }
  private let state = Mutex(State())
  private let bound: ShelfBound
  private let now: @Sendable () -> ContinuousClock.Instant

  init(_ bound: ShelfBound = .honeycomb, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
    self.bound = bound
    self.now = now
  }

  /// What all results take in memory.
  var heldByteCount: Int { state.withLock { $0.byteCount } }

  /// Puts a result up that is not there yet; the work runs by itself and is cancelled if the result is pushed out.
  func add(_ key: Key, dataset: String, pending: ByteBuffer, _ work: @escaping @Sendable () async throws(Refusal) -> [UInt8]) {
    let now = now()
    state.withLock { state in
      let entry = Entry(dataset: dataset, standing: .running(pending), began: now)
      state.entries[key] = entry
      state.order.append(key)
      state.byteCount += entry.byteCount
      trim(&state, now)
    }
    let task = Task {
      do throws(Refusal) {
        finish(key, .finished(PackedBytes(try await work())))
      } catch {
        finish(key, .failed(error))
      }
    }
    let isStillThere = state.withLock { state in
      // A work that has ended by now needs no handle: it would keep what it made.
      if case .running = state.entries[key]?.standing { state.entries[key]?.task = task }
      return state.entries[key] != nil
    }
    if !isStillThere { task.cancel() }
  }

  /// A result of an environment and dataset, or nil.
  func find(_ key: Key, dataset: String) -> Standing? {
    let now = now()
    return state.withLock { state in
      trim(&state, now)
      guard let entry = state.entries[key], entry.dataset == dataset else { return nil }
      return entry.standing
    }
  }

  /// Forgets everything.
  func reset() {
    let tasks = state.withLock { state in
      defer { state = State() }
      return state.entries.values.compactMap(\.task)
    }
    for task in tasks { task.cancel() }
  }

  private func finish(_ key: Key, _ standing: Standing) {
    let now = now()
    state.withLock { state in
      guard var entry = state.entries[key] else { return }
      state.byteCount -= entry.byteCount
      entry.standing = standing
      entry.task = nil
      state.byteCount += entry.byteCount
      state.entries[key] = entry
      trim(&state, now)
    }
  }

  private func trim(_ state: inout State, _ now: ContinuousClock.Instant) {
    while let oldest = state.order.first, let entry = state.entries[oldest] {
      guard bound.isPassed(byteCount: state.byteCount, count: state.order.count, oldest: entry.began, now: now) else { return }
      // The newest stays, unless it is too old.
      guard state.order.count > 1 || now - entry.began > bound.age else { return }
      state.order.removeFirst()
      state.entries[oldest] = nil
      entry.task?.cancel()
      state.byteCount -= entry.byteCount
    }
  }
}
