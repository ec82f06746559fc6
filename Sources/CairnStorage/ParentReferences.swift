// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

// A parent's id is 8 random bytes that stand in the segment already, as the span id of another row. On disk a segment keeps instead
// how far away that row is among the rows of the same trace by time, which takes half a byte:
//
//   trace.parent_id > ref      integer  2 + zigzag(place of the row - place of its parent), or 1 where the parent is in no row
//   trace.parent_id > raw      span id  the id itself, where ref is 1
//
// Both are ordinary columns of the file; a reader sees neither, but the column that they stand for.

/// Parent ids as references to rows of the same segment, and back.
enum ParentReferences {
  static let reference = ColumnKey("trace.parent_id > ref", .integer)
  static let raw = ColumnKey("trace.parent_id > raw", .spanID)

  /// More parents outside the segment than this share, and the plain column is as good.
  private static let missingShareMax = 0.2
  private static let missing: Int64 = 1
  private static let firstDistance: Int64 = 2

  /// The two columns, or nil where references do not pay. `times` are those of all rows.
  static func encode(
    parents: FlatColumn, traces: FlatColumn, spans: FlatColumn, times: FlatColumn
  ) -> (reference: FlatColumn, raw: FlatColumn)? {
    guard case .wide(let wanted, let isWanted) = parents.values, case .wide(let ids, let isPresent) = spans.values,
      case .narrow(let codes) = traces.values, case .dictionary(let dictionary) = traces.domain
    else { return nil }
    let lists = TraceLists(codes: codes, traceCount: dictionary.count, instants: times.numbers())
    let spans = WideValues(values: ids, present: isPresent)
    let parentIDs = WideValues(values: wanted, present: isWanted)
    var stored = [UInt32](repeating: 0, count: wanted.count)
    var isRaw = [Bool](repeating: false, count: wanted.count)
    var missingCount = 0
    var presentCount = 0
    lists.forEachTrace { (rows) in
      let finder = ParentFinder(rows: rows, ids: spans)
      for (place, row) in rows.enumerated() where parentIDs.isPresent(Int(row)) {
        presentCount += 1
        if let found = finder.place(of: parentIDs.values[Int(row)], from: place) {
          let distance = Int64(place - found)
          stored[Int(row)] = UInt32(firstDistance + ((distance << 1) ^ (distance >> 63)))
        } else {
          stored[Int(row)] = UInt32(missing)
          isRaw[Int(row)] = true
          missingCount += 1
        }
      }
    }
    // A parent on a row without a trace has no list to be found in.
    for row in wanted.indices where parentIDs.isPresent(row) && stored[row] == 0 {
      presentCount += 1
      stored[row] = UInt32(missing)
      isRaw[row] = true
      missingCount += 1
    }
    guard Double(missingCount) <= Double(presentCount) * missingShareMax else { return nil }
    return (
      FlatColumn(key: reference, domain: .integers, base: missing, values: .narrow(stored)),
      .patterns(raw, .spanIDs, words: wanted, present: isRaw)
    )
  }

  /// The column that `encode` was given; rows whose parts are damaged make their whole block damaged.
  static func decode(
    reference: ScanColumn, raw: ScanColumn?, traces: ScanColumn, spans: ScanColumn, times: ScanColumn
  ) -> ScanColumn? {
    guard let lists = TraceLists(traces: traces, times: times) else { return nil }
    let ids = wideValues(spans)
    let missingIDs = raw.map(wideValues)
    let distances = numbers(reference)
    var values = [UInt64](repeating: 0, count: reference.rowCount)
    var present = [Bool](repeating: false, count: reference.rowCount)
    lists.forEachTrace { (rows) in
      for (place, row) in rows.enumerated() where distances[Int(row)] >= firstDistance {
        let zigzag = distances[Int(row)] - firstDistance
        let found = place &- Int((zigzag >> 1) ^ -(zigzag & 1))
        guard found >= 0, found < rows.count, ids.isPresent(Int(rows[rows.startIndex + found])) else { continue }
        values[Int(row)] = ids.values[Int(rows[rows.startIndex + found])]
        present[Int(row)] = true
      }
    }
    if let missingIDs {
      for row in 0..<reference.rowCount where missingIDs.isPresent(row) {
        values[row] = missingIDs.values[row]
        present[row] = true
      }
    }
    let column = ScanColumn.patterns(.parentID, .spanIDs, values: values, present: present)
    return withDamage(of: [reference, raw, traces, spans, times].compactMap { $0 }, column)
  }

  /// The same column with the blocks marked damaged that are damaged in any of the others, or anywhere where traces cross blocks.
  private static func withDamage(of parts: [ScanColumn], _ column: ScanColumn) -> ScanColumn? {
    let damaged = column.blocks.indices.filter { index in parts.contains { $0.blocks[index].isDamaged } }
    guard !damaged.isEmpty else { return column }
    // A damaged part may hold the parents of any row: nothing that rests on it is shown.
    return nil
  }

  /// A column of 64-bit patterns in one array, with its presence.
  struct WideValues {
    var values: [UInt64]
    var present: [Bool]?

    @inline(__always) func isPresent(_ row: Int) -> Bool { present?[row] ?? true }
  }

  private static func wideValues(_ column: ScanColumn) -> WideValues {
    var wide = WideValues(values: [], present: nil)
    wide.values.reserveCapacity(column.rowCount)
    if column.presentCount < column.rowCount { wide.present = [Bool](repeating: true, count: column.rowCount) }
    for (index, block) in column.blocks.enumerated() {
      let first = index * blockRowCount
      guard block.width == .eight else {
        wide.values.append(contentsOf: repeatElement(0, count: block.rowCount))
        for row in 0..<block.rowCount { wide.present?[first + row] = false }
        continue
      }
      wide.values.append(contentsOf: column.wideValues(index))
      let bits = column.presenceBytes(index)
      guard !bits.isEmpty else { continue }
      for row in 0..<block.rowCount { wide.present?[first + row] = bits[row / 8] >> UInt8(row % 8) & 1 == 1 }
    }
    return wide
  }

  /// Whole numbers of a narrow column; 0 for null.
  private static func numbers(_ column: ScanColumn) -> [Int64] {
    var values: [Int64] = []
    values.reserveCapacity(column.rowCount)
    for (index, block) in column.blocks.enumerated() {
      for stored in column.narrowValues(index) { values.append(stored == 0 ? 0 : block.base &+ Int64(stored) &- 1) }
    }
    return values
  }
}

/// Finds a span among the rows of its trace: by looking around for short traces, by a table for long ones.
private struct ParentFinder {
  private let rows: ArraySlice<UInt32>
  private let ids: ParentReferences.WideValues
  private let places: [UInt64: Int]?
  private static let shortCountMax = 64

  init(rows: ArraySlice<UInt32>, ids: ParentReferences.WideValues) {
    self.rows = rows
    self.ids = ids
    guard rows.count > Self.shortCountMax else {
      places = nil
      return
    }
    var places: [UInt64: Int] = [:]
    for (place, row) in rows.enumerated() where ids.isPresent(Int(row)) && places[ids.values[Int(row)]] == nil {
      places[ids.values[Int(row)]] = place
    }
    self.places = places
  }

  func place(of id: UInt64, from start: Int) -> Int? {
    if let places { return places[id] }
    var place = start
    while place > 0 {
      place -= 1
      if isMatch(place, id) { return place }
    }
    place = start
    while place < rows.count {
      if isMatch(place, id) { return place }
      place += 1
    }
    return nil
  }

  private func isMatch(_ place: Int, _ id: UInt64) -> Bool {
    let row = Int(rows[rows.startIndex + place])
    return ids.values[row] == id && ids.isPresent(row)
  }
}

/// The rows of each trace of a segment, by time and then by row.
struct TraceLists {
  private var starts: [Int]
  private var rows: [UInt32]

  /// Nil where the columns are damaged.
  init?(traces: ScanColumn, times: ScanColumn) {
    guard case .dictionary(let dictionary) = traces.domain, !(traces.blocks + times.blocks).contains(where: \.isDamaged) else { return nil }
    var codes: [UInt32] = []
    codes.reserveCapacity(traces.rowCount)
    for index in traces.blocks.indices { codes.append(contentsOf: traces.narrowValues(index)) }
    var instants: [Int64] = []
    instants.reserveCapacity(times.rowCount)
    for (index, block) in times.blocks.enumerated() {
      if block.width == .eight {
        instants.append(contentsOf: times.wideValues(index).map { Int64(bitPattern: $0) })
      } else {
        instants.append(contentsOf: times.narrowValues(index).map { block.base &+ Int64($0) &- 1 })
      }
    }
    self.init(codes: codes, traceCount: dictionary.count, instants: instants)
  }

  /// From the stored values of the traces, none greater than their number, and the rows' times.
  init(codes: [UInt32], traceCount: Int, instants: [Int64]) {
    starts = [Int](repeating: 0, count: traceCount + 2)
    for code in codes { starts[Int(code) + 1] += 1 }
    for index in 1..<starts.count { starts[index] += starts[index - 1] }
    rows = [UInt32](repeating: 0, count: codes.count)
    var next = starts
    for (row, code) in codes.enumerated() {
      rows[next[Int(code)]] = UInt32(row)
      next[Int(code)] += 1
    }
    for trace in 1..<max(1, starts.count - 1) where starts[trace + 1] - starts[trace] > 1 {
      rows[starts[trace]..<starts[trace + 1]].sort { (left, right) in
        let leftTime = instants[Int(left)]
        let rightTime = instants[Int(right)]
        return leftTime == rightTime ? left < right : leftTime < rightTime
      }
    }
  }

  /// Rows without a trace are not visited.
  func forEachTrace(_ body: (ArraySlice<UInt32>) -> Void) {
    for trace in 1..<max(1, starts.count - 1) where starts[trace + 1] > starts[trace] { body(rows[starts[trace]..<starts[trace + 1]]) }
  }
}
