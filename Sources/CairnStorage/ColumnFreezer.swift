// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// Turns an open column, whose values stand in order of arrival, into the scan form, whose values stand in the order of a piece.
///
/// First every row gets its group's value, then its own, so that the own one wins; of several the last counts. Dictionary entries are
/// numbered anew in the order of their first row, which leaves out what no row uses and makes near-unique columns ascend.
struct ColumnFreezer {
  let order: RowOrder
  let groupCount: Int

  private var rowCount: Int { order.rank.count }

  func freeze(_ column: borrowing ColumnBuilder) -> ScanColumn? {
    switch column.key.kind {
    case .string, .traceID: return freezeDictionary(column)
    case .boolean: return freezeBooleans(column)
    case .integer: return Self.integers(column.key, words(column))
    case .duration:
      let (values, present) = words(column)
      return .numbers(column.key, .scaled(divisor: 1e6), values: signed(values), present: present)
    case .float: return Self.floats(column.key, words(column))
    case .spanID:
      let (values, present) = words(column)
      return .patterns(column.key, .spanIDs, values: values, present: present)
    }
  }

  /// Calls `body(place in the piece, position of the value)` for every value that a row of the piece has, groups first.
  @inline(__always)
  private func scatter(_ column: borrowing ColumnBuilder, _ body: (Int, Int) -> Void) {
    var ofGroup: [Int32] = []
    for position in 0..<column.count {
      let row = column.rows[position]
      guard row & groupBit != 0 else { continue }
      let group = Int(row & ~groupBit)
      guard group < groupCount else { continue }
      if ofGroup.isEmpty { ofGroup = [Int32](repeating: -1, count: groupCount) }
      ofGroup[group] = Int32(position)
    }
    if !ofGroup.isEmpty {
      for row in 0..<rowCount {
        let position = ofGroup[Int(order.groups[row])]
        if position >= 0 { body(Int(order.rank[row]), Int(position)) }
      }
    }
    for position in 0..<column.count {
      let row = column.rows[position]
      guard row & groupBit == 0 else { continue }
      guard Int(row) < rowCount else { break }
      body(Int(order.rank[Int(row)]), position)
    }
  }

  private func words(_ column: borrowing ColumnBuilder) -> (values: [UInt64], present: [Bool]?) {
    var values = [UInt64](repeating: 0, count: rowCount)
    var present = [Bool](repeating: false, count: rowCount)
    scatter(column) { (place, position) in
      values[place] = column.words[position]
      present[place] = true
    }
    return (values, present.allSatisfy { $0 } ? nil : present)
  }

  private func signed(_ words: [UInt64]) -> [Int64] { words.map { Int64(bitPattern: $0) } }

  private func freezeBooleans(_ column: borrowing ColumnBuilder) -> ScanColumn {
    var stored = [UInt32](repeating: 0, count: rowCount)
    scatter(column) { (place, position) in stored[place] = column.words[position] == 0 ? 1 : 2 }
    return .coded(column.key, .booleans, stored: stored)
  }

  private func freezeDictionary(_ column: borrowing ColumnBuilder) -> ScanColumn {
    var stored = [UInt32](repeating: 0, count: rowCount)
    scatter(column) { (place, position) in stored[place] = column.codes[position] &+ 1 }
    if !column.dictionary.isExact {
      let first = column.dictionary.firstEqualEntries()
      for place in 0..<rowCount where stored[place] != 0 { stored[place] = first[Int(stored[place]) - 1] + 1 }
    }
    let kept = renumberByFirstRow(&stored, entryCount: column.dictionary.count)
    let entries = column.key.kind == .traceID ? traceIDs(column, kept) : column.dictionary.texts(kept)
    return .coded(column.key, .dictionary(ValueDictionary(entries)), stored: stored)
  }

  private func traceIDs(_ column: borrowing ColumnBuilder, _ kept: [UInt32]) -> ValueDictionary.Entries {
    var ids: [TraceID] = []
    ids.reserveCapacity(kept.count)
    column.dictionary.withArena { (arena) in
      for entry in kept {
        let at = column.dictionary.bounds(Int(entry)).lowerBound
        ids.append(TraceID(high: loadWord(arena, at).byteSwapped, low: loadWord(arena, at + 8).byteSwapped))
      }
    }
    return .traceIDs(ids, sorted: sortedEntries(ids))
  }
}

/// Entries by ascending id.
func sortedEntries(_ ids: [TraceID]) -> [UInt32] {
  (0..<UInt32(ids.count)).sorted { ids[Int($0)] < ids[Int($1)] }
}

extension ColumnFreezer {
  /// Few distinct numbers that lie far apart get a dictionary; more than this many do not.
  private static let distinctMax = 4_096

  /// Whole numbers: a dictionary where it makes the codes narrower, else offsets from each block's least.
  static func integers(_ key: ColumnKey, _ words: (values: [UInt64], present: [Bool]?)) -> ScanColumn {
    if let coded = dictionaryCodes(words, isWorth: { $0 > 65_535 }) {
      let entries = ValueDictionary.Entries.integers(coded.distinct.map { Int64(bitPattern: $0) })
      return .coded(key, .dictionary(ValueDictionary(entries)), stored: coded.stored)
    }
    return .numbers(key, .integers, values: words.values.map { Int64(bitPattern: $0) }, present: words.present)
  }

  /// Decimal fractions become whole numbers over a power of ten, where each comes back exactly; else few distinct ones a dictionary.
  static func floats(_ key: ColumnKey, _ words: (values: [UInt64], present: [Bool]?)) -> ScanColumn {
    if let (divisor, numerators) = decimal(words) {
      return .numbers(key, .scaled(divisor: divisor), values: numerators, present: words.present)
    }
    if let coded = dictionaryCodes(words, isWorth: { _ in true }) {
      let entries = ValueDictionary.Entries.floats(coded.distinct.map { Double(bitPattern: $0) })
      return .coded(key, .dictionary(ValueDictionary(entries)), stored: coded.stored)
    }
    return .patterns(key, .floatBits, values: words.values, present: words.present)
  }

  private static func decimal(_ words: (values: [UInt64], present: [Bool]?)) -> (divisor: Double, numerators: [Int64])? {
    var numerators = [Int64](repeating: 0, count: words.values.count)
    attempt: for divisor in [1.0, 10, 100, 1e3, 1e4, 1e6, 1e9] {
      for index in words.values.indices {
        if let present = words.present, !present[index] { continue }
        let value = Double(bitPattern: words.values[index])
        let scaled = (value * divisor).rounded()
        guard abs(scaled) < 1e15 else { continue attempt }
        numerators[index] = Int64(scaled)
        // As it will be read: a whole number has no negative zero.
        guard (Double(numerators[index]) / divisor).bitPattern == words.values[index] else { continue attempt }
      }
      return (divisor, numerators)
    }
    return nil
  }

  /// Stored values over the distinct words, or nil where there are too many of them or a dictionary is not worth it for their range.
  private static func dictionaryCodes(
    _ words: (values: [UInt64], present: [Bool]?), isWorth: (UInt64) -> Bool
  ) -> (stored: [UInt32], distinct: [UInt64])? {
    var minimum = Int64.max
    var maximum = Int64.min
    for (index, word) in words.values.enumerated() {
      if let present = words.present, !present[index] { continue }
      minimum = min(minimum, Int64(bitPattern: word))
      maximum = max(maximum, Int64(bitPattern: word))
    }
    guard minimum <= maximum, isWorth(UInt64(bitPattern: maximum &- minimum)) else { return nil }
    var table = WordTable(distinctMax: distinctMax)
    var stored = [UInt32](repeating: 0, count: words.values.count)
    for (index, word) in words.values.enumerated() {
      if let present = words.present, !present[index] { continue }
      guard let code = table.code(of: word) else { return nil }
      stored[index] = code + 1
    }
    return (stored, table.distinct)
  }
}

/// Words to small numbers, up to a limit: open addressing over a table that is never more than half full.
struct WordTable {
  private(set) var distinct: [UInt64] = []
  private var slots: [UInt32]
  private let distinctMax: Int

  init(distinctMax: Int) {
    self.distinctMax = distinctMax
    var count = 16
    while count < distinctMax * 2 { count *= 2 }
    slots = [UInt32](repeating: 0, count: count)
  }

  /// The code of a word, new or known; nil where there would be too many.
  mutating func code(of word: UInt64) -> UInt32? {
    let mask = slots.count - 1
    var index = Int(truncatingIfNeeded: mix(word, 0x9e37_79b9_7f4a_7c15)) & mask
    while slots[index] != 0 {
      let code = slots[index] &- 1
      if distinct[Int(code)] == word { return code }
      index = (index &+ 1) & mask
    }
    guard distinct.count < distinctMax else { return nil }
    distinct.append(word)
    slots[index] = UInt32(distinct.count)
    return UInt32(distinct.count - 1)
  }
}
