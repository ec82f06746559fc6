// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPatterns
internal import CairnPlan

/// A formula bound to the columns of one piece.
///
/// What depends on one column of few distinct values (texts, truths) is worked out once for each of its codes and looked up from then on, so
/// that a test of a name costs an array access a row. Not for several tasks at once.
struct FormulaReader {
  private indirect enum Node {
    case constant(FieldValue?)
    case column(Int)
    case call(FormulaFunction, [Node])
    case pattern(Formula.PatternUse, Node, Pattern)
    case time
    /// `node` by the codes of a column.
    case known(table: Int, column: Int, Node)
  }
  private let root: Node
  private let times: ScanColumn
  /// The columns of each field, in the order in which they answer for it.
  private let fields: [[ScanColumn]]
  /// By code: nil where it is not known yet.
  private var tables: [[FieldValue??]] = []

  /// All tables together have at most this many codes: more would not pay.
  private static let codeCountMax = 1 << 18

  init(_ formula: Formula, times: ScanColumn, columns: [String: [ScanColumn]]) {
    let names = formula.columns.sorted()
    let fields = names.map { columns[$0] ?? [] }
    var tables: [[FieldValue??]] = []
    self.fields = fields
    self.times = times
    root = Self.bind(formula, names, fields, &tables)
    self.tables = tables
  }

  /// `isKnown` inside a part that has a table: its own parts need none.
  private static func bind(
    _ formula: Formula, _ names: [String], _ fields: [[ScanColumn]], _ tables: inout [[FieldValue??]], isKnown: Bool = false
  ) -> Node {
    var table: (index: Int, field: Int)?
    let needed = isKnown || formula.readsTime ? [] : formula.columns
    if needed.count == 1, let name = needed.first, let field = names.firstIndex(of: name) {
      if fields[field].isEmpty { return .constant(formula.value(timeUnixNanoseconds: 0) { _ in nil }) }
      let room = codeCountMax - tables.reduce(0) { $0 + $1.count }
      if fields[field].count == 1, let codeCount = codeCount(fields[field][0]), codeCount < room {
        table = (tables.count, field)
        tables.append([FieldValue??](repeating: nil, count: codeCount + 1))
      }
    }
    let node: Node
    switch formula {
    case .constant(let value): return .constant(value)
    case .eventTime: return .time
    case .column(let name): node = .column(names.firstIndex(of: name) ?? 0)
    case .call(let function, let arguments):
      var bound: [Node] = []
      for argument in arguments { bound.append(bind(argument, names, fields, &tables, isKnown: isKnown || table != nil)) }
      node = .call(function, bound)
    case .pattern(let use, let argument, let pattern):
      node = .pattern(use, bind(argument, names, fields, &tables, isKnown: isKnown || table != nil), pattern)
    }
    return table.map { .known(table: $0.index, column: $0.field, node) } ?? node
  }

  private static func codeCount(_ column: ScanColumn) -> Int? {
    switch column.domain {
    case .dictionary(let dictionary): dictionary.count
    case .booleans: 2
    case .integers, .scaled, .floatBits, .spanIDs: nil
    }
  }

  /// The formula's value in a row.
  mutating func value(at row: Int) -> FieldValue? { value(root, row) }

  private mutating func value(_ node: Node, _ row: Int) -> FieldValue? {
    switch node {
    case .constant(let value): return value
    case .time: return times.integer(at: row).map { .float(Double($0) / 1e9) }
    case .column(let field):
      for column in fields[field] {
        if let value = column.value(at: row) { return value }
      }
      return nil
    case .call(let function, let arguments): return function.value(arguments.count) { value(arguments[$0], row) }
    case .pattern(let use, let argument, let pattern): return use.value(value(argument, row), pattern)
    case .known(let table, let field, let node):
      let code = Int(truncatingIfNeeded: fields[field][0].stored(at: row) ?? 0)
      if let known = tables[table][code] { return known }
      let found = value(node, row)
      tables[table][code] = .some(found)
      return found
    }
  }
}
