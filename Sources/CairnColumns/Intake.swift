// SPDX-License-Identifier: Apache-2.0
public import CairnBytes

/// What an intake knows of a request beside its body. The same request with the same context always makes the same events, so that
/// a replay of the journal restores what was acknowledged.
public struct IntakeContext: Sendable {
  public var environment: String
  /// The dataset named outside the body; empty where none was.
  public var datasetHint: String
  public var receivedUnixNanoseconds: Int64
  /// Events with a time outside are left out and counted as rejected.
  public var earliestUnixNanoseconds: Int64
  public var latestUnixNanoseconds: Int64
  /// The request is decoded for a reader who follows, beside the decoding that counts: nobody is to be told of it.
  public var isPreview = false

  public init(
    environment: String, datasetHint: String = "", receivedUnixNanoseconds: Int64, earliestUnixNanoseconds: Int64 = .min,
    latestUnixNanoseconds: Int64 = .max
  ) {
    self.environment = environment
    self.datasetHint = datasetHint
    self.receivedUnixNanoseconds = receivedUnixNanoseconds
    self.earliestUnixNanoseconds = earliestUnixNanoseconds
    self.latestUnixNanoseconds = latestUnixNanoseconds
  }
}

/// What an intake made of a body's items; each door maps it to its own wire.
public struct IntakeVerdict: Sendable {
  public var acceptedCount = 0
  public var rejectedCount = 0
  /// Why the first rejected item was left out.
  public var rejectionReason: StaticText?

  public init() {}

  /// Counts an item that was left out.
  public mutating func reject(_ reason: StaticText) {
    rejectedCount += 1
    if rejectionReason == nil { rejectionReason = reason }
  }
}

/// A longer name of a field is refused, in bytes: names made of nested maps would otherwise multiply the size of a body.
public let fieldNameByteCountMax = 1_024

/// More fields than this in one event is refused, as at Honeycomb.
public let fieldCountMax = 2_000
