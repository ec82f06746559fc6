// SPDX-License-Identifier: Apache-2.0

/// How long something took, many times over: counts by upper bounds from half a millisecond to half a minute, as Prometheus has them.
public struct DurationHistogram: Sendable, Hashable {
  public static let boundsSeconds: [Double] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
  ]
  /// One more than there are bounds: the last counts what is above them all.
  public private(set) var counts = [Int](repeating: 0, count: boundsSeconds.count + 1)
  public private(set) var sumNanoseconds: Int64 = 0

  public init() {}

  public mutating func add(nanoseconds: Int64) {
    let seconds = Double(nanoseconds) / 1e9
    counts[Self.boundsSeconds.firstIndex { seconds <= $0 } ?? Self.boundsSeconds.count] += 1
    sumNanoseconds &+= nanoseconds
  }

  public mutating func add(_ duration: Duration) {
    let parts = duration.components
    add(nanoseconds: parts.seconds &* 1_000_000_000 &+ parts.attoseconds / 1_000_000_000)
  }

  /// How often it happened.
  public var count: Int { counts.reduce(0, +) }
}
