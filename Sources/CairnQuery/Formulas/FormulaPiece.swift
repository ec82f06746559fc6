// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan
internal import Synchronization

/// A piece with the derived columns of one question beside its own; see docs/decisions/065.
///
/// A derived column is worked out when it is first asked for, for the rows that the question's scope touches, and is null elsewhere. What
/// reads columns cannot tell it from a stored one: filters, groups, calculations, heatmaps and BubbleUp take it as they take any.
final class FormulaPiece: Piece {
  private let base: any Piece
  private let scope: Scope
  private let watch: QueryWatch
  private let made = Mutex<[String: [ColumnKey: ScanColumn]]>([:])
  let columns: [(key: ColumnKey, presentCount: Int)]

  init(_ base: any Piece, _ scope: Scope, _ watch: QueryWatch) {
    self.base = base
    self.scope = scope
    self.watch = watch
    let hidden = Set(scope.formulaColumns.map(\.name))
    var listed = base.columns.filter { !hidden.contains($0.key.name) }
    for column in scope.formulaColumns {
      for kind in Self.kinds(column.formula, base.columns) { listed.append((ColumnKey(column.name, kind), base.rowCount)) }
    }
    columns = listed.sorted { $0.key < $1.key }
  }

  var rowCount: Int { base.rowCount }
  var runs: [DatasetRun] { base.runs }
  var isSealed: Bool { base.isSealed }

  private static func kinds(_ formula: Formula, _ listed: [(key: ColumnKey, presentCount: Int)]) -> [ColumnKind] {
    let types = formula.types { (name) in
      Set(OpenPiece.keys(named: ExactText(name), in: listed).map(\.kind.fieldType))
    }
    return types.map { (type) in
      switch type {
      case .string: .string
      case .integer: .integer
      case .float: .float
      case .boolean: .boolean
      }
    }
  }

  func dictionary(_ key: ColumnKey) -> ValueDictionary? {
    scope.formulaColumns.contains { $0.name == key.name } ? nil : base.dictionary(key)
  }

  func column(_ key: ColumnKey) throws(PieceError) -> ScanColumn? {
    guard let derived = scope.formulaColumns.first(where: { $0.name == key.name }) else { return try base.column(key) }
    if let known = made.withLock({ $0[key.name] }) { return known[key] }
    let columns = try work(derived)
    made.withLock { $0[key.name] = columns }
    return columns[key]
  }

  private func work(_ derived: FormulaColumn) throws(PieceError) -> [ColumnKey: ScanColumn] {
    guard let times = try base.column(.time) else { return [:] }
    var sources: [String: [ScanColumn]] = [:]
    let listed = base.columns
    for name in derived.formula.columns {
      for key in OpenPiece.keys(named: ExactText(name), in: listed) {
        if let column = try base.column(key) { sources[name, default: []].append(column) }
      }
    }
    var reader = FormulaReader(derived.formula, times: times, columns: sources)
    var values = FormulaValues(rowCount: rowCount)
    let all = sources.values.flatMap { $0 }
    var damaged: Set<Int> = []
    for rows in wantedRows(times) {
      let block = rows.lowerBound / blockRowCount
      if all.contains(where: { $0.blocks[block].isDamaged }) || times.blocks[block].isDamaged {
        damaged.insert(block)
        continue
      }
      for row in rows {
        if row & 1023 == 0 { try look() }
        values.set(row, reader.value(at: row))
      }
    }
    return values.columns(derived.name, damagedBlocks: damaged)
  }

  /// Throws where the question is over; it then ends where it next looks itself.
  private func look() throws(PieceError) {
    do throws(QueryError) { try watch.check() } catch { throw PieceError(file: "", offset: 0, reason: "the question is over") }
  }

  /// The rows that the scope's datasets and time touch, cut at the borders of blocks.
  private func wantedRows(_ times: ScanColumn) -> [Range<Int>] {
    var found: [Range<Int>] = []
    for run in base.runs where ScanSet.isWanted(run, scope) {
      var start = run.rows.lowerBound
      while start < run.rows.upperBound {
        let end = min(run.rows.upperBound, (start / blockRowCount + 1) * blockRowCount)
        let isEarly = (times.integer(at: end - 1) ?? .max) < scope.time.startUnixNanoseconds
        let isLate = (times.integer(at: start) ?? .min) > scope.time.endUnixNanoseconds
        if !isEarly, !isLate { found.append(start..<end) }
        start = end
      }
    }
    return found
  }
}

extension Scope {
  /// To be called with an answer in hand: a formula that was ended because the question was over left values out of it.
  func settle(_ watch: QueryWatch) throws(QueryError) {
    if !formulaColumns.isEmpty { try watch.check() }
  }

  /// The pieces as the scope's question sees them: with its derived columns.
  func working(_ pieces: [any Piece], _ watch: QueryWatch) -> [any Piece] {
    guard !formulaColumns.isEmpty else { return pieces }
    return pieces.map { (piece) in piece.runs.contains { ScanSet.isWanted($0, self) } ? FormulaPiece(piece, self, watch) : piece }
  }
}
