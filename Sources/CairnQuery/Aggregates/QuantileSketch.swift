// SPDX-License-Identifier: Apache-2.0

/// A set of weighted numbers from which percentiles are read: exact while it is small, then a log-bucket sketch.
///
/// The sketch has 64 linear buckets an octave: a bucket is the top of a double's bits (`bits >> 46`), so no logarithm is taken. A value
/// read back is a bucket's middle, at most 0.79 % from the value of that rank. Negative numbers have keys of their own below zero.
/// Percentiles interpolate between ranks as SQL's `percentile_cont` does; weights count as repetitions. Merging commutes.
struct QuantileSketch: Sendable {
  /// Values are kept as they are up to this many.
  static let exactCountMax = 1024

  private var values: [Double] = []
  /// Empty while all weights are 1.
  private var weights: [Int64] = []
  /// Weight by bucket from key `firstKey` on; empty while exact.
  private var buckets: [Int64] = []
  private var firstKey = 0
  private var least = Double.infinity
  private var greatest = -Double.infinity

  var isEmpty: Bool { values.isEmpty && buckets.isEmpty }
  var byteCount: Int { values.capacity * 8 + weights.capacity * 8 + buckets.capacity * 8 }

  /// The bucket of a value, in the order of values.
  @inline(__always) static func key(_ value: Double) -> Int {
    let bits = value.bitPattern
    let magnitude = Int(truncatingIfNeeded: (bits & 0x7fff_ffff_ffff_ffff) >> 46)
    return bits >> 63 == 0 ? magnitude : -magnitude
  }

  /// The middle of a bucket; zero for the bucket around it.
  static func middle(_ key: Int) -> Double {
    guard key != 0 else { return 0 }
    let value = Double(bitPattern: UInt64(abs(key)) << 46 | 1 << 45)
    return key < 0 ? -value : value
  }

  @inline(__always)
  mutating func add(_ value: Double, _ weight: Int64) {
    if buckets.isEmpty {
      addExact(value, weight)
      return
    }
    least = min(least, value)
    greatest = max(greatest, value)
    let index = Self.key(value) &- firstKey
    if index >= 0 && index < buckets.count {
      buckets[index] &+= weight
    } else {
      widen(Self.key(value), weight)
    }
  }

  @inline(never)
  private mutating func addExact(_ value: Double, _ weight: Int64) {
    if weight != 1 && weights.isEmpty { weights = [Int64](repeating: 1, count: values.count) }
    values.append(value)
    if weight != 1 || !weights.isEmpty { weights.append(weight) }
    least = min(least, value)
    greatest = max(greatest, value)
    if values.count > Self.exactCountMax { leaveExact() }
  }

  /// Adds weight to a bucket by its key.
  mutating func add(key: Int, _ weight: Int64) {
    if buckets.isEmpty {
      if values.isEmpty { firstKey = key }
      leaveExact()
    }
    least = min(least, Self.middle(key))
    greatest = max(greatest, Self.middle(key))
    let index = key - firstKey
    if index >= 0 && index < buckets.count { buckets[index] &+= weight } else { widen(key, weight) }
  }

  /// Moves the kept values into buckets.
  private mutating func leaveExact() {
    let moved = values
    let movedWeights = weights
    values = []
    weights = []
    if moved.isEmpty {
      buckets = [0]
      return
    }
    firstKey = Self.key(least)
    buckets = [Int64](repeating: 0, count: Self.key(greatest) - firstKey + 1)
    for index in moved.indices { add(moved[index], movedWeights.isEmpty ? 1 : movedWeights[index]) }
  }

  @inline(never)
  private mutating func widen(_ key: Int, _ weight: Int64) {
    if key < firstKey {
      let more = firstKey - key + 64
      buckets = [Int64](repeating: 0, count: more) + buckets
      firstKey -= more
    } else {
      buckets += [Int64](repeating: 0, count: key - firstKey - buckets.count + 65)
    }
    buckets[key - firstKey] &+= weight
  }

  mutating func merge(_ other: QuantileSketch) {
    if other.isEmpty { return }
    if isEmpty {
      self = other
      return
    }
    for index in other.values.indices { add(other.values[index], other.weights.isEmpty ? 1 : other.weights[index]) }
    guard !other.buckets.isEmpty else { return }
    if buckets.isEmpty { leaveExact() }
    least = min(least, other.least)
    greatest = max(greatest, other.greatest)
    for index in other.buckets.indices where other.buckets[index] != 0 {
      let key = other.firstKey + index
      let own = key - firstKey
      if own >= 0 && own < buckets.count { buckets[own] &+= other.buckets[index] } else { widen(key, other.buckets[index]) }
    }
  }

  /// The values at these per-mille ranks, each 0 to 1000; nil where there are none. Ranks may come in any order.
  func percentiles(_ perMilles: [Int]) -> [Double?] {
    guard !isEmpty else { return perMilles.map { _ in nil } }
    let steps = sortedSteps()
    let total = steps.last?.end ?? 0
    return perMilles.map { (perMille) in
      let position = Double(total - 1) * Double(min(max(perMille, 0), 1000)) / 1000
      let below = Int64(position)
      let fraction = position - Double(below)
      let low = Self.value(steps, at: below)
      guard fraction > 0 else { return low }
      let high = Self.value(steps, at: below + 1)
      return low == high ? low : low + (high - low) * fraction
    }
  }

  /// Values in order, each with the number of ranks up to and with it.
  private func sortedSteps() -> [(value: Double, end: Int64)] {
    var steps: [(value: Double, end: Int64)] = []
    var end: Int64 = 0
    if buckets.isEmpty {
      let order = weights.isEmpty ? [] : values.indices.sorted { values[$0] < values[$1] }
      let sorted = weights.isEmpty ? values.sorted() : order.map { values[$0] }
      steps.reserveCapacity(sorted.count)
      for index in sorted.indices {
        end += weights.isEmpty ? 1 : weights[order[index]]
        steps.append((sorted[index], end))
      }
      return steps
    }
    for index in buckets.indices where buckets[index] != 0 {
      end += buckets[index]
      steps.append((min(max(Self.middle(firstKey + index), least), greatest), end))
    }
    return steps
  }

  private static func value(_ steps: [(value: Double, end: Int64)], at rank: Int64) -> Double {
    var low = 0
    var high = steps.count - 1
    while low < high {
      let middle = (low + high) / 2
      if steps[middle].end <= rank { low = middle + 1 } else { high = middle }
    }
    return steps[low].value
  }
}
