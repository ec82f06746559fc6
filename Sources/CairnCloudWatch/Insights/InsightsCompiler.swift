// SPDX-License-Identifier: Apache-2.0

/// Gives names their slots and commands their stages.
///
/// A name means the latest thing that a command called so, else a part of a list or map that was (`json.items.0`), else a field of the
/// event; once rows are no events any more (after `stats`, `pattern`) it means nothing.
struct InsightsCompiler {
  var textLength: Int
  var program = InsightsProgram(uncompiled: InsightsQuery())
  private(set) var names: [String: Int] = [:]
  private(set) var baseSlots: [String: Int] = [:]
  private(set) var isOverEvents = true
  /// The names of the left sides of joins: `api.status` is `status`.
  private var leftNames: [String] = []
  /// The columns that `fields` and the like add to those of an event.
  private var shown: [InsightsColumn] = []
  private var hasFields = false
  /// Where the results of the last `pattern` are.
  var patternSlots: PatternSlots?
  private var hasDisplay = false
  private var innerDepth = 0
  static let innerDepthMax = 8

  init(textLength: Int, innerDepth: Int = 0) {
    self.textLength = textLength
    self.innerDepth = innerDepth
  }

  func error(_ message: String) -> InsightsError { InsightsError(message, 0, textLength) }

  /// `outputs` are the names that the asker wants as columns, in that order; nil for the query's own.
  mutating func program(_ query: InsightsQuery, outputs: [String]? = nil) throws(InsightsError) -> InsightsProgram {
    program = InsightsProgram(uncompiled: query)
    _ = baseSlot("@ptr")
    var commands = query.commands[...]
    while let command = commands.popFirst() { try add(command, rest: commands) }
    if let outputs {
      program.columns = outputs.map { (name) in column(name, compiled(.field(name)), isComputed: false) }
    } else {
      if !hasFields, isOverEvents, !hasDisplay {
        let standard = ["@timestamp", "@message"].map { column($0, compiled(.field($0)), isComputed: false) }
        shown = standard + shown
      }
      program.columns = shown
    }
    program.hasPointers = isOverEvents
    if case .none = program.lead.barrier { program.lead.barrierStage = program.stages.count }
    return program
  }

  // MARK: Slots

  mutating func newSlot() -> Int {
    defer { program.slotCount += 1 }
    return program.slotCount
  }

  mutating func baseSlot(_ name: String) -> Int {
    if let known = baseSlots[name] { return known }
    let slot = newSlot()
    baseSlots[name] = slot
    program.baseFields.append((name, slot))
    return slot
  }

  mutating func define(_ name: String) -> Int {
    let slot = newSlot()
    names[name] = slot
    return slot
  }

  /// True where the name means a field of the event.
  func isBase(_ name: String) -> Bool {
    guard isOverEvents, names[name] == nil else { return false }
    return owner(of: name) == nil && !leftNames.contains { name.hasPrefix($0 + ".") }
  }

  /// The longest beginning of a dotted name that a command defined, and what follows.
  private func owner(of name: String) -> (slot: Int, path: [String])? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    for count in stride(from: parts.count - 1, to: 0, by: -1) {
      if let slot = names[parts[..<count].joined(separator: ".")] { return (slot, Array(parts[count...])) }
    }
    return nil
  }

  private mutating func resolve(_ name: String) -> InsightsFormula {
    if let slot = names[name] { return .slot(slot) }
    if let owner = owner(of: name) { return .part(owner.slot, owner.path) }
    if let left = leftNames.first(where: { name.hasPrefix($0 + ".") }) { return resolve(String(name.dropFirst(left.count + 1))) }
    return isOverEvents ? .slot(baseSlot(name)) : .literal(.absent)
  }

  // MARK: Expressions

  mutating func compiled(_ expression: InsightsExpression) -> InsightsFormula {
    switch expression {
    case .field(let name): return resolve(name)
    case .literal(let value): return .literal(value)
    case .negate(let part): return .negate(compiled(part))
    case .not(let part): return .not(compiled(part))
    case .all(let parts): return .all(compiled(parts))
    case .any(let parts): return .any(compiled(parts))
    case .compare(let comparison, let left, let right): return .compare(comparison, compiled(left), compiled(right))
    case .arithmetic(let operation, let left, let right): return .arithmetic(operation, compiled(left), compiled(right))
    case .contains(let part, let text): return .contains(compiled(part), Array(text.utf8))
    case .matches(let part, let pattern): return .matches(compiled(part), pattern)
    case .oneOf(let part, let list): return .oneOf(compiled(part), compiled(list))
    case .oneOfQuery(let part, let query):
      let index = program.inner.firstIndex { $0.use == .set && $0.program.query == query }
      return .inSet(compiled(part), index ?? -1)
    case .call(let function, let arguments): return .call(function, compiled(arguments))
    case .floor(let part, let period): return .floor(compiled(part), period)
    case .ceiling(let part, let period): return .ceiling(compiled(part), period)
    case .aggregate: return .literal(.absent)
    }
  }

  private mutating func compiled(_ list: [InsightsExpression]) -> [InsightsFormula] {
    var formulas: [InsightsFormula] = []
    for expression in list { formulas.append(compiled(expression)) }
    return formulas
  }

  /// Compiles the queries inside an expression, each once.
  mutating func addInner(of expression: InsightsExpression) throws(InsightsError) {
    if case .oneOfQuery(_, let query) = expression {
      guard !program.inner.contains(where: { $0.use == .set && $0.program.query == query }) else { return }
      try addInner(query, .set, outputs: nil)
    }
    for part in expression.parts { try addInner(of: part) }
  }

  mutating func addInner(_ query: InsightsQuery, _ use: InsightsProgram.Inner.Use, outputs: [String]?) throws(InsightsError) {
    guard innerDepth < Self.innerDepthMax else { throw error("queries are nested more than \(Self.innerDepthMax) levels deep") }
    var compiler = InsightsCompiler(textLength: textLength, innerDepth: innerDepth + 1)
    let inner = try compiler.program(query, outputs: outputs)
    if use == .set, inner.columns.isEmpty || (query.commands.isEmpty) {
      throw error("the query after 'in' needs a column: fields, display or stats")
    }
    program.inner.append(.init(program: inner, use: use, index: program.inner.count))
  }

  // MARK: Columns

  mutating func column(_ name: String, _ formula: InsightsFormula, isComputed: Bool) -> InsightsColumn {
    if case .slot(let slot) = formula { return InsightsColumn(name: name, slot: slot, isComputed: isComputed) }
    let slot = newSlot()
    program.stages.append(ComputeStage(items: [(slot, formula)]))
    return InsightsColumn(name: name, slot: slot, isComputed: isComputed)
  }

  mutating func show(_ column: InsightsColumn) {
    shown.removeAll { $0.name == column.name }
    shown.append(column)
  }

  /// `fields` adds columns; `display` replaces them all.
  mutating func addItems(_ items: [InsightsItem], isDisplay: Bool) throws(InsightsError) {
    var work: [(slot: Int, formula: InsightsFormula)] = []
    var columns: [InsightsColumn] = []
    for item in items {
      try addInner(of: item.expression)
      let formula = compiled(item.expression)
      var isComputed = true
      if case .field(let field) = item.expression { isComputed = !isBase(field) && !shown.contains { $0.name == field && !$0.isComputed } }
      let slot: Int
      if case .slot(let known) = formula {
        slot = known
        if case .field(item.name) = item.expression {} else { names[item.name] = known }
      } else {
        slot = newSlot()
        work.append((slot, formula))
        names[item.name] = slot
      }
      columns.append(InsightsColumn(name: item.name, slot: slot, isComputed: isComputed))
    }
    program.stages.append(ComputeStage(items: work))
    if isDisplay {
      shown = columns
      hasDisplay = true
    } else if !hasDisplay {
      hasFields = true
      for column in columns { show(column) }
    }
  }

  /// A column that a command other than `fields` makes; `display` before it hides it.
  mutating func showNew(_ name: String, _ slot: Int, isComputed: Bool) {
    if !hasDisplay { show(InsightsColumn(name: name, slot: slot, isComputed: isComputed)) }
  }

  var shownColumns: [InsightsColumn] { shown }

  /// From here on rows are no events: only the names in `columns` mean something.
  mutating func leaveEvents(_ columns: [InsightsColumn], hidden: [String: Int] = [:]) {
    names = hidden
    for column in columns { names[column.name] = column.slot }
    shown = columns
    isOverEvents = false
    hasFields = true
    hasDisplay = false
    leftNames = []
  }

  mutating func addLeftName(_ name: String) { leftNames.append(name) }

  /// Marks the stage that comes next as the one where rows stop being plain events.
  mutating func barrier(_ barrier: InsightsProgram.Barrier) {
    guard case .none = program.lead.barrier else { return }
    program.lead.barrier = barrier
    program.lead.barrierStage = program.stages.count
  }

  var isBeforeBarrier: Bool { if case .none = program.lead.barrier { true } else { false } }
}
