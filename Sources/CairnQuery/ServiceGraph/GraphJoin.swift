// SPDX-License-Identifier: Apache-2.0
internal import CairnPlan

/// Joins the spans of traces with their parents and counts what comes of it: one task's share, a range of trace codes.
///
/// Rows are brought together by a counting sort over trace codes; within a trace a parent is looked for by going through its rows, in
/// traces of more than `shortCountMax` rows by a hash table. Benchmark: `xray-graph`.
struct GraphJoin: Sendable {
  private(set) var tallies = GraphTallies()
  private let granularity: Int64?
  private let partCountMax: Int
  private var rows: [GraphRow] = []
  private var parents: [Int32] = []
  private var slots: [Int32] = []
  private static let shortCountMax = 32
  private static let noParent: Int32 = -1
  private static let missing: Int32 = -2

  init(granularityNanoseconds: Int64?, partCountMax: Int) {
    granularity = granularityNanoseconds
    self.partCountMax = partCountMax
  }

  /// Takes the rows of the traces in `codes` out of what all tasks read; `names` turns each task's numbers of identities into shared ones.
  mutating func join(
    _ found: [GraphRows], _ names: GraphIdentities, codes: Range<Int>, _ watch: QueryWatch
  ) throws(QueryError) {
    var ends = [Int](repeating: 0, count: codes.count + 1)
    for part in found {
      for code in part.traces where codes.contains(Int(code)) { ends[Int(code) &- codes.lowerBound &+ 1] &+= 1 }
    }
    for index in 1..<ends.count { ends[index] &+= ends[index &- 1] }
    var next = ends
    let blank = GraphRow(span: 0, parent: 0, start: 0, nanoseconds: 0, node: 0, callee: 0, weight: 0, flags: 0)
    rows = [GraphRow](repeating: blank, count: ends[codes.count])
    for (task, part) in found.enumerated() {
      for index in part.traces.indices where codes.contains(Int(part.traces[index])) {
        let slot = Int(part.traces[index]) &- codes.lowerBound
        var row = part.rows[index]
        row.node = names.services[task][Int(row.node)]
        row.service = names.plain[Int(row.node)]
        row.callee = names.callees[task][Int(row.callee)]
        rows[next[slot]] = row
        next[slot] &+= 1
      }
    }
    for trace in 0..<codes.count where ends[trace + 1] > ends[trace] {
      if trace & 255 == 0 { try watch.check() }
      count(ends[trace]..<ends[trace + 1])
      guard tallies.partCount <= partCountMax else {
        throw .overBudget("more than \(partCountMax) services and calls between them; narrow the time or the filter")
      }
    }
  }

  // MARK: One trace

  private mutating func count(_ range: Range<Int>) {
    var isCounted = false
    var anyPartial = false
    var anyInner = false
    for index in range {
      anyInner = anyInner || rows[index].has(GraphRow.inner)
      isCounted = isCounted || rows[index].has(GraphRow.counted)
      anyPartial = anyPartial || rows[index].has(GraphRow.partial)
    }
    guard isCounted else { return }
    tallies.traceCount += 1
    if anyPartial { dropSuperseded(range) }
    findParents(range)
    if anyInner { inherit(range) }
    for index in range where isEntry(index, range) { markAnswered(parents[index - range.lowerBound], of: index, range) }
    for index in range where rows[index].flags & (GraphRow.counted | GraphRow.partial | GraphRow.dropped) == GraphRow.counted {
      add(index, range)
    }
  }

  /// A span that was sent while it ran and again when it was done is one span.
  private mutating func dropSuperseded(_ range: Range<Int>) {
    var complete: Set<UInt64> = []
    for index in range where !rows[index].has(GraphRow.partial) { complete.insert(rows[index].span) }
    for index in range where rows[index].has(GraphRow.partial) {
      if !complete.insert(rows[index].span).inserted { rows[index].flags |= GraphRow.dropped }
    }
  }

  private mutating func findParents(_ range: Range<Int>) {
    if parents.count < range.count { parents = [Int32](repeating: Self.noParent, count: range.count * 2) }
    if range.count > Self.shortCountMax { fillSlots(range) }
    for index in range {
      let wanted = rows[index].parent
      var parent = wanted == 0 ? Self.noParent : Self.missing
      if wanted != 0, wanted != rows[index].span {
        if range.count > Self.shortCountMax {
          parent = lookUp(wanted, range)
        } else {
          for other in range where rows[other].span == wanted && !rows[other].has(GraphRow.dropped) {
            parent = Int32(truncatingIfNeeded: other &- range.lowerBound)
            break
          }
        }
      }
      parents[index &- range.lowerBound] = parent
    }
  }

  /// Gives inner work the service of the nearest row above that is none; each row is walked over a bounded number of times.
  private mutating func inherit(_ range: Range<Int>) {
    for index in range where rows[index].has(GraphRow.inner) {
      var place = index
      var steps = 0
      while rows[place].has(GraphRow.inner), steps < 256 {
        let above = parents[place &- range.lowerBound]
        guard above >= 0 else { break }
        place = range.lowerBound &+ Int(above)
        steps += 1
      }
      guard !rows[place].has(GraphRow.inner) else { continue }
      rows[index].node = rows[place].node
      rows[index].service = rows[place].service
    }
  }

  private mutating func fillSlots(_ range: Range<Int>) {
    var count = 128
    while count < range.count * 2 { count *= 2 }
    slots = [Int32](repeating: -1, count: count)
    for index in range where !rows[index].has(GraphRow.dropped) {
      var slot = Int(truncatingIfNeeded: CodeTable.scatter(rows[index].span)) & (count - 1)
      while slots[slot] >= 0, rows[range.lowerBound + Int(slots[slot])].span != rows[index].span { slot = (slot + 1) & (count - 1) }
      if slots[slot] < 0 { slots[slot] = Int32(truncatingIfNeeded: index - range.lowerBound) }
    }
  }

  private func lookUp(_ span: UInt64, _ range: Range<Int>) -> Int32 {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: CodeTable.scatter(span)) & mask
    while slots[slot] >= 0 {
      if rows[range.lowerBound + Int(slots[slot])].span == span { return slots[slot] }
      slot = (slot + 1) & mask
    }
    return Self.missing
  }

  /// A service's account of a request: one that says so, the first span of a trace, or the first of a service inside another's.
  @inline(__always)
  private func isEntry(_ index: Int, _ range: Range<Int>) -> Bool {
    let row = rows[index]
    if row.flags & (GraphRow.dropped | GraphRow.inner) != 0 { return false }
    let parent = parents[index &- range.lowerBound]
    if parent == Self.noParent { return true }
    if parent == Self.missing { return row.has(GraphRow.entry) }
    let above = rows[range.lowerBound &+ Int(parent)]
    if above.service != row.service { return true }
    // Spans of a server inside one of the same server are layers of one request.
    return row.has(GraphRow.entry) && above.has(GraphRow.call)
  }

  /// The calls above an entry were answered: what they went to is no inferred service. Messages still went through their queue.
  private mutating func markAnswered(_ parent: Int32, of index: Int, _ range: Range<Int>) {
    var place = parent
    var steps = 0
    while place >= 0, steps < range.count {
      let row = range.lowerBound &+ Int(place)
      guard rows[row].has(GraphRow.call) || steps == 0 else { return }
      if rows[row].has(GraphRow.queued), rows[row].callee != 0 { return }
      rows[row].flags |= GraphRow.answered
      let above = parents[Int(place)]
      guard above >= 0, rows[range.lowerBound &+ Int(above)].service == rows[row].service else { return }
      place = above
      steps += 1
    }
  }

  private mutating func add(_ index: Int, _ range: Range<Int>) {
    let row = rows[index]
    let place = parents[index &- range.lowerBound]
    if isEntry(index, range) {
      tallies.own.add(row, UInt64(row.node), granularity)
      addCaller(of: row, place, range)
    }
    guard row.has(GraphRow.call), row.callee != 0, !row.has(GraphRow.answered) else { return }
    if place >= 0 {
      // A call inside a call, such as HTTP inside an SDK: the outer one says better what was called.
      let above = rows[range.lowerBound &+ Int(place)]
      if above.has(GraphRow.call), above.callee != 0, above.service == row.service { return }
    }
    tallies.inferred.add(row, UInt64(row.callee), granularity)
    tallies.edges.add(row, UInt64(row.node) << 32 | UInt64(row.callee), granularity)
  }

  private mutating func addCaller(of row: GraphRow, _ place: Int32, _ range: Range<Int>) {
    if place >= 0 {
      let caller = rows[range.lowerBound &+ Int(place)]
      if caller.has(GraphRow.queued), caller.has(GraphRow.call), caller.callee != 0 {
        addQueued(row, from: caller.callee, sent: caller.end)
        return
      }
      let key = UInt64(caller.node) << 32 | UInt64(row.node)
      tallies.edges.add(caller.has(GraphRow.call) ? caller : row, key, granularity)
      if caller.callee != 0, caller.callee != row.node { addAlias(caller.callee, key) }
    } else if row.has(GraphRow.queued), row.callee != 0 {
      addQueued(row, from: row.callee, sent: nil)
    } else if place == Self.noParent {
      tallies.roots.insert(row.node)
      tallies.edges.add(row, UInt64(row.node), granularity)
    }
  }

  private mutating func addQueued(_ row: GraphRow, from queue: UInt32, sent: Int64?) {
    let key = GraphTallies.queuedBit | UInt64(queue) << 32 | UInt64(row.node)
    tallies.edges.add(row, key, granularity)
    if let sent {
      let age = row.start.subtractingReportingOverflow(sent)
      let place = tallies.edges.place(key)
      if !age.overflow { tallies.edges.parts[place].ages.add(Double(max(age.partialValue, 0)) / 1e9, Int64(row.weight)) }
    }
    _ = tallies.inferred.place(UInt64(queue))
  }

  private mutating func addAlias(_ alias: UInt32, _ key: UInt64) {
    let place = tallies.edges.place(key)
    let known = tallies.edges.parts[place].aliases
    guard !known.contains(alias), known.count < GraphTallies.aliasCountMax else { return }
    tallies.edges.parts[place].aliases.append(alias)
  }
}
