// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// A piece with the columns that one question needs in memory.
struct OpenPiece: Sendable {
  let piece: any Piece
  let runs: [DatasetRun]
  private(set) var columns: [ColumnKey: ScanColumn] = [:]
  /// The columns in hand by name, each in the order of kinds.
  private(set) var byName: [String: [ScanColumn]] = [:]
  /// A needed column cannot be read: no row of the piece is scanned.
  private(set) var isUnavailable = false
  /// No event of it can pass the question's filter: nothing of it is read.
  let isClosed: Bool

  init(closed piece: any Piece) {
    self.piece = piece
    runs = piece.runs
    isClosed = true
  }

  init(_ piece: any Piece, names: Set<String>) {
    self.piece = piece
    runs = piece.runs
    isClosed = false
    let listed = piece.columns
    for name in names {
      var index = Self.firstIndex(of: name, listed.count) { listed[$0].key.name }
      while index < listed.count, listed[index].key.name == name {
        open(listed[index].key)
        index += 1
      }
    }
    if columns[.time] == nil { isUnavailable = true }
  }

  private mutating func open(_ key: ColumnKey) {
    do throws(PieceError) {
      guard let column = try piece.column(key) else { return }
      columns[key] = column
      byName[key.name, default: []].append(column)
    } catch {
      isUnavailable = true
    }
  }

  /// The columns of a field in the order in which they answer for it: a row's value is the first that is present.
  ///
  /// `type` is followed by `span.kind`, which stands in for it.
  func columns(named name: String) -> [ScanColumn] {
    let own = byName[name] ?? []
    return name == FieldName.type ? own + (byName[FieldName.spanKind] ?? []) : own
  }

  /// The first index whose name is not less than `name`, in a list sorted by the bytes of names: Swift's own order of texts takes
  /// composed and decomposed letters for one.
  static func firstIndex(of name: String, _ count: Int, _ nameAt: (Int) -> String) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if nameAt(middle).utf8.lexicographicallyPrecedes(name.utf8) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// The stored columns that a field's name stands for.
func storedNames(_ name: String) -> [String] {
  switch name {
  case FieldName.dataset: []
  case FieldName.isRoot: [FieldName.traceID, FieldName.durationMilliseconds, FieldName.parentID]
  case FieldName.type: [FieldName.type, FieldName.spanKind]
  default: [name]
  }
}
