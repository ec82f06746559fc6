// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// Memory for bodies that a door writes anew, used again and again: fresh pages for each large body cost more than filling them.
///
/// Keeps at most `countMax` buffers of at most `byteCountMax`. Any thread may call. Benchmark: `Benchmarks/errors.py`.
final class SpareBuffers: Sendable {
  private static let countMax = 4
  private static let byteCountMax = 4 << 20
  private let buffers = Mutex<[ByteBuffer]>([])

  /// An empty buffer with room for so many bytes.
  func take(_ byteCount: Int) -> ByteBuffer {
    var buffer = buffers.withLock { $0.popLast() } ?? ByteBuffer()
    buffer.clear(minimumCapacity: byteCount)
    return buffer
  }

  /// Whoever gives a buffer keeps no part of it.
  func give(_ buffer: ByteBuffer) {
    guard buffer.capacity <= Self.byteCountMax else { return }
    buffers.withLock { if $0.count < Self.countMax { $0.append(buffer) } }
  }
}
