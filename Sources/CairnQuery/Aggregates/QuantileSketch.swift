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
    let key = Self.key(value)
    if key < firstKey || key - firstKey >= buckets.count { cover(key, key) }
    buckets[key - firstKey] &+= weight
  }

  /// Adds values of weight 1.
  mutating func add(_ more: ArraySlice<Double>) {
    guard buckets.isEmpty, weights.isEmpty, values.count + more.count <= Self.exactCountMax else {
      for value in more { add(value, 1) }
      return
    }
    values.append(contentsOf: more)
    for value in more {
      least = min(least, value)
      greatest = max(greatest, value)
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

  /// Adds the weights of buckets that lie beside each other; neither the first nor the last is zero.
  mutating func add(_ more: ArraySlice<Int64>, firstKey key: Int) {
    let lastKey = key + more.count - 1
    if isEmpty {
      firstKey = key
      buckets = Array(more)
    } else {
      if buckets.isEmpty { leaveExact() }
      cover(key, lastKey)
      let shift = key - firstKey - more.startIndex
      for index in more.indices { buckets[index + shift] &+= more[index] }
    }
    least = min(least, Self.middle(key))
    greatest = max(greatest, Self.middle(lastKey))
  }

  /// Moves the kept values into buckets.
  private mutating func leaveExact() {
    let moved = values
    let movedWeights = weights
    values = []
    weights = []
    firstKey = Self.key(least)
    buckets = [Int64](repeating: 0, count: Self.key(greatest) - firstKey + 1)
    for index in moved.indices { add(moved[index], movedWeights.isEmpty ? 1 : movedWeights[index]) }
  }

  /// Makes room for the buckets of these keys, and for some more where the room grows.
  @inline(never)
  private mutating func cover(_ first: Int, _ last: Int) {
    if first < firstKey {
      let more = firstKey - first + 64
      buckets = [Int64](repeating: 0, count: more) + buckets
      firstKey -= more
    }
    if last - firstKey >= buckets.count { buckets += [Int64](repeating: 0, count: last - firstKey - buckets.count + 65) }
  }

  mutating func merge(_ other: QuantileSketch) {
    if other.isEmpty { return }
    if isEmpty {
      self = other
      return
    }
    if other.weights.isEmpty {
      add(other.values[...])
    } else {
      for index in other.values.indices { add(other.values[index], other.weights[index]) }
    }
    guard !other.buckets.isEmpty else { return }
    if buckets.isEmpty { leaveExact() }
    cover(other.firstKey, other.firstKey + other.buckets.count - 1)
    let shift = other.firstKey - firstKey
    for index in other.buckets.indices { buckets[index + shift] &+= other.buckets[index] }
    least = min(least, other.least)
    greatest = max(greatest, other.greatest)
  }

  /// The values at these per-mille ranks, each 0 to 1000; nil where there are none. Ranks may come in any order.
  func percentiles(_ perMilles: [Int]) -> [Double?] {
    guard !isEmpty else { return perMilles.map { _ in nil } }
    let total = buckets.isEmpty ? (weights.isEmpty ? Int64(values.count) : weights.reduce(0, &+)) : buckets.reduce(0, &+)
    let positions = perMilles.map { Double(total - 1) * Double(min(max($0, 0), 1000)) / 1000 }
    let ranks = Self.ranks(positions, total)
    let found = buckets.isEmpty ? exactValues(ranks) : bucketValues(ranks)
    func value(_ rank: Int64) -> Double { ranks.firstIndex(of: rank).map { found[$0] } ?? .nan }
    return positions.map { (position) in
      let low = value(Int64(position))
      let fraction = position - position.rounded(.down)
      guard fraction > 0 else { return low }
      let high = value(Int64(position) + 1)
      return low == high ? low : low + (high - low) * fraction
    }
  }

  /// The whole ranks around each position, ascending, each once.
  private static func ranks(_ positions: [Double], _ total: Int64) -> [Int64] {
    var ranks: [Int64] = []
    ranks.reserveCapacity(positions.count * 2)
    for position in positions {
      for rank in [Int64(position), min(Int64(position) + 1, total - 1)] where !ranks.contains(rank) { ranks.append(rank) }
    }
    ranks.sort()
    return ranks
  }

  /// The values at ascending ranks, found by partitioning: nothing is sorted in full.
  private func exactValues(_ ranks: [Int64]) -> [Double] {
    guard weights.isEmpty else { return weightedValues(ranks) }
    var values = values
    let places = ranks.map { Int($0) }
    var span = values.mutableSpan
    orderPlaces(&span, 0, span.count, places[...])
    return places.map { values[$0] }
  }

  private func weightedValues(_ ranks: [Int64]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var place = 0
    var end = weights[order[0]]
    return ranks.map { (rank) in
      while end <= rank, place + 1 < order.count {
        place += 1
        end += weights[order[place]]
      }
      return values[order[place]]
    }
  }

  private func bucketValues(_ ranks: [Int64]) -> [Double] {
    var index = 0
    var end = buckets[0]
    return ranks.map { (rank) in
      while end <= rank, index + 1 < buckets.count {
        index += 1
        end += buckets[index]
      }
      return min(max(Self.middle(firstKey + index), least), greatest)
    }
  }
}
