// SPDX-License-Identifier: Apache-2.0
public import NIOCore
import Synchronization

/// What a connection may cost: bytes and time. Every figure is a hard limit.
public struct WireLimits: Sendable {
  /// From accept to the first complete request head.
  public var headTimeout: TimeAmount = .seconds(10)
  /// Between a response and the next complete request head; the client must have taken the response by then.
  public var idleTimeout: TimeAmount = .seconds(60)
  /// From the head of a request to the last byte of its body.
  public var bodyTimeout: TimeAmount = .seconds(60)
  /// A body that is not complete after this must have come at `bodyBytesPerSecondMin` on average, then and from then on.
  public var bodyGrace: TimeAmount = .seconds(10)
  public var bodyBytesPerSecondMin = 1024
  /// The largest body, before inflation.
  public var bodyBytesMax = 64 << 20
  /// All header fields of a request together.
  public var headerBytesMax = 64 << 10
  public var headerCountMax = 200
  /// Connections of all listeners, where the system allows as many: for a further one, those idle longest give way.
  public var connectionCountMax = 16_384
  /// HTTP/2 streams of one connection at the same time.
  public var streamCountMax = 128
  /// PING, SETTINGS and PRIORITY frames of one connection within `controlFrameWindow`. Clients of gRPC measure their line with a PING for an
  /// answer, so as many must pass as there may be answers.
  public var controlFrameCountMax = 2_000
  public var controlFrameWindow: TimeAmount = .milliseconds(100)
  /// Bodies of all connections that are held in memory at the same time.
  public var heldBytesMax = 512 << 20
  /// HTTP/2 flow control: what a client may send ahead, for a stream and for the connection.
  public var windowBytes = 1 << 20

  public init() {}
}

/// Counts the bytes of request bodies that the server holds, over all connections.
public final class HeldBytes: Sendable {
  private let count = Atomic<Int>(0)
  public let limit: Int

  public init(limit: Int) { self.limit = limit }

  /// Adds to the count, or leaves it and answers false where that would pass the limit.
  func take(_ bytes: Int) -> Bool {
    let after = count.add(bytes, ordering: .relaxed).newValue
    guard after > limit else { return true }
    count.subtract(bytes, ordering: .relaxed)
    return false
  }

  /// Gives back what `take` added.
  func give(_ bytes: Int) { count.subtract(bytes, ordering: .relaxed) }

  /// The bytes held now.
  public var current: Int { count.load(ordering: .relaxed) }
}
