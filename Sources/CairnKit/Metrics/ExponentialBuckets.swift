// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The buckets of an exponential histogram: bucket i holds values above base^i and up to base^(i + 1), where base is 2^(2^-scale).
///
/// The scale begins at its finest and is halved whenever the values of a side would need more than `bucketCountMax` buckets, so that any
/// spread fits. Source: OpenTelemetry's specification of the metrics SDK, "Base2 Exponential Bucket Histogram Aggregation".
struct ExponentialBuckets: Sendable, Hashable {
  static let bucketCountMax = 160
  private static let finestScale = 20

  private(set) var scale = Self.finestScale
  private(set) var zeroCount: UInt64 = 0
  private(set) var positive = Side()
  private(set) var negative = Side()

  /// Buckets of one sign: `counts[0]` is that of the index `offset`.
  struct Side: Sendable, Hashable {
    fileprivate(set) var offset = 0
    fileprivate(set) var counts: [UInt64] = []
  }

  /// O(1), but for the few values that change the scale: O(buckets). The value is finite.
  mutating func record(_ value: Double) {
    guard value != 0 else { return zeroCount += 1 }
    let magnitude = abs(value)
    let side = value > 0 ? positive : negative
    let needed = Self.halvings(of: side, for: Self.index(magnitude, scale: scale))
    if needed > 0 { coarsen(by: needed) }
    let index = Self.index(magnitude, scale: scale)
    if value > 0 { positive.add(index) } else { negative.add(index) }
  }

  /// The bucket of a value above 0. Powers of two are upper bounds, exactly.
  static func index(_ value: Double, scale: Int) -> Int {
    let exponent = Int(value.exponent), isPower = value.significand == 1
    guard scale > 0 else { return (isPower ? exponent - 1 : exponent) >> -scale }
    if isPower { return (exponent << scale) - 1 }
    // The logarithm may round over the bounds of its power of two.
    let inside = Int((log2(value.significand) * Double(1 << scale)).rounded(.down))
    return (exponent << scale) + min(max(inside, 0), (1 << scale) - 1)
  }

  /// How often the scale has to be halved for the side to hold that index too.
  private static func halvings(of side: Side, for index: Int) -> Int {
    guard !side.counts.isEmpty else { return 0 }
    var low = min(side.offset, index), high = max(side.offset + side.counts.count - 1, index), count = 0
    while high - low >= bucketCountMax {
      low >>= 1
      high >>= 1
      count += 1
    }
    return count
  }

  private mutating func coarsen(by halvings: Int) {
    scale -= halvings
    positive.coarsen(by: halvings)
    negative.coarsen(by: halvings)
  }
}

extension ExponentialBuckets.Side {
  fileprivate mutating func add(_ index: Int) {
    if counts.isEmpty { offset = index }
    if index < offset {
      counts.insert(contentsOf: repeatElement(0, count: offset - index), at: 0)
      offset = index
    }
    while counts.count <= index - offset { counts.append(0) }
    counts[index - offset] += 1
  }

  fileprivate mutating func coarsen(by halvings: Int) {
    guard !counts.isEmpty else { return }
    let first = offset >> halvings
    var merged = [UInt64](repeating: 0, count: ((offset + counts.count - 1) >> halvings) - first + 1)
    for (position, count) in counts.enumerated() { merged[((offset + position) >> halvings) - first] += count }
    (offset, counts) = (first, merged)
  }
}
