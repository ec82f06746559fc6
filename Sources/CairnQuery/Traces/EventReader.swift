// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// A row of a piece, with its time.
struct EventRow: Sendable {
  var piece: Int
  var run: Int
  var row: Int
  var timeUnixNanoseconds: Int64
}

/// Reads whole events: all fields of single rows, for pages that show them.
enum EventReader {
  /// Few events have more fields.
  private static let fieldCountExpected = 48

  /// The events in the order of `rows`, and how many of them lack fields that damage hides. Cost: rows x columns.
  static func read(_ rows: [EventRow], _ scan: ScanSet, _ watch: QueryWatch) throws(QueryError) -> ([Event], Int) {
    var events = rows.map {
      Event(dataset: scan.pieces[$0.piece].runs[$0.run].dataset, timeUnixNanoseconds: $0.timeUnixNanoseconds, fields: [])
    }
    var damaged = Set<Int>()
    var byPiece: [Int: [Int]] = [:]
    for (index, row) in rows.enumerated() { byPiece[row.piece, default: []].append(index) }
    for (piece, indices) in byPiece {
      let fieldCount = min(scan.pieces[piece].piece.columns.count, Self.fieldCountExpected)
      for index in indices { events[index].fields.reserveCapacity(fieldCount) }
      for listed in scan.pieces[piece].piece.columns where listed.key != .time && listed.presentCount > 0 {
        try watch.check()
        do throws(PieceError) {
          guard let column = try scan.pieces[piece].piece.column(listed.key) else { continue }
          for index in indices {
            let row = rows[index].row
            if column.blocks[row / blockRowCount].isDamaged {
              damaged.insert(index)
            } else if let value = column.value(at: row) {
              events[index].fields.append((listed.key.name, value))
            }
          }
        } catch {
          damaged.formUnion(indices)
        }
      }
    }
    return (events, damaged.count)
  }

  /// The rows of the slices that pass a filter, with their times.
  static func rows(_ filter: Filter, _ scan: ScanSet, _ watch: QueryWatch) throws(QueryError) -> [EventRow] {
    let filters = scan.pieces.map { PieceFilter(filter, $0) }
    var rows: [EventRow] = []
    var bits = Bits()
    for slice in scan.slices {
      try watch.check()
      let filter = filters[slice.piece]
      guard filter.verdict(slice) != .none else { continue }
      filter.evaluate(slice, &bits)
      append(bits, slice, scan, &rows)
    }
    return rows
  }

  /// Appends the set rows of a slice.
  private static func append(_ bits: Bits, _ slice: Slice, _ scan: ScanSet, _ rows: inout [EventRow]) {
    guard let times = scan.pieces[slice.piece].columns[.time] else { return }
    let base = slice.block * blockRowCount
    for word in bits.words.indices where bits.words[word] != 0 {
      var remaining = bits.words[word]
      while remaining != 0 {
        let row = base + word * 64 + remaining.trailingZeroBitCount
        remaining &= remaining &- 1
        rows.append(EventRow(piece: slice.piece, run: slice.run, row: row, timeUnixNanoseconds: times.integer(at: row) ?? 0))
      }
    }
  }

  /// By time, then by place: the same order on every run.
  static func isBefore(_ left: EventRow, _ right: EventRow) -> Bool {
    if left.timeUnixNanoseconds != right.timeUnixNanoseconds { return left.timeUnixNanoseconds < right.timeUnixNanoseconds }
    return (left.piece, left.row) < (right.piece, right.row)
  }
}
