// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// Datagrams end to end, with where each ends and who sent it.
struct DatagramPile: Sendable {
  var bytes: [UInt8] = []
  var ends: [Int] = []
  /// Hashes of the senders' addresses.
  var senders: [Int] = []

  var isEmpty: Bool { ends.isEmpty }

  mutating func append(_ datagram: ByteBufferView, sender: Int) {
    bytes.append(contentsOf: datagram)
    ends.append(bytes.count)
    senders.append(sender)
  }

  mutating func append(_ other: DatagramPile) {
    let base = bytes.count
    bytes += other.bytes
    ends += other.ends.map { $0 + base }
    senders += other.senders
  }

  func range(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }
}

/// Datagrams between the socket and the store: bounded, so that a store that stands still costs datagrams and not memory.
///
/// What waits is kept in piles of a few megabytes: each becomes one body, however much waits behind it.
final class DatagramInbox: Sendable {
  private struct State {
    /// Oldest first; those before `first` are taken.
    var piles: [DatagramPile] = []
    var first = 0
    var byteCount = 0
    var waiter: CheckedContinuation<DatagramPile?, Never>?
    var isClosed = false
    var droppedCount = 0

    mutating func add(_ pile: DatagramPile, pileBytesMax: Int) {
      byteCount += pile.bytes.count
      if piles.count > first, piles[piles.count - 1].bytes.count + pile.bytes.count <= pileBytesMax {
        piles[piles.count - 1].append(pile)
      } else {
        piles.append(pile)
      }
    }

    mutating func next() -> DatagramPile? {
      guard first < piles.count else { return nil }
      let pile = piles[first]
      piles[first] = DatagramPile()
      first += 1
      byteCount -= pile.bytes.count
      if first == piles.count || first > 64 {
        piles.removeFirst(first)
        first = 0
      }
      return pile
    }
  }
  private let state = Mutex(State())
  private let byteCountMax: Int
  private static let pileBytesMax = 4 << 20

  init(byteCountMax: Int = 160 << 20) { self.byteCountMax = byteCountMax }

  /// Takes a pile over; what does not fit is dropped and counted.
  func put(_ pile: DatagramPile) {
    let waiter = state.withLock { (state) -> CheckedContinuation<DatagramPile?, Never>? in
      guard !state.isClosed, !pile.isEmpty else { return nil }
      if let waiter = state.waiter {
        state.waiter = nil
        return waiter
      }
      guard state.byteCount + pile.bytes.count <= byteCountMax else {
        state.droppedCount += pile.ends.count
        return nil
      }
      state.add(pile, pileBytesMax: Self.pileBytesMax)
      return nil
    }
    waiter?.resume(returning: pile)
  }

  /// The next pile, as soon as there is one; nil once the inbox is closed and empty. For one caller.
  func take() async -> DatagramPile? {
    await withCheckedContinuation { (continuation) in
      let ready = state.withLock { (state) -> DatagramPile?? in
        if let pile = state.next() { return pile }
        if state.isClosed { return .some(nil) }
        state.waiter = continuation
        return nil
      }
      if let ready { continuation.resume(returning: ready) }
    }
  }

  /// Takes nothing more; what is there can still be taken.
  func close() {
    let waiter = state.withLock { (state) -> CheckedContinuation<DatagramPile?, Never>? in
      state.isClosed = true
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(returning: nil)
  }

  /// Datagrams that did not fit, since the start.
  var droppedCount: Int { state.withLock { $0.droppedCount } }
}
