// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// Several segments as one: rows merged in the order of a piece, dictionaries joined, columns chosen anew for all the rows.
///
/// Rows of a dataset that are older than its cutoff are left out. Holds one column of all inputs at a time.
final class PieceMerger: ColumnSource {
  let inputs: [SegmentPiece]
  private let places: [[UInt32]]
  private let times: [Int64]
  let textByteCountMax: Int
  let textByteCountWhole: Int
  let runs: [DatasetRun]
  let keys: [ColumnKey]
  let sharedSource: ColumnKey?

  var rowCount: Int { times.count }

  /// Text of one column beyond `textByteCountWhole` is joined in two readings. `cutoff` gives for an environment and dataset the times before which rows are dropped.
  init(
    _ inputs: [SegmentPiece], textByteCountMax: Int = .max, textByteCountWhole: Int = 64 << 20, cutoff: (DatasetRun) -> RetentionCutoff
  ) throws(StorageError) {
    self.inputs = inputs
    self.textByteCountMax = textByteCountMax
    self.textByteCountWhole = textByteCountWhole
    keys = Set(inputs.flatMap { $0.columns.map(\.key) }).sorted()
    sharedSource = try Self.sharedSource(inputs)
    let merger = RunMerger(
      try inputs.map { (input) throws(StorageError) in
        let times = try Self.times(input)
        return RunMerger.Input(runs: input.runs, times: times, isExpired: try input.expiredRows(times: times, cutoff))
      },
      cutoff: { cutoff($0).everything })
    places = merger.places
    times = merger.times
    runs = merger.runs
  }

  /// The source of derived columns that most of the inputs' columns name, beside those that every writer tries.
  private static func sharedSource(_ inputs: [SegmentPiece]) throws(StorageError) -> ColumnKey? {
    var counts: [ColumnKey: Int] = [:]
    for input in inputs {
      for source in try input.derivedSources() where !ColumnDeriver.commonSources.contains(source) { counts[source, default: 0] += 1 }
    }
    return counts.max { $0.value == $1.value ? $1.key < $0.key : $0.value < $1.value }?.key
  }

  /// The times of all rows; a segment whose times are damaged is not merged.
  private static func times(_ input: SegmentPiece) throws(StorageError) -> [Int64] {
    guard let column = try whole(input, .time), column.presentCount == input.rowCount else {
      guard input.rowCount > 0 else { return [] }
      throw StorageError("merge", path: input.path, .damaged("it has rows without a time"))
    }
    return numbers(column).values.map { Int64(bitPattern: $0) }
  }

  /// A column without any damage, or nil where the input has none.
  static func whole(_ input: SegmentPiece, _ key: ColumnKey) throws(StorageError) -> ScanColumn? {
    do throws(PieceError) {
      guard let column = try input.read(key) else { return nil }
      guard !column.blocks.contains(where: \.isDamaged) else {
        throw PieceError(file: input.path, offset: 0, reason: "column \(key.name) has damaged blocks")
      }
      return column
    } catch {
      throw StorageError("merge", path: error.file, .damaged(error.reason))
    }
  }

  func make(_ key: ColumnKey) throws(StorageError) -> FlatColumn? {
    if key == .time { return .numbers(key, .integers, words: times.map { UInt64(bitPattern: $0) }, present: nil) }
    switch key.kind {
    case .string: return try mergeTexts(key)
    case .traceID: return try mergeTraceIDs(key)
    case .boolean: return try mergeBooleans(key)
    case .integer: return try ColumnFreezer.integers(key, mergeWords(key))
    case .float: return try ColumnFreezer.floats(key, mergeWords(key))
    case .duration:
      let words = try mergeWords(key)
      return .numbers(key, .scaled(divisor: 1e6), words: words.values, present: words.present)
    case .spanID:
      let words = try mergeWords(key)
      return .patterns(key, .spanIDs, words: words.values, present: words.present)
    }
  }

  private func mergeBooleans(_ key: ColumnKey) throws(StorageError) -> FlatColumn {
    var stored = [UInt32](repeating: 0, count: rowCount)
    for (index, input) in inputs.enumerated() {
      guard let column = try Self.whole(input, key) else { continue }
      scatter(column, index, into: &stored) { $0 }
    }
    return .coded(key, .booleans, stored: stored)
  }

  private func mergeTraceIDs(_ key: ColumnKey) throws(StorageError) -> FlatColumn {
    var codes: [TraceID: UInt32] = [:]
    var ids: [TraceID] = []
    var stored = [UInt32](repeating: 0, count: rowCount)
    for (index, input) in inputs.enumerated() {
      guard let column = try Self.whole(input, key), case .dictionary(let dictionary) = column.domain,
        case .traceIDs(let known, _) = dictionary.entries
      else { continue }
      var renumbered: [UInt32] = [0]
      renumbered.reserveCapacity(known.count + 1)
      for id in known {
        if codes[id] == nil {
          ids.append(id)
          codes[id] = UInt32(ids.count)
        }
        renumbered.append(codes[id] ?? 0)
      }
      scatter(column, index, into: &stored) { renumbered[Int($0)] }
    }
    let kept = renumberByFirstRow(&stored, entryCount: ids.count).map { ids[Int($0)] }
    return .coded(key, .dictionary(ValueDictionary(.traceIDs(kept, sorted: sortedEntries(kept)))), stored: stored)
  }

  private func mergeWords(_ key: ColumnKey) throws(StorageError) -> (values: [UInt64], present: [Bool]?) {
    var values = [UInt64](repeating: 0, count: rowCount)
    var present = [Bool](repeating: false, count: rowCount)
    for (index, input) in inputs.enumerated() {
      guard let column = try Self.whole(input, key) else { continue }
      let words = Self.numbers(column)
      let places = self.places[index]
      for row in words.values.indices {
        let place = Int(places[row])
        guard place != Int(RunMerger.dropped), words.present?[row] ?? true else { continue }
        values[place] = words.values[row]
        present[place] = true
      }
    }
    return (values, present.contains(false) ? present : nil)
  }

  /// Sends each stored value through `renumber` to its row's place.
  func scatter(_ column: ScanColumn, _ input: Int, into stored: inout [UInt32], renumber: (UInt32) -> UInt32) {
    let places = self.places[input]
    for (index, block) in column.blocks.enumerated() {
      let first = index * blockRowCount
      if block.width == .constant, block.constant == 0 { continue }
      let values = column.narrowValues(index)
      for row in 0..<block.rowCount where values[row] != 0 {
        let place = Int(places[first + row])
        if place != Int(RunMerger.dropped) { stored[place] = renumber(values[row]) }
      }
    }
  }

  /// A numeric column's values as 64-bit words of its kind, whatever its domain: `Int64`, `Double` or id bits.
  static func numbers(_ column: ScanColumn) -> (values: [UInt64], present: [Bool]?) {
    var values: [UInt64] = []
    values.reserveCapacity(column.rowCount)
    var present: [Bool]?
    if column.presentCount < column.rowCount { present = [Bool](repeating: false, count: column.rowCount) }
    for (index, block) in column.blocks.enumerated() {
      if block.width == .eight {
        values.append(contentsOf: column.wideValues(index).map { word(wide: $0, column) })
        if let bits = present == nil ? nil : column.presenceBytes(index) {
          for row in 0..<block.rowCount {
            present?[index * blockRowCount + row] = bits.isEmpty || bits[row / 8] >> UInt8(row % 8) & 1 == 1
          }
        }
      } else {
        for (row, stored) in column.narrowValues(index).enumerated() {
          values.append(stored == 0 ? 0 : word(narrow: stored, block, column))
          if stored != 0 { present?[index * blockRowCount + row] = true }
        }
      }
    }
    return (values, present)
  }

  @inline(__always)
  private static func word(wide: UInt64, _ column: ScanColumn) -> UInt64 {
    guard case .scaled(let divisor) = column.domain, column.key.kind == .float else { return wide }
    return (Double(Int64(bitPattern: wide)) / divisor).bitPattern
  }

  @inline(__always)
  private static func word(narrow stored: UInt32, _ block: CodeBlock, _ column: ScanColumn) -> UInt64 {
    switch column.domain {
    case .dictionary(let dictionary):
      switch dictionary.entries {
      case .integers(let values): return UInt64(bitPattern: values[Int(stored) - 1])
      case .floats(let values): return values[Int(stored) - 1].bitPattern
      case .text, .templated, .traceIDs: return 0
      }
    case .scaled(let divisor) where column.key.kind == .float:
      return (Double(block.base &+ Int64(stored) &- 1) / divisor).bitPattern
    case .integers, .scaled: return UInt64(bitPattern: block.base &+ Int64(stored) &- 1)
    case .booleans, .floatBits, .spanIDs: return UInt64(stored)
    }
  }
}

/// Numbers the entries anew in the order of their first row and returns the old entry of each new one; unused entries go.
func renumberByFirstRow(_ stored: inout [UInt32], entryCount: Int) -> [UInt32] {
  var renumbered = [UInt32](repeating: 0, count: entryCount + 1)
  var kept: [UInt32] = []
  for row in stored.indices where stored[row] != 0 {
    let code = Int(stored[row])
    if renumbered[code] == 0 {
      kept.append(UInt32(code - 1))
      renumbered[code] = UInt32(kept.count)
    }
    stored[row] = renumbered[code]
  }
  return kept
}

extension ByteInterner {
  /// The given entries as a dictionary's, in their order.
  func texts(_ kept: [UInt32]) -> ValueDictionary.Entries {
    var bytes: [UInt8] = []
    var ends: [UInt32] = []
    ends.reserveCapacity(kept.count)
    bytes.reserveCapacity(kept.reduce(0) { $0 + length(Int($1)) })
    withArena { (arena) in
      for entry in kept {
        unsafe arena.extracting(bounds(Int(entry))).withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        ends.append(UInt32(bytes.count))
      }
    }
    return .text(bytes: bytes, ends: ends)
  }
}
