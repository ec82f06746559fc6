// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import Synchronization

/// Turns open columns, whose values stand in order of arrival, into flat ones, whose values stand in the order of a piece.
///
/// First every row gets its group's value, then its own, so that the own one wins; of several the last counts. Dictionary entries are
/// numbered anew in the order of their first row, which leaves out what no row uses and makes near-unique columns ascend.
struct ColumnFreezer {
  /// One head with the places of its rows in the piece.
  struct Part {
    let head: Head
    var order: RowOrder
    let groupCount: Int
    let indices: [ColumnKey: ColumnIndex]

    /// Reads the head's column of this key, if it has one; holds the head's lock.
    func withColumn(_ key: ColumnKey, _ body: (borrowing ColumnBuilder) -> Void) {
      guard let index = indices[key] else { return }
      head.open.withLock { (open) in open.batch.withColumn(index, body) }
    }
  }

  let parts: [Part]
  let rowCount: Int

  func freeze(_ key: ColumnKey) -> FlatColumn? {
    switch key.kind {
    case .string, .traceID: return freezeDictionary(key)
    case .boolean: return freezeBooleans(key)
    case .integer: return Self.integers(key, words(key))
    case .duration:
      let (values, present) = words(key)
      return .numbers(key, .scaled(divisor: 1e6), words: values, present: present)
    case .float: return Self.floats(key, words(key))
    case .spanID:
      let (values, present) = words(key)
      return .patterns(key, .spanIDs, words: values, present: present)
    }
  }

  /// Calls `body(place in the piece, code)` for every code that a row of the piece has, groups first.
  @inline(__always)
  private func scatterCodes(_ column: borrowing ColumnBuilder, _ part: Part, _ body: (Int, UInt32) -> Void) {
    scatterGroups(column, part) { (place, value) in body(place, UInt32(truncatingIfNeeded: value)) }
    let first = part.order.rows.lowerBound
    column.rows.forEach(in: part.order.rows) { (row, position) in body(Int(part.order.rank[row &- first]), column.codes[position]) }
  }

  /// The same for words.
  @inline(__always)
  private func scatterWords(_ column: borrowing ColumnBuilder, _ part: Part, _ body: (Int, UInt64) -> Void) {
    scatterGroups(column, part, body)
    let first = part.order.rows.lowerBound
    column.rows.forEach(in: part.order.rows) { (row, position) in body(Int(part.order.rank[row &- first]), column.words[position]) }
  }

  @inline(__always)
  private func scatterGroups(_ column: borrowing ColumnBuilder, _ part: Part, _ body: (Int, UInt64) -> Void) {
    var ofGroup: [Int32] = []
    for position in 0..<column.groups.count where Int(column.groups[position]) < part.groupCount {
      if ofGroup.isEmpty { ofGroup = [Int32](repeating: -1, count: part.groupCount) }
      ofGroup[Int(column.groups[position])] = Int32(position)
    }
    guard !ofGroup.isEmpty else { return }
    for row in 0..<part.order.rank.count {
      let position = Int(ofGroup[Int(part.order.groups[row])])
      if position >= 0 { body(Int(part.order.rank[row]), column.groupValues[position]) }
    }
  }

  private func words(_ key: ColumnKey) -> (values: [UInt64], present: [Bool]?) {
    var values = [UInt64](repeating: 0, count: rowCount)
    var present = [Bool](repeating: false, count: rowCount)
    for part in parts {
      part.withColumn(key) { (column) in
        scatterWords(column, part) { (place, word) in
          values[place] = word
          present[place] = true
        }
      }
    }
    return (values, present.allSatisfy { $0 } ? nil : present)
  }

  private func freezeBooleans(_ key: ColumnKey) -> FlatColumn {
    var stored = [UInt32](repeating: 0, count: rowCount)
    for part in parts {
      part.withColumn(key) { (column) in
        scatterWords(column, part) { (place, word) in stored[place] = word == 0 ? 1 : 2 }
      }
    }
    return .coded(key, .booleans, stored: stored)
  }

  private func freezeDictionary(_ key: ColumnKey) -> FlatColumn {
    // Of a head's last rows only the entries that they use are looked up.
    guard parts.count != 1 || parts[0].order.rows.lowerBound > 0 else { return freezeOwnDictionary(key) }
    var stored = [UInt32](repeating: 0, count: rowCount)
    var joined = ByteInterner(slotCount: 256, arenaByteCount: 1 << 12)
    for part in parts {
      part.withColumn(key) { (column) in
        // The joined code + 1 of each of the part's entries, looked up when the first row has it.
        var codes = [UInt32](repeating: 0, count: column.dictionary.count)
        column.dictionary.withArena { (arena) in
          scatterCodes(column, part) { (place, code) in
            let entry = Int(code)
            if codes[entry] == 0 {
              let bounds = column.dictionary.bounds(entry)
              codes[entry] = joined.intern(arena, bounds.lowerBound, bounds.count) &+ 1
            }
            stored[place] = codes[entry]
          }
        }
      }
    }
    let kept = renumberByFirstRow(&stored, entryCount: joined.count)
    return .coded(key, .dictionary(ValueDictionary(joined.entries(kept, key.kind))), stored: stored)
  }

  /// Of a single head: its entries are joined already.
  private func freezeOwnDictionary(_ key: ColumnKey) -> FlatColumn {
    var stored = [UInt32](repeating: 0, count: rowCount)
    var entries = ValueDictionary.Entries.text(bytes: [], ends: [])
    for part in parts {
      part.withColumn(key) { (column) in
        scatterCodes(column, part) { (place, code) in stored[place] = code &+ 1 }
        if !column.dictionary.isExact {
          let first = column.dictionary.firstEqualEntries()
          for place in 0..<rowCount where stored[place] != 0 { stored[place] = first[Int(stored[place]) - 1] + 1 }
        }
        let kept = renumberByFirstRow(&stored, entryCount: column.dictionary.count)
        entries = column.dictionary.entries(kept, key.kind)
      }
    }
    return .coded(key, .dictionary(ValueDictionary(entries)), stored: stored)
  }

  /// The text column with the most entries among those that only groups set.
  func sharedTextColumn(among keys: [ColumnKey]) -> ColumnKey? {
    var best: (key: ColumnKey, entryCount: Int)?
    for key in keys where key.kind == .string {
      var isShared = true
      var entryCount = 0
      for part in parts {
        part.withColumn(key) { (column) in
          isShared = isShared && column.rows.count == 0
          entryCount += column.dictionary.count
        }
      }
      if isShared, entryCount > best?.entryCount ?? 0 { best = (key, entryCount) }
    }
    return best?.key
  }
}

/// Entries by ascending id.
func sortedEntries(_ ids: [TraceID]) -> [UInt32] {
  (0..<UInt32(ids.count)).sorted { ids[Int($0)] < ids[Int($1)] }
}

extension ByteInterner {
  /// The given entries as a dictionary's of the kind, in their order.
  func entries(_ kept: [UInt32], _ kind: ColumnKind) -> ValueDictionary.Entries {
    guard kind == .traceID else { return texts(kept) }
    var ids: [TraceID] = []
    ids.reserveCapacity(kept.count)
    withArena { (arena) in
      for entry in kept {
        let at = bounds(Int(entry)).lowerBound
        ids.append(TraceID(high: loadWord(arena, at).byteSwapped, low: loadWord(arena, at + 8).byteSwapped))
      }
    }
    return .traceIDs(ids, sorted: sortedEntries(ids))
  }
}

extension ColumnFreezer {
  /// Few distinct numbers that lie far apart get a dictionary; more than this many do not.
  private static let distinctMax = 4_096

  /// Whole numbers: a dictionary where it makes the codes narrower, else offsets from each block's least.
  static func integers(_ key: ColumnKey, _ words: (values: [UInt64], present: [Bool]?)) -> FlatColumn {
    if let coded = dictionaryCodes(words, isWorth: { $0 > 65_535 }) {
      let entries = ValueDictionary.Entries.integers(coded.distinct.map { Int64(bitPattern: $0) })
      return .coded(key, .dictionary(ValueDictionary(entries)), stored: coded.stored)
    }
    return .numbers(key, .integers, words: words.values, present: words.present)
  }

  /// Decimal fractions become whole numbers over a power of ten, where each comes back exactly; else few distinct ones a dictionary.
  static func floats(_ key: ColumnKey, _ words: (values: [UInt64], present: [Bool]?)) -> FlatColumn {
    if let (divisor, numerators) = decimal(words) {
      return .numbers(key, .scaled(divisor: divisor), words: numerators, present: words.present)
    }
    if let coded = dictionaryCodes(words, isWorth: { _ in true }) {
      let entries = ValueDictionary.Entries.floats(coded.distinct.map { Double(bitPattern: $0) })
      return .coded(key, .dictionary(ValueDictionary(entries)), stored: coded.stored)
    }
    return .patterns(key, .floatBits, words: words.values, present: words.present)
  }

  private static func decimal(_ words: (values: [UInt64], present: [Bool]?)) -> (divisor: Double, numerators: [UInt64])? {
    var numerators = [UInt64](repeating: 0, count: words.values.count)
    attempt: for divisor in [1.0, 10, 100, 1e3, 1e4, 1e6, 1e9] {
      for index in words.values.indices {
        if let present = words.present, !present[index] { continue }
        let value = Double(bitPattern: words.values[index])
        let scaled = (value * divisor).rounded()
        guard abs(scaled) < 1e15 else { continue attempt }
        let numerator = Int64(scaled)
        // As it will be read: a whole number has no negative zero.
        guard (Double(numerator) / divisor).bitPattern == words.values[index] else { continue attempt }
        numerators[index] = UInt64(bitPattern: numerator)
      }
      return (divisor, numerators)
    }
    return nil
  }

  /// Stored values over the distinct words, or nil where there are too many of them or a dictionary is not worth it for their range.
  private static func dictionaryCodes(
    _ words: (values: [UInt64], present: [Bool]?), isWorth: (UInt64) -> Bool
  ) -> (stored: [UInt32], distinct: [UInt64])? {
    guard let range = FlatColumn.range(words.values, words.present),
      isWorth(UInt64(bitPattern: range.upperBound &- range.lowerBound))
    else { return nil }
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
