// SPDX-License-Identifier: Apache-2.0

/// A column of the results.
public struct InsightsColumn: Sendable, Hashable {
  public var name: String
  /// Where a row has its value.
  var slot: Int
  /// Numbers that the query computed are shown with four decimals at most, those of events as they are.
  var isComputed: Bool
}

/// A query made ready to run: names became slots of a row, commands became stages.
///
/// Rows come from events (`baseFields` says which of their fields are read, `InsightsReading` how), go through the stages in order, and end
/// as the values of `columns`. Where the query holds others (`in (…)`, `join`), those run first.
public struct InsightsProgram: Sendable {
  public let query: InsightsQuery
  /// The fields of events that the query reads, with the slots of their values.
  public internal(set) var baseFields: [(name: String, slot: Int)] = []
  public internal(set) var columns: [InsightsColumn] = []
  /// True where a row of the results is an event and so has a pointer.
  public internal(set) var hasPointers = true
  /// The queries inside, in the order in which they run.
  public internal(set) var inner: [Inner] = []
  /// The lookup tables that the query names.
  public internal(set) var tableNames: [String] = []

  /// A query inside, and what becomes of its rows.
  public struct Inner: Sendable {
    enum Use: Sendable {
      case set
      case join
    }
    public var program: InsightsProgram
    var use: Use
    var index: Int
  }

  /// What the events go through before rows stop being events, as far as a store could do it.
  struct Lead: Sendable {
    /// Conditions over fields of events alone, with the stage that tests each.
    var conditions: [(stage: Int, condition: InsightsExpression)] = []
    var barrier: Barrier = .none
    /// The stage of the barrier, or the count of stages.
    var barrierStage = 0
    /// Events are wanted in order of time: a `sort @timestamp` that the store does.
    var isOldestFirst = false
    /// Stages before the barrier beside conditions and names.
    var hasOtherWork = false
  }
  enum Barrier: Sendable {
    case none
    /// Statistics over fields of events alone: the groups and, in the order of the stage's aggregates, their arguments.
    case stats(groups: [InsightsExpression], arguments: [InsightsExpression?])
    case pattern(field: String)
    /// Something that no store does.
    case other
  }

  var stages: [any InsightsStage] = []
  var lead = Lead()
  var slotCount = 0
  /// Where the rows of two times are compared: stages before it run for each.
  var contrast: (stage: Int, how: ContrastStage, period: InsightsDiff)?

  /// Reads and compiles a query.
  public init(parsing text: String) throws(InsightsError) {
    try self.init(try InsightsQuery(parsing: text), textLength: text.unicodeScalars.count)
  }

  /// Compiles a query; what cannot be said of one command alone is refused here.
  public init(_ query: InsightsQuery, textLength: Int = 0) throws(InsightsError) {
    var compiler = InsightsCompiler(textLength: textLength)
    self = try compiler.program(query)
  }

  init(uncompiled query: InsightsQuery) { self.query = query }

  /// The values of a result row, in the order of `columns`; nil is absence.
  func texts(_ row: InsightsRow) -> [String?] {
    columns.map { (column) in
      if column.isComputed, case .number(let value) = row[column.slot] { return InsightsValue.roundedText(value) }
      return row[column.slot].text
    }
  }

  /// The slot of the pointer to the row's event.
  var pointerSlot: Int? { baseFields.first { $0.name == "@ptr" }?.slot }
}

extension InsightsProgram {
  /// The datasets that SOURCE names here and in the queries inside and the request does not know, and of the asked groups those.
  public func unknownNames(in request: InsightsRequest) -> [String] {
    var names = query.source.map { $0.prefixes == nil ? $0.names : [] } ?? request.groups
    names = names.filter { !request.known.contains($0) }
    return names + inner.flatMap { $0.program.query.source == nil ? [] : $0.program.unknownNames(in: request) }
  }

  /// The lookup tables of this query and of those inside.
  public var allTableNames: [String] { tableNames + inner.flatMap(\.program.allTableNames) }
}
