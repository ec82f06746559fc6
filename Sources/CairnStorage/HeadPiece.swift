// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import Synchronization

/// A batch that still grows, with what its writers must agree on.
struct OpenBatch: ~Copyable {
  var batch: Batch
  /// Set under the lock when the head is full: whoever waited for the lock goes to the next head.
  var isClosed = false
  var acceptedByteCount = 0
  /// When `acceptedByteCount` reaches this, the batch's memory is measured again.
  var nextMeasureByteCount = 4 << 20
  /// The identities of the batch's events, once the batch that follows has taken them over.
  private(set) var handedOver: [UInt64] = []

  init(identities: consuming IdentitySet, like sizes: BatchSizes) {
    batch = Batch(like: sizes)
    batch.identities = identities
  }

  /// The identities for the batch that follows; a list of this one's own stays for `IdentityFile`.
  mutating func handOverIdentities() -> IdentitySet {
    handedOver = batch.identities.current
    return batch.takeIdentities()
  }
}

/// The open batch behind its lock, shared by the writers and by the snapshots that look at it.
final class Head: Sendable {
  let open: SleepingMutex<OpenBatch>
  /// The journal that holds what the batch was made of.
  let journalNumber: UInt64

  /// `sizes` are those of the head before.
  init(journalNumber: UInt64, identities: consuming sending IdentitySet, like sizes: BatchSizes = BatchSizes()) {
    self.journalNumber = journalNumber
    open = SleepingMutex(OpenBatch(identities: identities, like: sizes))
  }
}

/// Rows of a head as a piece: sorted when it is made, its columns built when they are asked for.
///
/// Rows that arrive later are not seen. Holds the batch's lock for the time of copying one column (about 1 ns a row).
final class HeadPiece: Piece {
  let head: Head
  let order: RowOrder
  let groupCount: Int
  let columns: [(key: ColumnKey, presentCount: Int)]
  private let indices: [ColumnKey: ColumnIndex]
  private let built = Mutex<[ColumnKey: ScanColumn]>([:])

  var rowCount: Int { order.rank.count }
  /// The rows of the head.
  var rows: Range<Int> { order.rows }
  var runs: [DatasetRun] { order.runs }
  var isSealed: Bool { false }

  /// A snapshot of the head as it is now, of its rows from `firstRow` on.
  init(_ head: Head, from firstRow: Int = 0) {
    self.head = head
    var order: RowOrder?
    var groupCount = 0
    var columns: [(key: ColumnKey, presentCount: Int)] = []
    var indices: [ColumnKey: ColumnIndex] = [:]
    head.open.withLock { (open) in
      let rows = firstRow..<max(firstRow, open.batch.rowCount)
      order = RowOrder(open.batch, rows)
      groupCount = open.batch.groupCount
      guard !rows.isEmpty else { return }
      var rowCountOfGroup = [Int](repeating: 0, count: groupCount)
      for group in order?.groups ?? [] { rowCountOfGroup[Int(group)] += 1 }
      for position in 1..<max(1, open.batch.columnCount) {
        let index = ColumnIndex(position)
        let (key, presentCount) = open.batch.withColumn(index) { ($0.key, Self.presentCount($0, rowCountOfGroup, rows)) }
        guard presentCount > 0 else { continue }
        columns.append((key, presentCount))
        indices[key] = index
      }
    }
    self.order = order ?? RowOrder.empty
    self.groupCount = groupCount
    self.indices = indices
    if self.order.rank.isEmpty { columns = [] } else { columns.append((.time, self.order.rank.count)) }
    self.columns = columns.sorted { $0.key < $1.key }
  }

  /// Rows that have a value; a group's stands for all its rows.
  private static func presentCount(_ column: borrowing ColumnBuilder, _ rowCountOfGroup: [Int], _ rows: Range<Int>) -> Int {
    var total = column.rows.count - column.rows.count(below: rows.lowerBound)
    for position in 0..<column.groups.count {
      let group = Int(column.groups[position])
      if group < rowCountOfGroup.count { total += rowCountOfGroup[group] }
    }
    return min(total, rows.count)
  }

  func column(_ key: ColumnKey) throws(PieceError) -> ScanColumn? {
    if let known = built.withLock({ $0[key] }) { return known }
    guard let made = make(key) else { return nil }
    built.withLock { $0[key] = made }
    return made
  }

  private func make(_ key: ColumnKey) -> ScanColumn? {
    if key == .time { return .numbers(key, .integers, values: order.times) }
    guard part.indices[key] != nil else { return nil }
    return ColumnFreezer(parts: [part], rowCount: rowCount).freeze(key)?.scanColumn()
  }

  /// The head with the order of its rows, for the seal.
  var part: ColumnFreezer.Part { ColumnFreezer.Part(head: head, order: order, groupCount: groupCount, indices: indices) }
}

extension RowOrder {
  /// No rows.
  static var empty: RowOrder { RowOrder(Batch(), 0..<0) }
}
