// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// Answers an `EventsPlan`: finds the rows of the page from the filter's columns and the times, then reads the chosen fields of these.
///
/// Pieces are opened in the page's order and none once the page is full of events that come before all of its own; within a piece
/// blocks go the same way. Only rows that share their time with another of the page's candidates are hashed.
struct EventsRun {
  let plan: EventsPlan
  let pieces: [any Piece]
  let watch: QueryWatch
  private var info = ReadingInfo()
  private var fields: [Int: EventFields] = [:]

  /// A row with its place in the order.
  private struct Placed {
    var row: EventRow
    var sequence: Int64 = 0
    var hash: UInt64 = 0

    func isAlike(_ other: Placed) -> Bool {
      row.timeUnixNanoseconds == other.row.timeUnixNanoseconds && sequence == other.sequence && hash == other.hash
    }
  }

  init(_ plan: EventsPlan, _ pieces: [any Piece], _ watch: QueryWatch) {
    self.plan = plan
    self.pieces = pieces
    self.watch = watch
  }

  mutating func answer() async throws(QueryError) -> EventsAnswer {
    guard (1...EventsPlan.limitMax).contains(plan.limit) else {
      throw .invalid(field: "limit", reason: "the limit must be between 1 and \(EventsPlan.limitMax)")
    }
    let wanted = plan.limit + 1
    var page: [Placed] = []
    if let cursor = plan.after { page = try await rest(of: cursor) }
    if page.count < wanted, let time = timeBeyondCursor() {
      page += try ordered(await candidates(time, limit: wanted - page.count))
    }
    let hasMore = page.count > plan.limit
    if hasMore { page.removeLast(page.count - plan.limit) }
    return try answer(page, hasMore: hasMore)
  }

  // MARK: Rows

  /// What is left of the events of the cursor's own time.
  private mutating func rest(of cursor: EventCursor) async throws(QueryError) -> [Placed] {
    let time = cursor.timeUnixNanoseconds
    guard plan.scope.time == .everything || plan.scope.time.contains(time) else { return [] }
    let instant = TimeRange(startUnixNanoseconds: time, endUnixNanoseconds: time == .max ? .max : time + 1)
    let alike = Placed(
      row: EventRow(piece: 0, run: 0, row: 0, timeUnixNanoseconds: time), sequence: cursor.sequence, hash: cursor.hash)
    var skipped = 0
    var page: [Placed] = []
    for row in try placed(try await candidates(instant, limit: .max / 4), 0..<Int.max) {
      var row = row
      if row.sequence == cursor.sequence { row.hash = fields(of: row.row.piece).hash(row.row) }
      if row.isAlike(alike), skipped < cursor.alikeCount {
        skipped += 1
      } else if !isBefore(row, alike) {
        page.append(row)
      }
    }
    return page
  }

  /// The scope's time without what the cursor has behind it and without its own instant; nil where nothing is left.
  private func timeBeyondCursor() -> TimeRange? {
    var time = plan.scope.time
    guard let cursor = plan.after?.timeUnixNanoseconds else { return time }
    switch plan.direction {
    case .newestFirst:
      if cursor == .min { return nil }
      if time.endUnixNanoseconds == .max || time.endUnixNanoseconds > cursor { time.endUnixNanoseconds = cursor }
    case .oldestFirst:
      if cursor == .max { return nil }
      time.startUnixNanoseconds = max(time.startUnixNanoseconds, cursor + 1)
    }
    return time.startUnixNanoseconds < time.endUnixNanoseconds ? time : nil
  }

  /// The rows that may be on the page, in order of time.
  private mutating func candidates(_ time: TimeRange, limit: Int) async throws(QueryError) -> [EventRow] {
    let scope = Scope(environment: plan.scope.environment, datasets: plan.scope.datasets, time: time)
    var found = EventCandidates(limit: limit, direction: plan.direction)
    var heldByteCount = 0
    let places = placesByTime(scope)
    var filters: [Int: Filter] = [:]
    var lookedAtCount = 0
    for (index, place) in places.enumerated() {
      guard found.wants(place.first, place.last) else {
        info.segmentsPruned += 1
        continue
      }
      if index >= lookedAtCount {
        lookedAtCount = min(index + max(1, watch.budget.taskCountMax), places.count)
        filters = try await remaining(places[index..<lookedAtCount].map(\.piece))
      }
      guard let left = filters[place.piece] else {
        info.segmentsPruned += 1
        continue
      }
      let names = Set(left.columns.flatMap(storedNames))
      let scan = try ScanSet(scope, names: names, pieces: [pieces[place.piece]], watch)
      info.segmentsScanned += scan.info.segmentsScanned
      info.rowsUnavailable += scan.info.rowsUnavailable
      guard !scan.slices.isEmpty, let times = scan.pieces[0].columns[.time] else { continue }
      let filter = PieceFilter(left, scan.pieces[0])
      var bits = Bits()
      for slice in inOrder(scan.slices, times) {
        try watch.check()
        let rows = found.wanted(slice, times)
        guard !rows.isEmpty else { continue }
        let part = Slice(piece: place.piece, run: slice.run, block: slice.block, rows: rows)
        info.rowsScanned += rows.count
        guard filter.verdict(part) != .none else { continue }
        filter.evaluate(part, &bits)
        found.add(bits, part, times)
        if found.rows.count * 96 > heldByteCount {
          try watch.hold(found.rows.count * 96 - heldByteCount)
          heldByteCount = found.rows.count * 96
        }
      }
    }
    found.cut(always: true)
    return found.rows
  }

  /// What the next pieces leave of the filter, looked at side by side; those that leave nothing are not in it.
  private func remaining(_ next: [Int]) async throws(QueryError) -> [Int: Filter] {
    let (plan, pieces, watch) = (plan, pieces, watch)
    guard plan.filter.asksForValues else { return Dictionary(uniqueKeysWithValues: next.map { ($0, plan.filter) }) }
    let parts = try await runUnits(next.count, taskCount: next.count, start: { [Int: Filter]() }) {
      (left: inout [Int: Filter], unit) throws(QueryError) in
      try watch.check()
      left[next[unit]] = plan.filter.remaining(in: pieces[next[unit]])
    }
    return parts.reduce(into: [:]) { (all, part) in all.merge(part) { first, _ in first } }
  }

  /// The pieces that the scope touches, in the page's order, each with the times of its first and its last event there.
  private mutating func placesByTime(_ scope: Scope) -> [(piece: Int, first: Int64, last: Int64)] {
    var places: [(piece: Int, first: Int64, last: Int64)] = []
    for (index, piece) in pieces.enumerated() {
      let runs = piece.runs.filter { ScanSet.isWanted($0, scope) }
      guard !runs.isEmpty else {
        info.segmentsPruned += 1
        continue
      }
      let first = runs.reduce(Int64.max) { min($0, $1.minimumUnixNanoseconds) }
      let last = runs.reduce(Int64.min) { max($0, $1.maximumUnixNanoseconds) }
      places.append((index, max(first, scope.time.startUnixNanoseconds), min(last, scope.time.endUnixNanoseconds)))
    }
    return places.sorted { plan.direction == .newestFirst ? $0.last > $1.last : $0.first < $1.first }
  }

  /// Slices by the first event that each could add to the page.
  private func inOrder(_ slices: [Slice], _ times: ScanColumn) -> [Slice] {
    let isNewestFirst = plan.direction == .newestFirst
    let keys = slices.map { (slice) -> Int64 in
      times.integer(at: slice.block * blockRowCount + (isNewestFirst ? slice.rows.upperBound - 1 : slice.rows.lowerBound)) ?? 0
    }
    return slices.indices.sorted { isNewestFirst ? keys[$0] > keys[$1] : keys[$0] < keys[$1] }.map { slices[$0] }
  }

  // MARK: Order

  private func isBefore(_ left: Placed, _ right: Placed) -> Bool {
    let (first, second) = plan.direction == .oldestFirst ? (left, right) : (right, left)
    if first.row.timeUnixNanoseconds != second.row.timeUnixNanoseconds {
      return first.row.timeUnixNanoseconds < second.row.timeUnixNanoseconds
    }
    return first.sequence != second.sequence ? first.sequence < second.sequence : first.hash < second.hash
  }

  /// Rows in order of time, put in their full order.
  private mutating func ordered(_ rows: [EventRow]) throws(QueryError) -> [Placed] {
    var page: [Placed] = []
    page.reserveCapacity(rows.count)
    var start = 0
    while start < rows.count {
      var end = start + 1
      while end < rows.count, rows[end].timeUnixNanoseconds == rows[start].timeUnixNanoseconds { end += 1 }
      page += end == start + 1 ? [Placed(row: rows[start])] : try placed(rows, start..<end)
      start = end
    }
    return page
  }

  /// Rows of one time in their full order. What an event says is hashed only where its number does not tell it from others.
  private mutating func placed(_ rows: [EventRow], _ range: Range<Int>) throws(QueryError) -> [Placed] {
    var page: [Placed] = []
    var known: (piece: Int, fields: EventFields)?
    for row in rows[range.clamped(to: rows.indices)] {
      if page.count % 1024 == 0 { try watch.check() }
      if known?.piece != row.piece { known = (row.piece, fields(of: row.piece)) }
      page.append(Placed(row: row, sequence: known?.fields.sequence(row) ?? .min))
    }
    page.sort { isBefore($0, $1) }
    var areAlike = false
    for index in page.indices {
      let isLikeLast = index > 0 && page[index - 1].sequence == page[index].sequence
      guard isLikeLast || (index + 1 < page.count && page[index + 1].sequence == page[index].sequence) else { continue }
      if index % 1024 == 0 { try watch.check() }
      page[index].hash = fields(of: page[index].row.piece).hash(page[index].row)
      areAlike = true
    }
    if areAlike { page.sort { isBefore($0, $1) } }
    return page
  }

  private mutating func place(_ row: EventRow) -> Placed {
    let fields = fields(of: row.piece)
    return Placed(row: row, sequence: fields.sequence(row), hash: fields.hash(row))
  }

  private mutating func fields(of piece: Int) -> EventFields {
    if let known = fields[piece] { return known }
    let names = plan.columns.isEmpty ? nil : plan.columns
    let made = EventFields(pieces[piece], names: names, sequenceColumn: plan.sequenceColumn)
    fields[piece] = made
    return made
  }

  // MARK: The answer

  private mutating func answer(_ page: [Placed], hasMore: Bool) throws(QueryError) -> EventsAnswer {
    let rows = page.map(\.row)
    var places: [Int: [Int]] = [:]
    for (place, row) in rows.enumerated() { places[row.piece, default: []].append(place) }
    let datasets = rows.map { pieces[$0.piece].runs[$0.run].dataset }
    var names = plan.columns
    if names.isEmpty {
      var all: Set<ColumnKey> = []
      for piece in places.keys { for name in fields(of: piece).names { all.insert(ColumnKey(name, .string)) } }
      names = all.sorted().map(\.name)
    }
    var columns = names.map { EventColumn(name: $0, values: []) }
    for index in columns.indices { columns[index].values = try values(index, names, rows, places) }
    if plan.columns.isEmpty { columns.removeAll { (column) in column.values.allSatisfy { $0 == nil } } }
    for (piece, own) in places {
      let fields = fields(of: piece)
      info.rowsUnavailable += own.count { fields.isDamaged(rows[$0]) }
    }
    info.rowsMatched = rows.count
    info.isTruncated = hasMore
    let cursor = cursor(after: page)
    info.elapsedNanoseconds = watch.elapsedNanoseconds
    return EventsAnswer(
      times: rows.map(\.timeUnixNanoseconds), datasets: datasets, hashes: page.map(\.hash), columns: columns, cursor: cursor,
      hasMore: hasMore, info: info)
  }

  private static let rowsAtOnce = 512

  private mutating func values(
    _ index: Int, _ names: [String], _ rows: [EventRow], _ places: [Int: [Int]]
  ) throws(QueryError) -> [FieldValue?] {
    try watch.check()
    try watch.hold(rows.count * MemoryLayout<FieldValue?>.stride)
    var values = [FieldValue?](repeating: nil, count: rows.count)
    for (piece, places) in places {
      let fields = fields(of: piece)
      let own = plan.columns.isEmpty ? fields.place(of: names[index]) : index
      guard let own else { continue }
      // Some at a time, so that long texts are noticed before all of them are in memory.
      for start in stride(from: 0, to: places.count, by: Self.rowsAtOnce) {
        let some = Array(places[start..<min(start + Self.rowsAtOnce, places.count)])
        fields.read(own, rows, some, into: &values)
        try watch.hold(some.reduce(0) { (sum, place) in if case .string(let text)? = values[place] { sum + text.utf8.count } else { sum } })
      }
    }
    return values
  }

  /// The place after the last event; those alike before it are counted, on this page and, if they reach back so far, on earlier ones.
  private mutating func cursor(after page: [Placed]) -> EventCursor? {
    guard let last = page.last.map({ place($0.row) }) else { return nil }
    var alikeCount = 0
    for row in page.reversed() {
      guard row.row.timeUnixNanoseconds == last.row.timeUnixNanoseconds, place(row.row).isAlike(last) else { break }
      alikeCount += 1
    }
    let time = last.row.timeUnixNanoseconds
    if let before = plan.after, before.timeUnixNanoseconds == time, before.sequence == last.sequence, before.hash == last.hash {
      alikeCount += Int(before.alikeCount)
    }
    return EventCursor(
      timeUnixNanoseconds: time, sequence: last.sequence, hash: last.hash, alikeCount: UInt32(clamping: alikeCount))
  }
}
