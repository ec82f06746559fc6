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
final class DatagramInbox: Sendable {
  private struct State {
    var pile = DatagramPile()
    var waiter: CheckedContinuation<DatagramPile?, Never>?
    var isClosed = false
    var droppedCount = 0
  }
  private let state = Mutex(State())
  private let byteCountMax: Int

  init(byteCountMax: Int = 32 << 20) { self.byteCountMax = byteCountMax }

  /// Takes a pile over; what does not fit is dropped and counted.
  func put(_ pile: DatagramPile) {
    let waiter = state.withLock { (state) -> (CheckedContinuation<DatagramPile?, Never>, DatagramPile)? in
      guard !state.isClosed else { return nil }
      guard state.pile.bytes.count + pile.bytes.count <= byteCountMax else {
        state.droppedCount += pile.ends.count
        return nil
      }
      if state.pile.isEmpty { state.pile = pile } else { state.pile.append(pile) }
      guard let waiter = state.waiter else { return nil }
      state.waiter = nil
      let full = state.pile
      state.pile = DatagramPile()
      return (waiter, full)
    }
    waiter?.0.resume(returning: waiter?.1)
  }

  /// Everything that waits, as soon as there is something; nil once the inbox is closed and empty. For one caller.
  func take() async -> DatagramPile? {
    await withCheckedContinuation { (continuation) in
      let ready = state.withLock { (state) -> DatagramPile?? in
        if !state.pile.isEmpty {
          let pile = state.pile
          state.pile = DatagramPile()
          return pile
        }
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
