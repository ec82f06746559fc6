// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

// The values of a point, by form.
//
//   NumberDataPoint                4 as_double  6 as_int (sfixed64)
//   HistogramDataPoint             4 count (fixed64)  5 sum  6 bucket_counts (fixed64)  7 explicit_bounds (double)  11 min  12 max
//   ExponentialHistogramDataPoint  4 count  5 sum  6 scale (sint32)  7 zero_count (fixed64)  8 positive  9 negative  12 min  13 max
//   Buckets                        1 offset (sint32)  2 bucket_counts (varints)
//   SummaryDataPoint               4 count  5 sum  6 quantile_values (repeated: 1 quantile  2 value)

/// A metric whose points become fields: its name, and the columns made for it so far.
struct Metric {
  let form: MetricForm
  /// `"name":{"type":…,"unit":…}`, the metric's member of `meta.metrics`.
  let metadata: [UInt8]
  private let name: Range<Int>
  private let nameText: String
  /// By slot of `suffixes`; nil where no value came yet.
  private var columns: [ColumnIndex?] = []

  init(_ head: MetricHead, _ form: MetricForm, _ bytes: RawSpan) {
    self.form = form
    name = head.name
    nameText = text(bytes, head.name)
    metadata = Self.metadata(head, form, bytes)
  }

  private static func metadata(_ head: MetricHead, _ form: MetricForm, _ bytes: RawSpan) -> [UInt8] {
    var json: [UInt8] = []
    appendJSONString(bytes, head.name, to: &json)
    json.append(contentsOf: Array(":{\"type\":\"\(form.name)\"".utf8))
    // Source of the limit: OpenTelemetry specification, instrument units.
    if !head.unit.isEmpty, head.unit.count <= 63 {
      json.append(contentsOf: Array(",\"unit\":".utf8))
      appendJSONString(bytes, head.unit, to: &json)
    }
    if head.temporality == 1 { json.append(contentsOf: Array(",\"temporality\":\"delta\"".utf8)) }
    if head.temporality == 2 { json.append(contentsOf: Array(",\"temporality\":\"cumulative\"".utf8)) }
    if form == .sum { json.append(contentsOf: Array(",\"is_monotonic\":\(head.isMonotonic)".utf8)) }
    json.append(UInt8(ascii: "}"))
    return json
  }

  /// Sets the point's fields in the row being built; false where it has no value.
  mutating func setValues(_ bytes: RawSpan, _ point: Range<Int>, _ batch: inout Batch) throws(DecodeError) -> Bool {
    switch form {
    case .gauge, .sum: return try setNumber(bytes, point, &batch)
    case .histogram: try set(Distribution(explicit: bytes, point), &batch)
    case .exponentialHistogram: try set(Distribution(exponential: bytes, point), &batch)
    case .summary: try setSummary(bytes, point, &batch)
    }
    return true
  }

  private mutating func setNumber(_ bytes: RawSpan, _ point: Range<Int>, _ batch: inout Batch) throws(DecodeError) -> Bool {
    var position = point.lowerBound
    var kind: ColumnKind?
    var word: UInt64 = 0
    while position < point.upperBound {
      let tag = try readVarint(bytes, &position, point.upperBound)
      guard tag == 0x21 || tag == 0x31 else { try skipField(bytes, &position, point.upperBound, tag: tag); continue }
      kind = tag == 0x21 ? .float : .integer
      word = try readFixed64(bytes, &position, point.upperBound)
    }
    guard let kind, kind == .integer || Double(bitPattern: word).isFinite else { return false }
    guard let column = batch.column(bytes, name.lowerBound, name.count, kind) else {
      throw DecodeError(.tooManyFields, at: name.lowerBound)
    }
    batch.setWord(column, word)
    return true
  }

  private mutating func set(_ distribution: Distribution, _ batch: inout Batch) throws(DecodeError) {
    let numbers: [(slot: Int, value: Double?)] = [
      (1, distribution.sum), (2, distribution.average), (3, distribution.minimum), (4, distribution.maximum),
    ]
    batch.setWord(try column(0, .integer, &batch), UInt64(min(distribution.count, UInt64(Int64.max))))
    for (slot, value) in numbers {
      guard let value, value.isFinite else { continue }
      batch.setWord(try column(slot, .float, &batch), value.bitPattern)
    }
    for (index, value) in distribution.quantileValues().enumerated() {
      batch.setWord(try column(6 + index, .float, &batch), value.bitPattern)
    }
    let json = distribution.bucketText
    guard !json.isEmpty, json.count <= nestedByteCountMax else { return }
    unsafe batch.setText(try column(5, .string, &batch), json.span.bytes, 0, json.count)
  }

  private mutating func setSummary(_ bytes: RawSpan, _ point: Range<Int>, _ batch: inout Batch) throws(DecodeError) {
    var position = point.lowerBound
    let end = point.upperBound
    var count: UInt64 = 0
    var sum: Double?
    while position < end {
      let tag = try readVarint(bytes, &position, end)
      switch tag {
      case 0x21: count = try readFixed64(bytes, &position, end)
      case 0x29: sum = Double(bitPattern: try readFixed64(bytes, &position, end))
      case 0x32:
        let length = try readLength(bytes, &position, end)
        try setQuantile(bytes, position..<position &+ length, &batch)
        position &+= length
      default: try skipField(bytes, &position, end, tag: tag)
      }
    }
    batch.setWord(try column(0, .integer, &batch), UInt64(min(count, UInt64(Int64.max))))
    if let sum, sum.isFinite { batch.setWord(try column(1, .float, &batch), sum.bitPattern) }
  }

  private mutating func setQuantile(_ bytes: RawSpan, _ message: Range<Int>, _ batch: inout Batch) throws(DecodeError) {
    var position = message.lowerBound
    var quantile = 0.0
    var value = 0.0
    while position < message.upperBound {
      let tag = try readVarint(bytes, &position, message.upperBound)
      switch tag {
      case 0x09: quantile = Double(bitPattern: try readFixed64(bytes, &position, message.upperBound))
      case 0x11: value = Double(bitPattern: try readFixed64(bytes, &position, message.upperBound))
      default: try skipField(bytes, &position, message.upperBound, tag: tag)
      }
    }
    guard value.isFinite, let suffix = quantileSuffix(quantile) else { return }
    guard let column = batch.column("\(nameText).\(suffix)", .float) else { throw DecodeError(.tooManyFields, at: name.lowerBound) }
    batch.setWord(column, value.bitPattern)
  }

  /// The column of a slot, made when its first value comes.
  private mutating func column(_ slot: Int, _ kind: ColumnKind, _ batch: inout Batch) throws(DecodeError) -> ColumnIndex {
    if columns.isEmpty { columns = Array(repeating: nil, count: suffixes.count) }
    if let known = columns[slot] { return known }
    guard let made = batch.column("\(nameText).\(suffixes[slot])", kind) else {
      throw DecodeError(.tooManyFields, at: name.lowerBound)
    }
    columns[slot] = made
    return made
  }
}

/// The fields of a histogram by slot: six of its own, then one for each of `quantiles`.
private let suffixes = ["count", "sum", "avg", "min", "max", "buckets"] + quantiles.map(\.suffix)

/// The quantiles that a histogram is reduced to, ascending.
let quantiles: [(suffix: String, share: Double)] = [
  ("p001", 0.001), ("p01", 0.01), ("p05", 0.05), ("p10", 0.10), ("p20", 0.20), ("p25", 0.25), ("p50", 0.50), ("p75", 0.75),
  ("p80", 0.80), ("p90", 0.90), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999),
]

/// The name of a summary's quantile: the digits behind the point, at least two (0.5 p50, 0.999 p999); 0 is min and 1 is max. Nil for
/// what is no quantile, or has more than six digits.
func quantileSuffix(_ quantile: Double) -> String? {
  if quantile == 0 { return "min" }
  if quantile == 1 { return "max" }
  guard quantile > 0, quantile < 1 else { return nil }
  let digits = "\(quantile)"
  guard digits.hasPrefix("0."), digits.utf8.count <= 8 else { return nil }
  let fraction = digits.dropFirst(2)
  return fraction.utf8.count == 1 ? "p\(fraction)0" : "p\(fraction)"
}

/// Eight bytes; `offset` moves behind them.
func readFixed64(_ bytes: RawSpan, _ offset: inout Int, _ end: Int) throws(DecodeError) -> UInt64 {
  guard end &- offset >= 8 else { throw DecodeError(.truncated, at: offset) }
  let word = loadWord(bytes, offset)
  offset &+= 8
  return word
}
