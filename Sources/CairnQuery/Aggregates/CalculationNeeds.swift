// SPDX-License-Identifier: Apache-2.0
internal import CairnPlan

/// What the calculations of a question accumulate: of all its rows, and of those that pass the filters that calculations have of their own.
struct CalculationNeeds: Sendable {
  /// The calculations that share a filter.
  struct Filtered: Sendable {
    var filter: Filter
    var specs: Set<AggregateSpec>
    /// The filter by piece.
    var pieces: [PieceFilter]
  }

  private(set) var specs: Set<AggregateSpec> = [.rows]
  /// In the order of `AggregateSet.filtered`.
  private(set) var filtered: [Filtered] = []

  init(_ calculations: [Calculation], _ pieces: [OpenPiece]) {
    for calculation in calculations {
      guard let filter = calculation.filter else {
        specs.insert(calculation.spec)
        continue
      }
      let index = filtered.firstIndex { $0.filter == filter } ?? filtered.count
      if index == filtered.count {
        filtered.append(Filtered(filter: filter, specs: [.rows], pieces: pieces.map { PieceFilter(filter, $0) }))
      }
      filtered[index].specs.insert(calculation.spec)
    }
  }

  /// All of them.
  var allSpecs: Set<AggregateSpec> { filtered.reduce(specs) { $0.union($1.specs) } }
}
