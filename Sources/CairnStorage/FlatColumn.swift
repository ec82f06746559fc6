// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

/// A whole column of a piece in one array: what a seal and a merge work on, between the events and the blocks of a file.
struct FlatColumn {
  enum Values {
    /// 0 where there is no value; else entry + 1, 1 false and 2 true, or number - `base` + 1.
    case narrow([UInt32])
    /// Numbers, double bits or ids as they are; `present` is nil where every row has one.
    case wide([UInt64], present: [Bool]?)
  }
  var key: ColumnKey
  var domain: ScanColumn.Domain
  /// Of numbers in narrow form; else 0.
  var base: Int64 = 0
  var values: Values

  /// The greatest stored value of the narrow form: two more must fit into 32 bits (`DerivedColumn`).
  static let narrowMax = UInt64(UInt32.max) - 2

  var rowCount: Int {
    switch values {
    case .narrow(let stored): stored.count
    case .wide(let words, _): words.count
    }
  }

  /// Rows that have a value; O(rows).
  var presentCount: Int {
    switch values {
    case .narrow(let stored): stored.reduce(0) { $0 &+ ($1 == 0 ? 0 : 1) }
    case .wide(let words, let present): present?.reduce(0) { $0 &+ ($1 ? 1 : 0) } ?? words.count
    }
  }

  /// Dictionary entries or booleans.
  static func coded(_ key: ColumnKey, _ domain: ScanColumn.Domain, stored: [UInt32]) -> FlatColumn {
    FlatColumn(key: key, domain: domain, values: .narrow(stored))
  }

  /// Whole numbers (`Int64` bits), or numerators of domain `scaled`; narrow where their range allows it.
  static func numbers(_ key: ColumnKey, _ domain: ScanColumn.Domain, words: [UInt64], present: [Bool]?) -> FlatColumn {
    guard let range = range(words, present) else {
      return FlatColumn(key: key, domain: domain, values: .narrow([UInt32](repeating: 0, count: words.count)))
    }
    guard UInt64(bitPattern: range.upperBound &- range.lowerBound) < narrowMax else {
      return FlatColumn(key: key, domain: domain, values: .wide(words, present: present))
    }
    let lowest = UInt64(bitPattern: range.lowerBound)
    var stored = words.map { UInt32(truncatingIfNeeded: $0 &- lowest &+ 1) }
    if let present { for row in stored.indices where !present[row] { stored[row] = 0 } }
    return FlatColumn(key: key, domain: domain, base: range.lowerBound, values: .narrow(stored))
  }

  /// The least and the greatest number, or nil where there is none.
  static func range(_ words: [UInt64], _ present: [Bool]?) -> ClosedRange<Int64>? {
    var minimum = Int64.max
    var maximum = Int64.min
    for row in words.indices where present?[row] ?? true {
      minimum = min(minimum, Int64(bitPattern: words[row]))
      maximum = max(maximum, Int64(bitPattern: words[row]))
    }
    return minimum <= maximum ? minimum...maximum : nil
  }

  /// Double bits or span ids.
  static func patterns(_ key: ColumnKey, _ domain: ScanColumn.Domain, words: [UInt64], present: [Bool]?) -> FlatColumn {
    FlatColumn(key: key, domain: domain, values: .wide(words, present: present))
  }

  /// The form that queries read.
  func scanColumn() -> ScanColumn {
    switch (values, domain) {
    case (.narrow(let stored), .integers), (.narrow(let stored), .scaled):
      return .offsets(key, domain, base: base, stored: stored)
    case (.narrow(let stored), _): return .coded(key, domain, stored: stored)
    case (.wide(let words, let present), .integers), (.wide(let words, let present), .scaled):
      return .numbers(key, domain, values: words.map { Int64(bitPattern: $0) }, present: present)
    case (.wide(let words, let present), _): return .patterns(key, domain, values: words, present: present)
    }
  }

  /// The numbers of a column of whole numbers; 0 where there is none.
  func numbers() -> [Int64] {
    switch values {
    case .narrow(let stored): stored.map { $0 == 0 ? 0 : base &+ Int64($0) &- 1 }
    case .wide(let words, _): words.map { Int64(bitPattern: $0) }
    }
  }
}
