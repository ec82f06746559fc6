// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// A filter made ready for one piece: its columns found, its values turned into stored ones.
indirect enum PieceFilter: Sendable {
  case everything
  case nothing
  case all([PieceFilter])
  case any([PieceFilter])
  case not(PieceFilter)
  case column(ScanColumn, ColumnTest)
  /// By run: a test of the dataset's name.
  case runs([Bool])

  init(_ filter: Filter, _ piece: OpenPiece) {
    switch filter {
    case .all(let parts): self = Self.all(parts.map { PieceFilter($0, piece) }).simplified
    case .any(let parts): self = Self.any(parts.map { PieceFilter($0, piece) }).simplified
    case .not(let part): self = Self.not(PieceFilter(part, piece)).simplified
    case .compare(let column, .notEqual, let value):
      self = Self.not(PieceFilter(.compare(column: column, .equal, value), piece)).simplified
    case .compare(let column, let comparison, let value): self = Self.leaf(column, .compare(comparison, value), piece)
    case .text(let column, let match, let text): self = Self.leaf(column, .text(match, Array(text.utf8)), piece)
    case .oneOf(let column, let values): self = Self.leaf(column, .oneOf(values), piece)
    case .matches(let column, let pattern): self = Self.leaf(column, .matches(pattern), piece)
    case .exists(let column): self = Self.leaf(column, .exists, piece)
    }
  }

  private static func leaf(_ name: String, _ test: FieldTest, _ piece: OpenPiece) -> PieceFilter {
    switch name {
    case FieldName.dataset: return PieceFilter.runs(piece.runs.map { test.passes(.string($0.dataset)) })
    case FieldName.isRoot:
      let root = root(piece)
      switch (test.passes(.boolean(true)), test.passes(.boolean(false))) {
      case (true, true): return .everything
      case (true, false): return root
      case (false, true): return PieceFilter.not(root).simplified
      case (false, false): return .nothing
      }
    case FieldName.type:
      let own = piece.stored(FieldName.type)
      let kinds = columns(piece.stored(FieldName.spanKind), test)
      if own.isEmpty { return kinds }
      let absent = PieceFilter.not(columns(own, .exists)).simplified
      return PieceFilter.any([columns(own, test), PieceFilter.all([absent, kinds]).simplified]).simplified
    default: return columns(piece.columns(named: name), test)
    }
  }

  private static func columns(_ columns: [ScanColumn], _ test: FieldTest) -> PieceFilter {
    PieceFilter.any(columns.map { .column($0, ColumnTest(test, $0)) }).simplified
  }

  /// Events that are root spans: in a trace, with a duration or an unknown one, without a parent.
  private static func root(_ piece: OpenPiece) -> PieceFilter {
    func present(_ name: String) -> PieceFilter { columns(piece.stored(name), .exists) }
    let isOrphan = PieceFilter.not(present(FieldName.parentID)).simplified
    let isSpan = PieceFilter.any([present(FieldName.durationMilliseconds), present(FieldName.invalidDuration)]).simplified
    return PieceFilter.all([present(FieldName.traceID), isSpan, isOrphan]).simplified
  }

  /// Every event of the piece passes.
  var isEverything: Bool { if case .everything = self { true } else { false } }

  /// The same with parts that always or never hold folded away.
  private var simplified: PieceFilter {
    switch self {
    case .all(let parts):
      var kept: [PieceFilter] = []
      for part in parts {
        if case .nothing = part { return .nothing }
        if case .everything = part { continue }
        kept.append(part)
      }
      return kept.isEmpty ? .everything : kept.count == 1 ? kept[0] : .all(kept)
    case .any(let parts):
      var kept: [PieceFilter] = []
      for part in parts {
        if case .everything = part { return .everything }
        if case .nothing = part { continue }
        kept.append(part)
      }
      return kept.isEmpty ? .nothing : kept.count == 1 ? kept[0] : .any(kept)
    case .not(.everything): return .nothing
    case .not(.nothing): return .everything
    case .not(.not(let part)): return part
    case .column(_, .nothing): return .nothing
    default: return self
    }
  }
}
