// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What the daemon's UDP port has seen: for the page of doors and for `/metrics`.
final class DatagramBooks: Sendable {
  struct Figures: Sendable, Hashable {
    var datagramCount = 0
    var byteCount = 0
    /// Documents and bodies of spans that were accepted and are on disk.
    var documentCount = 0
    var malformedCount = 0
    /// Read, but the store could not take them.
    var droppedCount = 0
    /// Thrown away by the kernel before they could be read; nil where it does not tell.
    var kernelDropCount: Int?
    var receiveBufferBytes = 0
  }
  private let state = Mutex(Figures())

  func update(_ change: (inout Figures) -> Void) { state.withLock { change(&$0) } }

  var figures: Figures { state.withLock { $0 } }
}
