// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnHoneycomb
import CairnPlan

/// The derived columns that questions may name.
struct FormulaBook: Sendable {
  let shelves: ShelfKeeper

  func all(_ environment: String) -> [HoneycombDerivedColumn] { shelves.entries(HoneycombDerivedColumn.self, environment) }

  /// Those that questions about these datasets may name: the environment's, and the dataset's where there is but one.
  func columns(_ environment: String, _ datasets: DatasetScope) -> [HoneycombDerivedColumn] {
    let all = all(environment)
    guard !all.isEmpty else { return [] }
    var slug: String?
    if case .named(let names) = datasets {
      let slugs = Set(names.map { shelves.slug(of: $0, environment) })
      slug = slugs.count == 1 ? slugs.first : nil
    }
    let own = all.filter { $0.dataset == slug }
    return own + all.filter { (column) in column.dataset == allDatasets && !own.contains { $0.alias == column.alias } }
  }

  /// Formulas may name other derived columns, so deep.
  private static let depthMax = 5
  private static let nodeCountMax = 20_000
  private static let levelCountMax = 120

  /// The scope with the derived columns that are among `names`.
  func deriving(_ scope: Scope, _ names: [String]) -> Scope {
    let columns = columns(scope.environment, scope.datasets)
    guard !columns.isEmpty else { return scope }
    let formulas = Dictionary(columns.map { ($0.alias, $0.formula) }, uniquingKeysWith: { first, _ in first })
    var scope = scope
    scope.formulaColumns = scope.formulaColumns.map { FormulaColumn(name: $0.name, formula: Self.whole($0.formula, formulas, but: $0.name)) }
    for name in Set(names).sorted() where !scope.formulaColumns.contains(where: { $0.name == name }) {
      guard let formula = formulas[name] else { continue }
      scope.formulaColumns.append(FormulaColumn(name: name, formula: Self.whole(formula, formulas, but: name)))
    }
    return scope
  }

  /// The formula with those that it names in their places; one that names itself means the stored column.
  private static func whole(_ formula: Formula, _ formulas: [String: Formula], but name: String) -> Formula {
    var others = formulas
    others[name] = nil
    var whole = formula
    for _ in 0..<depthMax {
      guard !whole.columns.isDisjoint(with: others.keys) else { break }
      let next = whole.replacing(others)
      // What is too large keeps the names: they then mean stored columns.
      guard next.nodeCount < nodeCountMax, next.depth <= levelCountMax else { break }
      whole = next
    }
    return whole
  }
}

extension Formula {
  /// The one type that its values have, or string where they may have several.
  var shownType: FieldType {
    let found = types { _ in Set(FieldType.allCases) }
    return found.count == 1 ? found.first ?? .string : found == [.integer, .float] ? .float : .string
  }
}
