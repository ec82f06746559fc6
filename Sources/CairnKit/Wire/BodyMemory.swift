// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
internal import Synchronization

/// The memory of an exporter's bodies: each is written where the one before stood, once that was sent. A large piece of memory that is
/// new for each body costs more than writing it, since the system hands it out page by page.
final class BodyMemory: Sendable {
  /// More is given back.
  private static let keptByteCountMax = 1 << 20
  private let kept = Mutex(ByteBuffer())

  /// One body.
  func write(_ content: (inout WireBuffer) -> Void) -> ByteBuffer {
    var bytes = kept.withLock { WireBuffer(over: &$0) }
    content(&bytes)
    let body = bytes.finish()
    if body.capacity <= Self.keptByteCountMax { kept.withLock { $0 = body } }
    return body
  }
}
