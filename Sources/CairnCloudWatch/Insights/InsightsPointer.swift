// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats

/// What `@ptr` is: the place of one event, as text without meaning to others.
public struct InsightsPointer: Sendable, Hashable {
  public var dataset: String
  public var unixNanoseconds: Int64
  /// The number that the intake gave the line; 0 for events that have none.
  public var arrival: Int64
  /// What the event says, for those that have no number; see `RecordPlace`.
  public var hash: UInt64

  static func text(dataset: String, unixNanoseconds: Int64, arrival: Int64, hash: UInt64) -> String {
    hexText(Array("\(unixNanoseconds) \(arrival) \(hash) \(dataset)".utf8))
  }

  /// Reads a pointer; nil where it is none.
  public init?(_ text: String) {
    guard let bytes = Self.bytes(text) else { return nil }
    let parts = String(decoding: bytes, as: UTF8.self).split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, let time = Int64(parts[0]), let arrival = Int64(parts[1]), let hash = UInt64(parts[2]) else { return nil }
    unixNanoseconds = time
    self.arrival = arrival
    self.hash = hash
    dataset = String(parts[3])
  }

  private static func bytes(_ text: String) -> [UInt8]? {
    let utf8 = Array(text.utf8)
    guard utf8.count % 2 == 0, utf8.count <= 4096 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: utf8.count, by: 2) {
      guard let byte = UInt8(String(decoding: utf8[index..<index + 2], as: UTF8.self), radix: 16) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}
