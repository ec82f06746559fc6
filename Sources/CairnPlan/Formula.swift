// SPDX-License-Identifier: Apache-2.0
public import CairnColumns
public import CairnPatterns

/// How a derived column's value is worked out of one event's fields: a tree whose leaves are constants and columns.
///
/// `IF(EQUALS($name, "GET /cart"), LT($duration_ms, 500))` is
/// `.call(.condition, [.call(.equals, [.column("name"), .constant("GET /cart")]), .call(.less, [.column("duration_ms"), .constant(500)])])`.
public indirect enum Formula: Sendable, Hashable {
  /// nil is null.
  case constant(FieldValue?)
  case column(String)
  case call(FormulaFunction, [Formula])
  case pattern(PatternUse, Formula, Pattern)
  /// The event's time in Unix seconds.
  case eventTime

  /// What is asked of a regular expression.
  public enum PatternUse: String, Sendable, Hashable, CaseIterable {
    case matches = "REG_MATCH"
    /// The first group of the first match, or the match where the expression has no group.
    case value = "REG_VALUE"
    case count = "REG_COUNT"
  }

  /// The columns that the leaves name, each once.
  public var columns: Set<String> {
    switch self {
    case .constant, .eventTime: []
    case .column(let name): [name]
    case .call(_, let arguments): arguments.reduce(into: []) { $0.formUnion($1.columns) }
    case .pattern(_, let argument, _): argument.columns
    }
  }

  /// How many nodes the tree has.
  public var nodeCount: Int {
    switch self {
    case .constant, .eventTime, .column: 1
    case .call(_, let arguments): arguments.reduce(1) { $0 + $1.nodeCount }
    case .pattern(_, let argument, _): argument.nodeCount + 1
    }
  }

  /// The longest way from the root to a leaf: readers go down it by calling themselves.
  public var depth: Int {
    switch self {
    case .constant, .eventTime, .column: 1
    case .call(_, let arguments): 1 + (arguments.map(\.depth).max() ?? 0)
    case .pattern(_, let argument, _): 1 + argument.depth
    }
  }

  /// True where the value depends on the event's time too.
  public var readsTime: Bool {
    switch self {
    case .constant, .column: false
    case .eventTime: true
    case .call(_, let arguments): arguments.contains(where: \.readsTime)
    case .pattern(_, let argument, _): argument.readsTime
    }
  }

  /// The formula with the formulas of these columns in their places.
  public func replacing(_ formulas: [String: Formula]) -> Formula {
    switch self {
    case .constant, .eventTime: self
    case .column(let name): formulas[name] ?? self
    case .call(let function, let arguments): .call(function, arguments.map { $0.replacing(formulas) })
    case .pattern(let use, let argument, let pattern): .pattern(use, argument.replacing(formulas), pattern)
    }
  }

  /// The types that its values can have, where `types` tells those of a column.
  public func types(_ types: (String) -> Set<FieldType>) -> Set<FieldType> {
    switch self {
    case .constant(let value): value.map { [$0.type] } ?? []
    case .eventTime: [.float]
    case .column(let name): types(name)
    case .pattern(let use, _, _): [use == .matches ? .boolean : use == .count ? .integer : .string]
    case .call(let function, let arguments):
      function.resultTypes ?? function.results(arguments).reduce(into: []) { $0.formUnion($1.types(types)) }
    }
  }

  /// The value in an event, where `field` tells the event's fields.
  public func value(timeUnixNanoseconds: Int64, _ field: (String) -> FieldValue?) -> FieldValue? {
    switch self {
    case .constant(let value): value
    case .eventTime: .float(Double(timeUnixNanoseconds) / 1e9)
    case .column(let name): field(name)
    case .call(let function, let arguments):
      function.value(arguments.count) { arguments[$0].value(timeUnixNanoseconds: timeUnixNanoseconds, field) }
    case .pattern(let use, let argument, let pattern):
      use.value(argument.value(timeUnixNanoseconds: timeUnixNanoseconds, field), pattern)
    }
  }
}

extension Formula.PatternUse {
  /// How many matches are counted in one text.
  static let countMax = 10_000

  /// What the expression finds in the value's text; nothing in null.
  public func value(_ value: FieldValue?, _ pattern: Pattern) -> FieldValue? {
    guard let text = value?.text else { return self == .matches ? .boolean(false) : self == .count ? .integer(0) : nil }
    switch self {
    case .matches: return .boolean(pattern.matches(text))
    case .value:
      guard let groups = pattern.firstMatch(in: text) else { return .string("") }
      return .string((groups.count > 1 ? groups[1] : groups.first ?? nil) ?? "")
    case .count: return .integer(Self.count(text, pattern))
    }
  }

  private static func count(_ text: String, _ pattern: Pattern) -> Int64 {
    let bytes = Array(text.utf8)
    var count: Int64 = 0
    var start = 0
    while start <= bytes.count, count < countMax, let range = unsafe pattern.firstMatch(in: bytes.span.bytes, from: start)?.first ?? nil {
      count += 1
      start = max(range.upperBound, start + 1)
    }
    return count
  }
}
