// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// A histogram's point: how values were spread, as far as its buckets tell.
struct Distribution {
  /// Values above `lower` and up to `upper`; `count` of them.
  struct Bucket: Equatable {
    var lower: Double
    var upper: Double
    var count: Double
  }
  var count: UInt64 = 0
  var sum: Double?
  var minimum: Double?
  var maximum: Double?
  /// Ascending; empty where the point's bounds make no sense.
  var buckets: [Bucket] = []
  /// The bounds and counts as they came, as JSON text; empty where there are none.
  var bucketText: [UInt8] = []

  var average: Double? {
    guard let sum, count > 0 else { return nil }
    return sum / Double(count)
  }

  /// The value at each of `quantiles`, by linear interpolation inside the bucket that holds it; empty where nothing can be said.
  func quantileValues() -> [Double] {
    let total = buckets.reduce(0) { $0 + $1.count }
    guard total > 0, total.isFinite else { return [] }
    var values: [Double] = []
    var index = 0
    var below = 0.0
    for (_, share) in quantiles {
      let rank = share * total
      while index < buckets.count - 1, below + buckets[index].count < rank {
        below += buckets[index].count
        index += 1
      }
      let bucket = buckets[index]
      let inside = bucket.count > 0 ? min(max((rank - below) / bucket.count, 0), 1) : 0
      let value = clamped(bucket.lower + (bucket.upper - bucket.lower) * inside)
      guard value.isFinite else { return [] }
      values.append(value)
    }
    return values
  }

  private func clamped(_ value: Double) -> Double {
    var value = value
    if let minimum, minimum.isFinite { value = max(value, minimum) }
    if let maximum, maximum.isFinite { value = min(value, maximum) }
    return value
  }
}

// MARK: Explicit bounds

extension Distribution {
  /// Of more buckets nothing is kept but what they sum up to: a byte of a request may be one, and each costs many in memory.
  private static let bucketCountMax = 16_384

  /// Reads a `HistogramDataPoint`.
  init(explicit bytes: RawSpan, _ message: Range<Int>) throws(DecodeError) {
    var counts: [UInt64] = []
    var bounds: [UInt64] = []
    var position = message.lowerBound
    let end = message.upperBound
    while position < end {
      let tag = try readVarint(bytes, &position, end)
      switch tag {
      case 0x21: count = try readFixed64(bytes, &position, end)
      case 0x29: sum = Double(bitPattern: try readFixed64(bytes, &position, end))
      case 0x31: counts.append(try readFixed64(bytes, &position, end))
      case 0x39: bounds.append(try readFixed64(bytes, &position, end))
      case 0x32: try readPacked(bytes, &position, end, into: &counts)
      case 0x3A: try readPacked(bytes, &position, end, into: &bounds)
      case 0x59: minimum = Double(bitPattern: try readFixed64(bytes, &position, end))
      case 0x61: maximum = Double(bitPattern: try readFixed64(bytes, &position, end))
      default: try skipField(bytes, &position, end, tag: tag)
      }
    }
    guard !counts.isEmpty, max(counts.count, bounds.count) <= Self.bucketCountMax else { return }
    let edges = bounds.map { Double(bitPattern: $0) }
    bucketText = Array("{\"bounds\":".utf8)
    appendJSONNumbers(edges, to: &bucketText)
    bucketText.append(contentsOf: Array(",\"counts\":".utf8))
    appendJSONNumbers(counts, to: &bucketText)
    bucketText.append(UInt8(ascii: "}"))
    setBuckets(counts, edges)
  }

  /// The first bucket begins at the minimum, else at 0 (or at its bound, where that is below); the last ends at the maximum, else at
  /// the last bound.
  private mutating func setBuckets(_ counts: [UInt64], _ edges: [Double]) {
    guard counts.count == edges.count + 1, edges.allSatisfy(\.isFinite) else { return }
    for index in edges.indices.dropFirst() where edges[index] < edges[index - 1] { return }
    let least = minimum.flatMap { $0.isFinite ? $0 : nil } ?? edges.first.map { min($0, 0) }
    let greatest = maximum.flatMap { $0.isFinite ? $0 : nil } ?? edges.last
    guard let least, let greatest else { return }
    for (index, count) in counts.enumerated() {
      let lower = index == 0 ? least : edges[index - 1]
      let upper = index == edges.count ? greatest : edges[index]
      buckets.append(Bucket(lower: min(lower, upper), upper: upper, count: Double(count)))
    }
  }
}

// MARK: Exponential bounds

extension Distribution {
  /// Reads an `ExponentialHistogramDataPoint`; bucket i of a side holds values above base ^ i and up to base ^ (i + 1), where base is
  /// 2 ^ (2 ^ -scale).
  init(exponential bytes: RawSpan, _ message: Range<Int>) throws(DecodeError) {
    var scale: Int64 = 0
    var zeroCount: UInt64 = 0
    var positive = Side()
    var negative = Side()
    var position = message.lowerBound
    let end = message.upperBound
    while position < end {
      let tag = try readVarint(bytes, &position, end)
      switch tag {
      case 0x21: count = try readFixed64(bytes, &position, end)
      case 0x29: sum = Double(bitPattern: try readFixed64(bytes, &position, end))
      case 0x30: scale = zigZag(try readVarint(bytes, &position, end))
      case 0x39: zeroCount = try readFixed64(bytes, &position, end)
      case 0x42, 0x4A:
        let length = try readLength(bytes, &position, end)
        let side = try Side(bytes, position..<position &+ length)
        if tag == 0x42 { positive = side } else { negative = side }
        position &+= length
      case 0x61: minimum = Double(bitPattern: try readFixed64(bytes, &position, end))
      case 0x69: maximum = Double(bitPattern: try readFixed64(bytes, &position, end))
      default: try skipField(bytes, &position, end, tag: tag)
      }
    }
    guard !positive.isTooLong, !negative.isTooLong else { return }
    bucketText = Array("{\"scale\":\(scale),\"zero\":\(zeroCount),\"positive\":".utf8)
    positive.appendJSON(to: &bucketText)
    bucketText.append(contentsOf: Array(",\"negative\":".utf8))
    negative.appendJSON(to: &bucketText)
    bucketText.append(UInt8(ascii: "}"))
    // The data model's range of scales.
    guard scale >= -10, scale <= 20 else { return }
    let powers = PowersOfBase(scale: Int(scale))
    for (index, count) in negative.indexedCounts.reversed() {
      buckets.append(Bucket(lower: -powers[index + 1], upper: -powers[index], count: Double(count)))
    }
    if zeroCount > 0 { buckets.append(Bucket(lower: 0, upper: 0, count: Double(zeroCount))) }
    for (index, count) in positive.indexedCounts {
      buckets.append(Bucket(lower: powers[index], upper: powers[index + 1], count: Double(count)))
    }
  }

  /// The buckets of positive or of negative values.
  private struct Side {
    var offset: Int64 = 0
    var counts: [UInt64] = []
    private(set) var isTooLong = false

    init() {}

    init(_ bytes: RawSpan, _ message: Range<Int>) throws(DecodeError) {
      var position = message.lowerBound
      while position < message.upperBound {
        let tag = try readVarint(bytes, &position, message.upperBound)
        switch tag {
        case 0x08: offset = zigZag(try readVarint(bytes, &position, message.upperBound))
        case 0x10: add(try readVarint(bytes, &position, message.upperBound))
        case 0x12:
          let byteCount = try readLength(bytes, &position, message.upperBound)
          let last = position &+ byteCount
          while position < last { add(try readVarint(bytes, &position, last)) }
        default: try skipField(bytes, &position, message.upperBound, tag: tag)
        }
      }
    }

    private mutating func add(_ count: UInt64) {
      if counts.count < Distribution.bucketCountMax { counts.append(count) } else { isTooLong = true }
    }

    /// The buckets that hold something, with their index.
    var indexedCounts: [(index: Int, count: UInt64)] {
      counts.enumerated().compactMap { $1 == 0 ? nil : (Int(offset) + $0, $1) }
    }

    func appendJSON(to json: inout [UInt8]) {
      json.append(contentsOf: Array("{\"offset\":\(offset),\"counts\":".utf8))
      appendJSONNumbers(counts, to: &json)
      json.append(UInt8(ascii: "}"))
    }
  }
}

/// The powers of 2 ^ (2 ^ -scale), for scales from -10 to 20.
private struct PowersOfBase {
  let scale: Int
  /// Element k is 2 ^ (2 ^ -k).
  private var roots: [Double] = [2]

  init(scale: Int) {
    self.scale = scale
    for index in 0..<max(scale, 0) { roots.append(roots[index].squareRoot()) }
  }

  subscript(index: Int) -> Double {
    guard scale > 0 else { return power(of2: index << -scale) }
    var fraction = 1.0
    for bit in 0..<scale where index >> bit & 1 == 1 { fraction *= roots[scale - bit] }
    return fraction * power(of2: index >> scale)
  }

  private func power(of2 exponent: Int) -> Double {
    Double(sign: .plus, exponent: min(max(exponent, -1_100), 1_100), significand: 1)
  }
}

/// A signed integer from protobuf's `sint32`, kept inside 32 bits.
private func zigZag(_ word: UInt64) -> Int64 {
  let word = UInt32(truncatingIfNeeded: word)
  return Int64(Int32(bitPattern: word >> 1) ^ -Int32(bitPattern: word & 1))
}

/// Packed 64-bit words.
private func readPacked(
  _ bytes: RawSpan, _ offset: inout Int, _ end: Int, into words: inout [UInt64]
) throws(DecodeError) {
  let count = try readLength(bytes, &offset, end)
  guard count % 8 == 0 else { throw DecodeError(.badLength, at: offset) }
  words.reserveCapacity(words.count + count / 8)
  let last = offset + count
  while offset < last { words.append(try readFixed64(bytes, &offset, last)) }
}

private func appendJSONNumbers(_ values: [Double], to json: inout [UInt8]) {
  json.append(UInt8(ascii: "["))
  for (index, value) in values.enumerated() {
    if index > 0 { json.append(UInt8(ascii: ",")) }
    json.append(contentsOf: Array((value.isFinite ? "\(value)" : "null").utf8))
  }
  json.append(UInt8(ascii: "]"))
}

private func appendJSONNumbers(_ values: [UInt64], to json: inout [UInt8]) {
  json.append(UInt8(ascii: "["))
  for (index, value) in values.enumerated() {
    if index > 0 { json.append(UInt8(ascii: ",")) }
    json.append(contentsOf: Array("\(value)".utf8))
  }
  json.append(UInt8(ascii: "]"))
}
