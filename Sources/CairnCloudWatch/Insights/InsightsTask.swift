// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPatterns
public import CairnPlan

/// A query at work, as a machine without hands: it says which question the store shall answer next and is given the answer.
///
/// ```
/// inner queries, each a task of its own > columns of the scope > a plan, patterns, or pages of events > … > finished
/// ```
/// With `diff` and `anomaly` the part from the columns on is done twice, for two times. A value; one task drives it.
public struct InsightsTask: Sendable {
  /// The next question.
  public enum Step: Sendable {
    case columns(Scope)
    case run(Plan)
    case patterns(PatternPlan)
    case events(EventsPlan)
    case finished
    case failed(String)
  }

  /// Events of the first page, so that something shows soon, and of the others.
  static let pageRowCountFirst = 2_000
  static let pageRowCount = 32_768

  public let program: InsightsProgram
  public let request: InsightsRequest
  public private(set) var step: Step = .finished
  public private(set) var statistics = InsightsStatistics()
  private var context: InsightsContext
  private var innerIndex = 0
  // One at most; an array, since a value cannot hold its like.
  private var innerTask: [InsightsTask] = []
  /// The times still to read, the query's own first.
  private var times: [TimeRange]
  private var passes: [[InsightsRow]] = []
  private var reading: InsightsReading?
  private var aggregation: InsightsAggregation?
  private var pipeline: InsightsPipeline
  private var readsPages = false
  /// Some of the events have no text, so that all their fields are their message.
  private var readsWholeEvents = false
  /// As they were before the first page.
  private var statisticsBefore = InsightsStatistics()

  public init(_ program: InsightsProgram, _ request: InsightsRequest) {
    self.program = program
    self.request = request
    context = InsightsContext(nowMilliseconds: InsightsReading.milliseconds(request.nowUnixNanoseconds), slotCount: program.slotCount)
    context.tables = request.tables
    let own = request.time(program.query.source)
    times = [own]
    if let contrast = program.contrast { times.append(Self.earlier(own, contrast.period)) }
    pipeline = InsightsPipeline([], context, limit: 0)
    advance()
  }

  private var datasets: [String] { request.datasets(program.query.source) }

  private var scope: Scope {
    Scope(environment: request.environment, datasets: .named(datasets), time: times.first ?? TimeRange.everything)
  }

  private static func earlier(_ time: TimeRange, _ period: InsightsDiff) -> TimeRange {
    switch period {
    case .previousPeriod:
      return TimeRange(
        startUnixNanoseconds: time.startUnixNanoseconds.subtractingReportingOverflow(time.durationNanoseconds).partialValue,
        endUnixNanoseconds: time.startUnixNanoseconds)
    case .earlier(let period):
      func moved(_ instant: Int64) -> Int64 { period.adding(-1, to: InsightsReading.milliseconds(instant)) * 1_000_000 }
      return TimeRange(startUnixNanoseconds: moved(time.startUnixNanoseconds), endUnixNanoseconds: moved(time.endUnixNanoseconds))
    }
  }

  // MARK: Steps

  /// Goes on to the next inner query, the next time, or the end.
  private mutating func advance() {
    if innerIndex < program.inner.count {
      if innerTask.isEmpty {
        var inner = request
        inner.limit = 100_000
        innerTask = [InsightsTask(program.inner[innerIndex].program, inner)]
      }
      return settleInner()
    }
    guard times.isEmpty else {
      statistics.groupCount = datasets.count
      let count = program.contrast?.stage ?? program.stages.count
      pipeline = InsightsPipeline(Array(program.stages[..<count]), context, limit: program.contrast == nil ? request.limit : 10_000)
      // Names and types are wanted, and those of all datasets at once are read from lists: no column is opened for them.
      step =
        datasets.isEmpty
        ? .finished : .columns(Scope(environment: request.environment, datasets: .all, time: .everything))
      if datasets.isEmpty { endPass() }
      return
    }
    if let contrast = program.contrast, passes.count == 2 {
      pipeline = InsightsPipeline(Array(program.stages[contrast.stage...]), context, limit: request.limit)
      _ = pipeline.take(contrast.how.rows(current: passes[0], previous: passes[1]))
      pipeline.finish()
    }
    step = .finished
  }

  /// Takes over the inner task's next question, or its rows where it has none.
  private mutating func settleInner() {
    guard let task = innerTask.first else { return }
    switch task.step {
    case .finished:
      let inner = program.inner[innerIndex]
      let rows = task.pipeline.rows
      switch inner.use {
      case .set: context.sets[inner.index] = Set(rows.compactMap { task.program.texts($0).first.flatMap(\.self) })
      case .join: context.joined[inner.index] = rows.map { (row) in task.program.columns.map { row[$0.slot] } }
      }
      statistics.recordsScanned += task.statistics.recordsScanned
      statistics.bytesScanned += task.statistics.bytesScanned
      innerTask = []
      innerIndex += 1
      advance()
    default: step = task.step
    }
  }

  private mutating func endPass() {
    pipeline.finish()
    passes.append(pipeline.rows)
    times.removeFirst()
    readsPages = false
    advance()
  }

  // MARK: Answers

  /// The columns that were asked for: of the whole environment, so a name may be there that no event in scope has.
  public mutating func take(_ columns: [ColumnSummary]) {
    if !innerTask.isEmpty {
      innerTask[0].take(columns)
      return settleInner()
    }
    let source = program.query.source
    let reading = InsightsReading(
      program, columns: columns, account: request.account, isLogsOnly: request.isLogsOnly(source, datasets))
    self.reading = reading
    let planner = planner(reading)
    if !request.pushesDown {
      readPages(planner)
    } else if let aggregation = planner.aggregation(scope, extent: request.extent(datasets, in: scope.time)) {
      self.aggregation = aggregation
      step = .run(aggregation.plan)
    } else if let patterns = planner.patterns(scope) {
      step = .patterns(patterns)
    } else {
      readPages(planner)
    }
  }

  private func planner(_ reading: InsightsReading) -> InsightsPlanner {
    InsightsPlanner(reading: reading, program: program, exclusions: request.exclusions)
  }

  private mutating func readPages(_ planner: InsightsPlanner) {
    var (filter, done) = planner.filter()
    if !request.pushesDown { (filter, done) = (.all([reading?.isLogsOnly == true ? InsightsPlanner.logsOnly : .everything, request.exclusions]), []) }
    let count = program.contrast?.stage ?? program.stages.count
    let stages = program.stages[..<count].enumerated().filter { !done.contains($0.offset) }.map(\.element)
    pipeline = InsightsPipeline(stages, context, limit: program.contrast == nil ? request.limit : 10_000)
    readsPages = true
    statisticsBefore = statistics
    step = .events(
      EventsPlan(
        scope: scope, filter: filter, columns: readsWholeEvents ? [] : planner.reading.wantedColumns ?? [], direction: program.lead.isOldestFirst ? .oldestFirst : .newestFirst,
        limit: Self.pageRowCountFirst, sequenceColumn: InsightsReading.sequenceColumn))
  }

  /// The answer of the plan that was asked for.
  public mutating func take(_ answer: Answer) {
    if !innerTask.isEmpty {
      innerTask[0].take(answer)
      return settleInner()
    }
    guard let aggregation, let reading else { return }
    statistics.add(answer.info, columnCount: aggregation.plan.breakdowns.count + aggregation.plan.calculations.count)
    guard let rows = aggregation.rows(answer, context) else {
      return readPages(planner(reading))
    }
    goOn(behind: program.lead.barrierStage, rows)
  }

  /// The patterns that were asked for.
  public mutating func take(_ answer: PatternAnswer) {
    if !innerTask.isEmpty {
      innerTask[0].take(answer)
      return settleInner()
    }
    statistics.add(answer.info, columnCount: 1)
    guard let stage = program.stages[program.lead.barrierStage] as? PatternStage else { return endPass() }
    statistics.bytesScanned += answer.patterns.reduce(0) { $0 + $1.count * $1.sample.utf8.count }
    goOn(
      behind: program.lead.barrierStage, stage.slots.rows(answer.patterns, lineCount: answer.lineCount, slotCount: context.slotCount))
  }

  /// The rows that a stage would have made go to the stages behind it.
  private mutating func goOn(behind stage: Int, _ rows: [InsightsRow]) {
    let count = program.contrast?.stage ?? program.stages.count
    pipeline = InsightsPipeline(
      Array(program.stages[min(stage + 1, count)..<count]), context, limit: program.contrast == nil ? request.limit : 10_000)
    guard pipeline.take(rows) else {
      step = .failed(Self.tooLarge)
      return
    }
    endPass()
  }

  private static let tooLarge =
    "the query keeps more than \(InsightsPipeline.heldByteCountMax >> 20) MiB of rows; narrow its time, filters or groups"

  /// A page of the events that were asked for.
  public mutating func take(_ page: EventsAnswer) {
    if !innerTask.isEmpty {
      innerTask[0].take(page)
      return settleInner()
    }
    guard case .events(var plan) = step, let reading else { return }
    if !plan.columns.isEmpty, reading.wantsWholeEvents(page) {
      // From the start: a cursor is of the columns that were read.
      readsWholeEvents = true
      statistics = statisticsBefore
      return readPages(planner(reading))
    }
    statistics.add(page.info, columnCount: 1)
    for column in page.columns {
      for case .string(let text)? in column.values { statistics.bytesScanned += text.utf8.count }
    }
    let before = pipeline.matchedCount
    guard pipeline.take(reading.rows(page)) else {
      step = .failed(Self.tooLarge)
      return
    }
    // Of what the store handed over, a filter that it could not apply has left fewer.
    if pipeline.isFiltering { statistics.recordsMatched += pipeline.matchedCount - before - page.info.rowsMatched }
    guard page.hasMore, let cursor = page.cursor, !pipeline.isSatisfied else { return endPass() }
    plan.after = cursor
    plan.limit = Self.pageRowCount
    step = .events(plan)
  }

  // MARK: Results

  /// A row of the results: a text for each column of the program, and a pointer to its event where it is one.
  public struct ResultRow: Sendable, Hashable {
    public var texts: [String?]
    public var pointer: String?

    public init(texts: [String?], pointer: String?) {
      self.texts = texts
      self.pointer = pointer
    }
  }

  /// The results; while the task is at work those that there are so far.
  public var results: [ResultRow] {
    var rows: [InsightsRow] = []
    if case .finished = step {
      rows = pipeline.rows
    } else if innerTask.isEmpty, program.contrast == nil, readsPages {
      rows = pipeline.preview()
    }
    let pointerSlot = program.hasPointers ? program.pointerSlot : nil
    return rows.map { (row) in ResultRow(texts: program.texts(row), pointer: pointerSlot.flatMap { row[$0].text }) }
  }
}
