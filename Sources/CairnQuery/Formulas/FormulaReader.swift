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

  /// Above this many codes a table does not pay.
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

  private static func bind(_ formula: Formula, _ names: [String], _ fields: [[ScanColumn]], _ tables: inout [[FieldValue??]]) -> Node {
    let node: Node
    switch formula {
    case .constant(let value): return .constant(value)
    case .eventTime: return .time
    case .column(let name): node = .column(names.firstIndex(of: name) ?? 0)
    case .call(let function, let arguments): node = .call(function, arguments.map { bind($0, names, fields, &tables) })
    case .pattern(let use, let argument, let pattern): node = .pattern(use, bind(argument, names, fields, &tables), pattern)
    }
    let needed = formula.columns
    guard needed.count == 1, !formula.readsTime, let name = needed.first, let field = names.firstIndex(of: name) else { return node }
    if fields[field].isEmpty { return .constant(formula.value(timeUnixNanoseconds: 0) { _ in nil }) }
    guard fields[field].count == 1, let codeCount = codeCount(fields[field][0]) else { return node }
    tables.append([FieldValue??](repeating: nil, count: codeCount + 1))
    return .known(table: tables.count - 1, column: field, node)
  }

  private static func codeCount(_ column: ScanColumn) -> Int? {
    switch column.domain {
    case .dictionary(let dictionary): dictionary.count <= codeCountMax ? dictionary.count : nil
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

extension Formula {
  /// True where the value depends on the event's time too.
  var readsTime: Bool {
    switch self {
    case .constant, .column: false
    case .eventTime: true
    case .call(_, let arguments): arguments.contains(where: \.readsTime)
    case .pattern(_, let argument, _): argument.readsTime
    }
  }
}
