// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// The results of queries that were asked by Honeycomb's wire, running or finished, until newer ones push them out.
///
/// Memory only: at most 500 results and 64 MiB of finished ones, oldest first to go. A finished one never changes.
final class ResultShelf: Sendable {
  enum Standing: Sendable {
    case running(ByteBuffer)
    case finished(ByteBuffer)
    case failed(Refusal)
  }
  struct Key: Hashable, Sendable {
    var environment: String
    var id: String
  }
  private struct Entry {
    var dataset: String
    var standing: Standing
    var task: Task<Void, Never>?
  }
  private struct State {
    var entries: [Key: Entry] = [:]
    /// Oldest first.
    var order: [Key] = []
    var byteCount = 0
  }
  private let state = Mutex(State())
  private static let countMax = 500
  private static let bytesMax = 64 << 20

  /// Puts a result up that is not there yet; the work runs by itself and is cancelled if the result is pushed out.
  func add(_ key: Key, dataset: String, pending: ByteBuffer, _ work: @escaping @Sendable () async throws(Refusal) -> ByteBuffer) {
    state.withLock { state in
      state.entries[key] = Entry(dataset: dataset, standing: .running(pending))
      state.order.append(key)
      trim(&state)
    }
    let task = Task {
      do throws(Refusal) {
        finish(key, .finished(try await work()))
      } catch {
        finish(key, .failed(error))
      }
    }
    let isStillThere = state.withLock { state in
      state.entries[key]?.task = task
      return state.entries[key] != nil
    }
    if !isStillThere { task.cancel() }
  }

  /// A result of an environment and dataset, or nil.
  func find(_ key: Key, dataset: String) -> Standing? {
    state.withLock { state in
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
    state.withLock { state in
      guard state.entries[key] != nil else { return }
      state.entries[key]?.standing = standing
      state.entries[key]?.task = nil
      if case .finished(let body) = standing { state.byteCount += body.readableBytes }
      trim(&state)
    }
  }

  private func trim(_ state: inout State) {
    while state.order.count > Self.countMax || (state.byteCount > Self.bytesMax && state.order.count > 1) {
      guard let entry = state.entries.removeValue(forKey: state.order.removeFirst()) else { continue }
      entry.task?.cancel()
      if case .finished(let body) = entry.standing { state.byteCount -= body.readableBytes }
    }
  }
}
