// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// The five forms of a metric.
enum MetricForm {
  case gauge
  case sum
  case histogram
  case exponentialHistogram
  case summary

  /// The form behind a field's tag in `Metric`, or nil.
  init?(tag: UInt64) {
    switch tag {
    case 0x2A: self = .gauge
    case 0x3A: self = .sum
    case 0x4A: self = .histogram
    case 0x52: self = .exponentialHistogram
    case 0x5A: self = .summary
    default: return nil
    }
  }

  var name: StaticString {
    switch self {
    case .gauge: "gauge"
    case .sum: "sum"
    case .histogram: "histogram"
    case .exponentialHistogram: "exponential_histogram"
    case .summary: "summary"
    }
  }

  /// The tag of an attribute in this form's points.
  var attributeTag: UInt64 {
    switch self {
    case .gauge, .sum, .summary: 0x3A
    case .histogram: 0x4A
    case .exponentialHistogram: 0x0A
    }
  }

  /// The tag of an exemplar, or 0 where points have none.
  var exemplarTag: UInt64 {
    switch self {
    case .gauge, .sum: 0x2A
    case .histogram: 0x42
    case .exponentialHistogram: 0x5A
    case .summary: 0
    }
  }

  /// The tag of a point's flags.
  var flagsTag: UInt64 {
    switch self {
    case .gauge, .sum, .summary: 0x40
    case .histogram, .exponentialHistogram: 0x50
    }
  }
}

/// A data point while the points of a scope are gathered: its place, its time and its attributes; the values are read later.
struct MetricPoint {
  let message: Range<Int>
  /// The point's metric, by index into the scope's list.
  let metric: Int
  var time: UInt64 = 0
  var hasNoValue = false
  /// The next point of the same event, or -1.
  var next = -1

  init(_ message: Range<Int>, metric: Int) {
    self.message = message
    self.metric = metric
  }

  /// Reads what all forms have, and adds the places of the attributes to `attributes`.
  mutating func readHead(_ bytes: RawSpan, _ form: MetricForm, _ attributes: inout [Range<Int>]) throws(DecodeError) {
    var position = message.lowerBound
    let end = message.upperBound
    while position < end {
      let tag = try readVarint(bytes, &position, end)
      switch tag {
      case 0x19:
        guard end &- position >= 8 else { throw DecodeError(.truncated, at: position) }
        time = loadWord(bytes, position)
        position &+= 8
      case form.attributeTag:
        let count = try readLength(bytes, &position, end)
        attributes.append(position..<position &+ count)
        position &+= count
      case form.flagsTag: hasNoValue = try readVarint(bytes, &position, end) & 1 == 1
      default: try skipField(bytes, &position, end, tag: tag)
      }
    }
  }
}

/// What a metric says of all its points.
struct MetricHead {
  var name = 0..<0
  var unit = 0..<0
  var form: MetricForm?
  /// The places of the points' parent message (`Gauge`, `Sum`, …).
  var data = 0..<0
  /// 1 delta, 2 cumulative, 0 neither.
  var temporality: UInt64 = 0
  var isMonotonic = false

  init(_ bytes: RawSpan, _ message: Range<Int>) throws(DecodeError) {
    var position = message.lowerBound
    while position < message.upperBound {
      let tag = try readVarint(bytes, &position, message.upperBound)
      guard tag & 7 == 2 else { try skipField(bytes, &position, message.upperBound, tag: tag); continue }
      let count = try readLength(bytes, &position, message.upperBound)
      let range = position..<position &+ count
      position &+= count
      if tag == 0x0A {
        name = range
      } else if tag == 0x1A {
        unit = range
      } else if let form = MetricForm(tag: tag) {
        self.form = form
        data = range
      }
    }
    position = data.lowerBound
    while position < data.upperBound {
      let tag = try readVarint(bytes, &position, data.upperBound)
      switch tag {
      case 0x10: temporality = try readVarint(bytes, &position, data.upperBound)
      case 0x18: isMonotonic = try readVarint(bytes, &position, data.upperBound) != 0
      default: try skipField(bytes, &position, data.upperBound, tag: tag)
      }
    }
    try checkUTF8(bytes, name.lowerBound, name.count)
    try checkUTF8(bytes, unit.lowerBound, unit.count)
  }
}
