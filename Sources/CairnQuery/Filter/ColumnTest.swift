// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnPlan

/// A leaf made ready for one column: the work per value is done, what is left compares stored values.
enum ColumnTest: Sendable {
  case nothing
  case present
  /// Dictionary entries and booleans: 1 for each code that passes; all that pass lie in `codes`.
  case table([UInt8], codes: ClosedRange<UInt32>, isSolid: Bool)
  /// A few dictionary entries, ascending: no table is needed.
  case codes([UInt32])
  /// Whole numbers (numerators where scaled), ascending.
  case integers([ClosedRange<Int64>])
  case floats([ClosedRange<Double>])
  case patterns(Set<UInt64>)
  /// Text tests of numbers and ids: by value, a row at a time.
  case values(FieldTest)

  init(_ test: FieldTest, _ column: ScanColumn) {
    if case .exists = test {
      self = .present
      return
    }
    switch column.domain {
    case .dictionary(let dictionary):
      self = EntryTable.ids(test, dictionary).map(Self.few) ?? Self.table(EntryTable.make(test, dictionary))
    case .booleans: self = Self.table([0, test.passes(.boolean(false)) ? 1 : 0, test.passes(.boolean(true)) ? 1 : 0])
    case .integers: self = Self.numbers(test) { (comparison, number) in number.integers(comparison) }
    case .scaled(let divisor):
      self = Self.numbers(test) { (comparison, number) in Self.scaled(comparison, number, divisor) }
    case .floatBits: self = Self.floats(test)
    case .spanIDs: self = Self.ids(test)
    }
  }

  private static func few(_ codes: [UInt32]) -> ColumnTest { codes.isEmpty ? .nothing : .codes(codes) }

  private static func table(_ table: [UInt8]) -> ColumnTest {
    guard let first = table.firstIndex(of: 1), let last = table.lastIndex(of: 1) else { return .nothing }
    let isSolid = !table[first...last].contains(0)
    return .table(table, codes: UInt32(first)...UInt32(last), isSolid: isSolid)
  }

  private static func numbers(_ test: FieldTest, _ range: (Comparison, Number) -> ClosedRange<Int64>?) -> ColumnTest {
    let ranges: [ClosedRange<Int64>]
    switch test {
    case .compare(let comparison, let wanted): ranges = Number(wanted).flatMap { range(comparison, $0) }.map { [$0] } ?? []
    case .oneOf(let list):
      ranges = Set(list.compactMap(Number.init).compactMap { range(.equal, $0) }).sorted { $0.lowerBound < $1.lowerBound }
    case .text, .matches: return .values(test)
    case .exists: return .present
    }
    return ranges.isEmpty ? .nothing : .integers(ranges)
  }

  /// The numerators n for which `n / divisor ? number` holds: the quotient never falls as n grows, so a binary search finds the ends.
  private static func scaled(_ comparison: Comparison, _ number: Number, _ divisor: Double) -> ClosedRange<Int64>? {
    func first(_ comparison: Comparison) -> Int64? {
      var low = Int64.min
      var high = Int64.max
      guard Number.holds(comparison, .float(Double(high) / divisor), number) else { return nil }
      while low < high {
        let middle = low + Int64(bitPattern: UInt64(bitPattern: high &- low) / 2)
        if Number.holds(comparison, .float(Double(middle) / divisor), number) { high = middle } else { low = middle + 1 }
      }
      return low
    }
    guard !number.double.isNaN else { return nil }
    let from = first(.greaterOrEqual)
    let above = first(.greater)
    switch comparison {
    case .equal: return from.flatMap { (from) in above.map { $0 > from ? from...($0 - 1) : nil } ?? from...Int64.max }
    case .less: return from.map { $0 == .min ? nil : .min ... ($0 - 1) } ?? .min ... .max
    case .lessOrEqual: return above.map { $0 == .min ? nil : .min ... ($0 - 1) } ?? .min ... .max
    case .greater: return above.map { $0 ... .max }
    case .greaterOrEqual: return from.map { $0 ... .max }
    case .notEqual: return nil
    }
  }

  private static func floats(_ test: FieldTest) -> ColumnTest {
    let ranges: [ClosedRange<Double>]
    switch test {
    case .compare(let comparison, let wanted): ranges = Number(wanted).flatMap { floats(comparison, $0) }.map { [$0] } ?? []
    case .oneOf(let list): ranges = list.compactMap(Number.init).compactMap { floats(.equal, $0) }
    case .text, .matches: return .values(test)
    case .exists: return .present
    }
    return ranges.isEmpty ? .nothing : .floats(ranges)
  }

  private static func floats(_ comparison: Comparison, _ number: Number) -> ClosedRange<Double>? {
    let value = number.double
    guard !value.isNaN else { return nil }
    switch comparison {
    case .equal: return value...value
    case .less: return value == -.infinity ? nil : -.infinity ... value.nextDown
    case .lessOrEqual: return -.infinity ... value
    case .greater: return value == .infinity ? nil : value.nextUp ... .infinity
    case .greaterOrEqual: return value ... .infinity
    case .notEqual: return nil
    }
  }

  private static func ids(_ test: FieldTest) -> ColumnTest {
    func pattern(_ value: FieldValue) -> UInt64? {
      guard case .string(let text) = value, text.utf8.count == 16 else { return nil }
      guard let id = parseHex(Array(text.utf8)[...]), hexText(id) == text else { return nil }
      return id.byteSwapped
    }
    switch test {
    case .compare(.equal, .string(let text)): return pattern(.string(text)).map { .patterns([$0]) } ?? .nothing
    case .oneOf(let list) where list.allSatisfy({ $0.type == .string }):
      let patterns = Set(list.compactMap(pattern))
      return patterns.isEmpty ? .nothing : .patterns(patterns)
    default: return .values(test)
    }
  }
}
