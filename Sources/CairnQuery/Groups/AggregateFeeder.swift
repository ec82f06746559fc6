// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// Hands the values of a slice's rows to accumulations; keeps the room that it reads into.
struct AggregateFeeder: Sendable {
  private var lanes = LaneReader()
  private var codes: [UInt32] = []
  private var flags: [UInt8] = []
  private var bits = Bits()

  /// Hands the values to everything but the count of rows. `isEveryRowAsked` where the question has all rows of the slice's piece.
  mutating func feed(
    _ set: inout AggregateSet, _ rows: borrowing PassRows, _ slice: Slice, _ pass: Pass, isEveryRowAsked: Bool = false
  ) {
    for (name, field) in pass.sources.fields { feed(&set, name, field, rows, slice, isEveryRowAsked) }
    for index in set.present.values.indices { feedPresence(&set, index, rows, slice, pass) }
    if !set.distincts.isEmpty {
      if codes.isEmpty { codes = [UInt32](repeating: 0, count: blockRowCount) }
      for index in set.distincts.values.indices {
        set.distincts.values[index].add(slice, rows.selection, cells: rows.cells, codes: &codes)
      }
    }
    if set.spans != nil { feedSpans(&set, rows, slice, pass) }
  }

  private mutating func feed(
    _ set: inout AggregateSet, _ name: String, _ field: NumberField, _ rows: borrowing PassRows, _ slice: Slice, _ isEveryRowAsked: Bool
  ) {
    let sums = set.sums.index(name)
    let extremes = set.extremes.index(name)
    let quantiles = set.quantiles.index(name)
    var bounds = set.bounds.index(name)
    if let index = bounds, rows.selection.isAll, let known = field.positiveBounds(slice, isEveryRowAsked: isEveryRowAsked) {
      set.bounds.values[index].add(known)
      bounds = nil
    }
    guard sums != nil || extremes != nil || quantiles != nil || bounds != nil else { return }
    let weights = rows.knownWeights
    if let quantiles, sums == nil, extremes == nil, bounds == nil, weights == nil, let column = field.exactColumn(slice.piece),
      set.quantiles.values[quantiles].add(column, block: slice.block, divisor: field.divisor, rows.selection, cells: rows.cells)
    {
      return
    }
    lanes.read(field, slice, rows.selection, cells: rows.cells, weights: weights) { (reader, places) in
      if let sums { set.sums.values[sums].add(reader.lane, places) }
      if let extremes { set.extremes.values[extremes].add(reader.lane, places) }
      if let bounds { set.bounds.values[bounds].add(reader.lane) }
      guard let quantiles else { return }
      reader.makeFloats()
      set.quantiles.values[quantiles].add(reader.lane, places)
    }
  }

  private mutating func feedPresence(
    _ set: inout AggregateSet, _ index: Int, _ rows: borrowing PassRows, _ slice: Slice, _ pass: Pass
  ) {
    let name = set.present.names[index]
    let filter = PieceFilter(.exists(column: name), pass.scan.pieces[slice.piece])
    let count = rows.count
    switch filter.verdict(slice) {
    case .none: return
    case .all: return set.present.values[index].add(rows.cells, count, weights: rows.knownWeights)
    case .some: break
    }
    if flags.isEmpty { flags = [UInt8](repeating: 0, count: blockRowCount) }
    if case .column(let column, .present) = filter {
      column.readPresence(column.blocks[slice.block], rows.selection, into: &flags)
    } else {
      filter.evaluate(slice, &bits)
      for position in 0..<count { flags[position] = bits.contains(rows.selection.row(position)) ? 1 : 0 }
    }
    set.present.values[index].add(rows.cells, flags: flags, count, weights: rows.knownWeights)
  }

  private func feedSpans(_ set: inout AggregateSet, _ rows: borrowing PassRows, _ slice: Slice, _ pass: Pass) {
    let piece = pass.scan.pieces[slice.piece]
    guard let times = piece.columns[.time] else { return }
    let columns = piece.columns(named: FieldName.durationMilliseconds)
    let base = slice.block * blockRowCount
    for position in 0..<rows.count {
      let row = base + rows.selection.row(position)
      guard let start = times.integer(at: row), let length = spanNanoseconds(columns, row) else { continue }
      set.spans?.add(Int(rows.cells[position]) / pass.bucketCount, start: start, durationNanoseconds: length)
    }
  }
}
