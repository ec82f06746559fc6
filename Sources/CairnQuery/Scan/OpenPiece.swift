// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// A piece with the columns that one question needs in memory.
struct OpenPiece: Sendable {
  let piece: any Piece
  let runs: [DatasetRun]
  private(set) var columns: [ColumnKey: ScanColumn] = [:]
  private var byName: [ExactText: [ScanColumn]] = [:]
  /// A needed column cannot be read: no row of the piece is scanned.
  private(set) var isUnavailable = false
  /// No event of it can pass the question's filter: nothing of it is read.
  let isClosed: Bool

  init(closed piece: any Piece) {
    self.piece = piece
    runs = piece.runs
    isClosed = true
  }

  init(_ piece: any Piece, names: Set<ExactText>) {
    self.piece = piece
    runs = piece.runs
    isClosed = false
    let listed = piece.columns
    for name in names {
      for key in Self.keys(named: name, in: listed) { open(key) }
    }
    if columns[.time] == nil { isUnavailable = true }
  }

  private mutating func open(_ key: ColumnKey) {
    do throws(PieceError) {
      guard let column = try piece.column(key) else { return }
      columns[key] = column
      byName[ExactText(key.name), default: []].append(column)
    } catch {
      isUnavailable = true
    }
  }

  /// The columns of a field in the order in which they answer for it: a row's value is the first that is present.
  ///
  /// `type` is followed by `span.kind`, which stands in for it.
  func columns(named name: String) -> [ScanColumn] {
    name == FieldName.type ? stored(name) + stored(FieldName.spanKind) : stored(name)
  }

  /// The columns in hand of one name, in the order of kinds.
  func stored(_ name: String) -> [ScanColumn] { byName[ExactText(name)] ?? [] }

  /// The keys of one name in a piece's list of columns, in the order of kinds.
  static func keys(named name: ExactText, in listed: [(key: ColumnKey, presentCount: Int)]) -> [ColumnKey] {
    var low = 0
    var high = listed.count
    while low < high {
      let middle = (low + high) / 2
      if ExactText(listed[middle].key.name) < name { low = middle + 1 } else { high = middle }
    }
    return listed[low...].lazy.map(\.key).prefix { ExactText($0.name) == name }
  }
}

/// Names of columns as they are looked up.
func exactNames(_ names: String...) -> Set<ExactText> { Set(names.map { ExactText($0) }) }

/// The stored columns that a field's name stands for.
func storedNames(_ name: String) -> [ExactText] {
  switch name {
  case FieldName.dataset: []
  case FieldName.isRoot:
    [FieldName.traceID, FieldName.durationMilliseconds, FieldName.invalidDuration, FieldName.parentID].map { ExactText($0) }
  case FieldName.type: [ExactText(FieldName.type), ExactText(FieldName.spanKind)]
  default: [ExactText(name)]
  }
}
