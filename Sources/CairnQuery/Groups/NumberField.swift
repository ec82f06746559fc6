// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// A field as numbers over all pieces of a question: what SUM, MIN, percentiles and heatmaps read.
///
/// Booleans count as 0 and 1, text as the number that all of it reads as; what is no number (NaN too) is left out.
struct NumberField: Sendable {
  /// How one column's stored values become numbers.
  struct Column: Sendable {
    enum Form: Sendable {
      /// Exact over the field's divisor.
      case exact
      /// Whole numbers over another divisor.
      case quotient(Double)
      /// Whole numbers by code, over a divisor of 1: as exact as those that stand in their rows.
      case exactEntries([Int64])
      /// By code, NaN where the entry is no number.
      case entries([Double])
      case floats
    }
    var column: ScanColumn
    var form: Form
  }

  /// By piece, in the order of precedence.
  private(set) var columns: [[Column]] = []
  /// By piece, for a virtual field that is 1 where a filter passes and else 0; empty for all others.
  private(set) var flags: [PieceFilter] = []
  /// Exact numbers are numerators over this.
  private(set) var divisor = 1.0
  /// Every value is an integer or a boolean.
  private(set) var isWhole = true
  /// No value is a float: sums do not depend on the order of rows.
  private(set) var isExact = true

  init(_ name: String, _ pieces: [OpenPiece]) {
    self.init(columns: pieces.map { $0.columns(named: name) })
    guard name == FieldName.isRoot else { return }
    flags = pieces.map { PieceFilter(.compare(column: name, .equal, .boolean(true)), $0) }
  }

  /// The field of the given columns, by piece.
  init(columns lists: [[ScanColumn]]) {
    divisor = Self.divisor(lists)
    for list in lists {
      var own: [Column] = []
      for column in list {
        guard let form = form(column) else { continue }
        own.append(Column(column: column, form: form))
        switch form {
        case .exact, .exactEntries: continue
        case .quotient, .entries, .floats: isExact = false
        }
      }
      columns.append(own)
    }
    if divisor != 1 || !isExact { isWhole = false }
  }

  /// The divisor of scaled columns if nothing is a plain integer.
  private static func divisor(_ lists: [[ScanColumn]]) -> Double {
    var found: Double?
    for column in lists.joined() {
      switch column.domain {
      case .integers, .booleans: return 1
      case .scaled(let divisor): found = found ?? divisor
      case .dictionary, .floatBits, .spanIDs: continue
      }
    }
    return found ?? 1
  }

  private func form(_ column: ScanColumn) -> Column.Form? {
    switch column.domain {
    case .integers: return divisor == 1 ? .exact : .quotient(1)
    case .scaled(let own): return own == divisor ? .exact : .quotient(own)
    case .booleans: return divisor == 1 ? .exact : .entries([.nan, 0, 1])
    case .floatBits: return .floats
    case .spanIDs: return nil
    case .dictionary(let dictionary):
      switch dictionary.entries {
      case .traceIDs: return nil
      case .integers(let values): return divisor == 1 ? .exactEntries([0] + values) : .entries([.nan] + values.map { Double($0) })
      case .floats(let values): return .entries([.nan] + values)
      case .text, .templated: return .entries(Self.numbers(dictionary))
      }
    }
  }

  /// The keys of the sketch that exact numbers of everyday size have: from one unit up to 2^40 units; nil for other fields.
  var keyWindow: QuantileAggregate.Window? {
    guard isExact, flags.isEmpty else { return nil }
    let firstKey = QuantileSketch.key(1 / divisor)
    return QuantileAggregate.Window(firstKey: firstKey, count: QuantileSketch.key(0x1p40 / divisor) - firstKey)
  }

  /// The bounds of exact numbers above zero, from their block's own; nil where rows must be read.
  ///
  /// They hold for a slice that is a whole block, and together for all slices of a block whose every row is asked for.
  func positiveBounds(_ slice: Slice, isEveryRowAsked: Bool = false) -> ClosedRange<Double>? {
    let columns = columns[slice.piece]
    guard flags.isEmpty, columns.count == 1, case .exact = columns[0].form else { return nil }
    if case .booleans = columns[0].column.domain { return nil }
    let block = columns[0].column.blocks[slice.block]
    guard block.width != .eight, block.nullCount < block.rowCount else { return nil }
    guard slice.rows.count == block.rowCount || (isEveryRowAsked && slice.isBlockInScope) else { return nil }
    let low = block.base &+ Int64(bitPattern: block.storedMinimum &- 1)
    let high = block.base &+ Int64(bitPattern: block.storedMaximum &- 1)
    return low > 0 ? Double(low) / divisor...Double(high) / divisor : nil
  }

  /// The one column that gives the field its numbers in a piece, where all are whole numbers over the field's divisor.
  func exactColumn(_ piece: Int) -> ScanColumn? {
    let columns = columns[piece]
    guard flags.isEmpty, columns.count == 1, case .exact = columns[0].form else { return nil }
    if case .booleans = columns[0].column.domain { return nil }
    return columns[0].column
  }

  private static func numbers(_ dictionary: ValueDictionary) -> [Double] {
    var numbers = [Double](repeating: .nan, count: dictionary.count + 1)
    guard case .text(let bytes, let ends) = dictionary.plainEntries else { return numbers }
    for entry in 0..<dictionary.count {
      let range = ValueDictionary.range(ends, entry)
      guard let first = range.first, FieldValue.isDecimal(bytes[first]) else { continue }
      numbers[entry + 1] = Number(dictionary.value(entry))?.double ?? .nan
    }
    return numbers
  }
}

/// Reads the selected rows of slices into lanes.
struct LaneReader: Sendable {
  private(set) var lane = Lane(capacity: blockRowCount)
  private var flags = [UInt8](repeating: 0, count: blockRowCount)
  private var seen: [UInt8] = []
  private var codes: [UInt32] = []
  private var patterns: [UInt64] = []
  private var keptCells: [UInt32] = []
  private var keptWeights: [Int64] = []

  /// Turns the lane's numbers into floats.
  mutating func makeFloats() { lane.makeFloats() }

  /// Calls `body` with a filled lane for each column that gives the field a number in this slice.
  mutating func read(
    _ field: NumberField, _ slice: Slice, _ selection: borrowing Selection, cells: [UInt32], weights: [Int64]?,
    _ body: (inout LaneReader, LaneCells) -> Void
  ) {
    if !field.flags.isEmpty {
      fill(field.flags[slice.piece], slice, selection)
      return body(&self, LaneCells(cells: cells, weights: weights))
    }
    let columns = field.columns[slice.piece]
    if columns.count > 1 { seen = [UInt8](repeating: 0, count: blockRowCount) }
    for column in columns {
      let block = column.column.blocks[slice.block]
      if block.nullCount == block.rowCount { continue }
      fill(column, field, block, selection)
      let isPartial = markMissing(column, block, selection, isShared: columns.count > 1)
      lane.count = selection.count
      if isPartial {
        let places = narrow(cells, weights)
        if lane.count > 0 { body(&self, places) }
      } else {
        body(&self, LaneCells(cells: cells, weights: weights))
      }
    }
  }

  private mutating func fill(_ flag: PieceFilter, _ slice: Slice, _ selection: borrowing Selection) {
    var bits = Bits()
    flag.evaluate(slice, &bits)
    lane.isExact = true
    lane.divisor = 1
    lane.count = selection.count
    for position in 0..<selection.count { lane.integers[position] = bits.contains(selection.row(position)) ? 1 : 0 }
  }

  /// Fills the lane's numbers for all selected rows, nulls included.
  private mutating func fill(
    _ source: NumberField.Column, _ field: NumberField, _ block: CodeBlock, _ selection: borrowing Selection
  ) {
    lane.divisor = field.divisor
    lane.isExact = false
    let column = source.column
    switch source.form {
    case .exact:
      lane.isExact = true
      if case .booleans = column.domain {
        readCodes(column, block, selection)
        for position in 0..<selection.count { lane.integers[position] = Int64(codes[position]) - 1 }
      } else {
        column.readIntegers(block, selection, into: &lane.integers)
      }
    case .quotient(let divisor):
      column.readIntegers(block, selection, into: &lane.integers)
      divide(lane.integers, by: divisor, selection.count, into: &lane.floats)
    case .exactEntries(let numbers):
      lane.isExact = true
      readCodes(column, block, selection)
      for position in 0..<selection.count { lane.integers[position] = numbers[Int(codes[position])] }
    case .entries(let numbers):
      readCodes(column, block, selection)
      for position in 0..<selection.count { lane.floats[position] = numbers[Int(codes[position])] }
    case .floats:
      if patterns.isEmpty { patterns = [UInt64](repeating: 0, count: blockRowCount) }
      column.readPatterns(block, selection, into: &patterns)
      for position in 0..<selection.count { lane.floats[position] = Double(bitPattern: patterns[position]) }
    }
  }

  private mutating func readCodes(_ column: ScanColumn, _ block: CodeBlock, _ selection: borrowing Selection) {
    if codes.isEmpty { codes = [UInt32](repeating: 0, count: blockRowCount) }
    column.readCodes(block, selection, into: &codes)
  }

  /// Sets `flags` to 1 where the row has a number from this column; true if some row has none, and only then are they set.
  private mutating func markMissing(
    _ source: NumberField.Column, _ block: CodeBlock, _ selection: borrowing Selection, isShared: Bool
  ) -> Bool {
    if block.nullCount == 0, !isShared, lane.isExact { return false }
    var isPartial = isShared
    if block.nullCount > 0 {
      source.column.readPresence(block, selection, into: &flags)
      isPartial = true
    } else {
      for position in 0..<selection.count { flags[position] = 1 }
    }
    if isShared {
      for position in 0..<selection.count {
        let isFirst = flags[position] & ~seen[position]
        seen[position] |= flags[position]
        flags[position] = isFirst
      }
    }
    guard !lane.isExact else { return isPartial }
    for position in 0..<selection.count where lane.floats[position].isNaN {
      flags[position] = 0
      isPartial = true
    }
    return isPartial
  }

  /// Drops the rows that have no number.
  private mutating func narrow(_ cells: [UInt32], _ weights: [Int64]?) -> LaneCells {
    let count = lane.count
    if keptCells.isEmpty { keptCells = [UInt32](repeating: 0, count: blockRowCount) }
    compact(cells, flags, count, into: &keptCells)
    if let weights {
      if keptWeights.isEmpty { keptWeights = [Int64](repeating: 0, count: blockRowCount) }
      compact(weights, flags, count, into: &keptWeights)
    }
    lane.count = lane.isExact ? compact(&lane.integers, flags, count) : compact(&lane.floats, flags, count)
    return LaneCells(cells: keptCells, weights: weights == nil ? nil : keptWeights)
  }
}
