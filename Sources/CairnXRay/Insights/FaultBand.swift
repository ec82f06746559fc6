// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// The band in which a service's faults are expected, learned from the time buckets so far.
///
/// The rate of faults is smoothed exponentially (the last dozen buckets count most) and so is its spread; the band of a bucket is the
/// expected count three deviations to both sides, where the deviation is the greater of what was seen and what chance makes of so many
/// calls. Buckets that left the band teach little, so that a fault that lasts does not become the rule. Cost: O(1) a bucket.
public struct FaultBand: Sendable, Hashable {
  private static let weight = 0.15
  private static let deviationCount = 3.0
  private var rate = 0.0
  private var variance = 0.0
  /// Buckets with calls that were learned from.
  public private(set) var bucketCount = 0

  public init() {}

  /// The rate that is expected: faults per call.
  public var expectedRate: Double { rate }

  /// The least and the greatest count of faults among so many calls that would be no surprise.
  public func counts(of totalCount: Int64) -> ClosedRange<Int64> {
    guard bucketCount > 0, totalCount > 0 else { return 0...max(0, totalCount) }
    let total = Double(totalCount)
    let chance = max(rate, 0.5 / total) * (1 - min(rate, 0.999)) / total
    let deviation = Self.deviationCount * max(variance, chance).squareRoot()
    let low = max(0, ((rate - deviation) * total).rounded(.up))
    let high = min(total, ((rate + deviation) * total).rounded(.up) + 1)
    return Int64(low)...Int64(max(low, high))
  }

  /// Learns from a bucket.
  public mutating func add(faultCount: Int64, totalCount: Int64) {
    guard totalCount > 0 else { return }
    let seen = Double(faultCount) / Double(totalCount)
    if bucketCount == 0 {
      rate = seen
      bucketCount = 1
      return
    }
    let isSurprise = bucketCount >= 3 && faultCount > counts(of: totalCount).upperBound
    let weight = isSurprise ? Self.weight / 10 : max(Self.weight, 1 / Double(bucketCount + 1))
    let difference = seen - rate
    rate += weight * difference
    if !isSurprise { variance = (1 - weight) * (variance + weight * difference * difference) }
    bucketCount += 1
  }
}

extension FaultBand {
  var json: JSONValue {
    .object([
      JSONMember("rate", .double(rate)), JSONMember("variance", .double(variance)), JSONMember("buckets", .integer(Int64(bucketCount))),
    ])
  }

  init?(_ json: JSONValue?) {
    guard let rate = json?["rate"]?.number, let variance = json?["variance"]?.number, let count = json?["buckets"]?.integer else { return nil }
    self.rate = rate
    self.variance = variance
    bucketCount = Int(clamping: count)
  }
}
