// SPDX-License-Identifier: Apache-2.0
internal import CairnPlan

/// Joins the spans of traces with their parents and counts what comes of it: one task's share, one share of traces after another.
///
/// Rows of a share are brought together by a counting sort over trace codes; within a trace a parent is looked for by going through its
/// ids, in traces of more than `shortCountMax` rows by a hash table. Benchmark: `Benchmarks/xray.py`.
struct GraphJoin: Sendable {
  private(set) var tallies = GraphTallies()
  private let granularity: Int64?
  private let partCountMax: Int
  private let links: GraphLinks
  private var rows: [GraphRow] = []
  private var ends: [Int] = []
  private var ids: [UInt64] = []
  private var parents: [Int32] = []
  private var slots: [Int32] = []
  /// What the trace at hand is linked to.
  private var senders: [GraphLinks.Sender] = []
  private static let shortCountMax = 32
  private static let noParent: Int32 = -1
  private static let missing: Int32 = -2

  init(granularityNanoseconds: Int64?, partCountMax: Int, links: GraphLinks) {
    granularity = granularityNanoseconds
    self.partCountMax = partCountMax
    self.links = links
  }

  /// Takes a share out of what all tasks read; `names` turns each task's numbers of identities into shared ones.
  mutating func join(_ found: [GraphRows], _ names: GraphIdentities, share: Int, _ watch: QueryWatch) throws(QueryError) {
    try watch.check()
    let codes = found[0].codes(share)
    gather(found, names, share, codes)
    var start = 0
    for trace in 0..<codes.count where ends[trace] > start {
      let range = start..<ends[trace]
      start = range.upperBound
      senders = links.isEmpty ? [] : links[UInt32(codes.lowerBound + trace)]
      count(range)
      guard tallies.partCount <= partCountMax else {
        throw .overBudget("more than \(partCountMax) services and calls between them; narrow the time or the filter")
      }
    }
  }

  /// Brings the rows of each trace together; `ends` tells where those of a code end.
  private mutating func gather(_ found: [GraphRows], _ names: GraphIdentities, _ share: Int, _ codes: Range<Int>) {
    ends.removeAll(keepingCapacity: true)
    ends.append(contentsOf: repeatElement(0, count: codes.count + 1))
    for part in found {
      for row in part.shares[share] { ends[Int(row.trace) &- codes.lowerBound &+ 1] &+= 1 }
    }
    for index in 1..<ends.count { ends[index] &+= ends[index &- 1] }
    let blank = GraphRow(span: 0, parent: 0, start: 0, nanoseconds: 0, node: 0, callee: 0, weight: 0, trace: 0, flags: 0)
    if rows.count < ends[codes.count] { rows.append(contentsOf: repeatElement(blank, count: ends[codes.count] - rows.count)) }
    for (task, part) in found.enumerated() {
      for index in part.shares[share].indices {
        var row = part.shares[share][index]
        let slot = Int(row.trace) &- codes.lowerBound
        row.node = names.services[task][Int(row.node)]
        row.service = names.plain[Int(row.node)]
        row.callee = names.callees[task][Int(row.callee)]
        // What begins as the place of a trace's first row ends as the place behind its last.
        rows[ends[slot]] = row
        ends[slot] &+= 1
      }
    }
  }

  // MARK: One trace

  private mutating func count(_ range: Range<Int>) {
    var flags: UInt16 = 0
    var common = UInt16.max
    for index in range {
      flags |= rows[index].flags
      common &= rows[index].flags
    }
    guard flags & GraphRow.counted != 0 else { return }
    tallies.traceCount += 1
    // Most traces came whole and in one form.
    if flags & GraphRow.partial != 0 || (flags ^ common) & GraphRow.preferred != 0 { dropSuperseded(range) }
    findParents(range)
    if flags & GraphRow.inner != 0 { inherit(range) }
    for index in range where isEntry(index, range) {
      rows[index].flags |= GraphRow.isEntry
      let parent = parents[index &- range.lowerBound]
      if parent >= 0 { markAnswered(parent, range) }
    }
    let asked = GraphRow.counted | GraphRow.partial | GraphRow.dropped
    for index in range {
      let flags = rows[index].flags
      guard flags & asked == GraphRow.counted, flags & (GraphRow.isEntry | GraphRow.call) != 0 else { continue }
      add(index, range)
    }
  }

  /// A span that was sent while it ran and again when it was done is one span, and so is one that came in two forms.
  private mutating func dropSuperseded(_ range: Range<Int>) {
    var best: [UInt64: UInt8] = [:]
    for index in range { best[rows[index].span] = max(best[rows[index].span] ?? 0, rows[index].rank) }
    var running: Set<UInt64> = []
    for index in range {
      let row = rows[index]
      let isFirst = row.rank > 0 || running.insert(row.span).inserted
      if row.rank < best[row.span] ?? 0 || !isFirst { rows[index].flags |= GraphRow.dropped }
    }
  }

  private mutating func findParents(_ range: Range<Int>) {
    parents.removeAll(keepingCapacity: true)
    ids.removeAll(keepingCapacity: true)
    // No span has the id 0: a dropped row is nobody's parent.
    for index in range { ids.append(rows[index].has(GraphRow.dropped) ? 0 : rows[index].span) }
    if range.count > Self.shortCountMax { fillSlots() }
    for index in range {
      let wanted = rows[index].parent
      if wanted == 0 {
        parents.append(Self.noParent)
      } else if wanted == rows[index].span {
        parents.append(Self.missing)
      } else if range.count > Self.shortCountMax {
        parents.append(lookUp(wanted))
      } else {
        var place = 0
        while place < ids.count, ids[place] != wanted { place &+= 1 }
        parents.append(place < ids.count ? Int32(truncatingIfNeeded: place) : Self.missing)
      }
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

  private mutating func fillSlots() {
    var count = 128
    while count < ids.count * 2 { count *= 2 }
    slots.removeAll(keepingCapacity: true)
    slots.append(contentsOf: repeatElement(-1, count: count))
    for (place, id) in ids.enumerated() where id != 0 {
      var slot = Int(truncatingIfNeeded: CodeTable.scatter(id)) & (count - 1)
      while slots[slot] >= 0, ids[Int(slots[slot])] != id { slot = (slot + 1) & (count - 1) }
      if slots[slot] < 0 { slots[slot] = Int32(truncatingIfNeeded: place) }
    }
  }

  private func lookUp(_ span: UInt64) -> Int32 {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: CodeTable.scatter(span)) & mask
    while slots[slot] >= 0 {
      if ids[Int(slots[slot])] == span { return slots[slot] }
      slot = (slot + 1) & mask
    }
    return Self.missing
  }

  /// A service's account of a request: one that says so, the first span of a trace, or the first of a service inside another's.
  @inline(__always)
  private func isEntry(_ index: Int, _ range: Range<Int>) -> Bool {
    let flags = rows[index].flags
    if flags & (GraphRow.dropped | GraphRow.inner) != 0 { return false }
    let parent = parents[index &- range.lowerBound]
    if parent == Self.noParent { return true }
    if parent == Self.missing { return flags & GraphRow.entry != 0 }
    let above = range.lowerBound &+ Int(parent)
    if rows[above].service != rows[index].service { return true }
    // Spans of a server inside one of the same server are layers of one request.
    return flags & GraphRow.entry != 0 && rows[above].has(GraphRow.call)
  }

  /// The calls above an entry were answered: what they went to is no inferred service. Messages still went through their queue.
  private mutating func markAnswered(_ parent: Int32, _ range: Range<Int>) {
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
    if row.has(GraphRow.isEntry) {
      tallies.own.add(row, UInt64(row.node), granularity)
      let isLinked = !senders.isEmpty && addSenders(of: row)
      addCaller(of: row, place, range, isLinked: isLinked)
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

  /// A linked entry without a parent has its senders for callers, and none outside.
  private mutating func addCaller(of row: GraphRow, _ place: Int32, _ range: Range<Int>, isLinked: Bool) {
    if place >= 0 {
      let caller = rows[range.lowerBound &+ Int(place)]
      if caller.has(GraphRow.queued), caller.has(GraphRow.call), caller.callee != 0 {
        addQueued(row, from: caller.callee, isQueue: true, sent: caller.end)
        return
      }
      let key = UInt64(caller.node) << 32 | UInt64(row.node)
      tallies.edges.add(caller.has(GraphRow.call) ? caller : row, key, granularity)
      if caller.callee != 0, caller.callee != row.node { addAlias(caller.callee, key) }
    } else if isLinked {
      return
    } else if row.has(GraphRow.queued), row.callee != 0 {
      addQueued(row, from: row.callee, isQueue: true, sent: nil)
    } else if place == Self.noParent {
      tallies.roots.insert(row.node)
      tallies.edges.add(row, UInt64(row.node), granularity)
    }
  }

  /// Counts an entry once for each queue or service that its links lead to, and how long each message waited; false where none does.
  private mutating func addSenders(of row: GraphRow) -> Bool {
    var counted: [UInt32] = []
    for sender in senders where sender.span == row.span {
      addQueued(row, from: sender.node, isQueue: sender.isQueue, sent: sender.end, counts: !counted.contains(sender.node))
      if counted.count < 1_000 { counted.append(sender.node) }
    }
    return !counted.isEmpty
  }

  private mutating func addQueued(_ row: GraphRow, from source: UInt32, isQueue: Bool, sent: Int64?, counts: Bool = true) {
    let key = GraphTallies.queuedBit | UInt64(source) << 32 | UInt64(row.node)
    if counts { tallies.edges.add(row, key, granularity) }
    if let sent {
      let age = row.start.subtractingReportingOverflow(sent)
      let place = tallies.edges.place(key)
      if !age.overflow { tallies.edges.parts[place].ages.add(Double(max(age.partialValue, 0)) / 1e9, Int64(row.weight)) }
    }
    if isQueue { _ = tallies.inferred.place(UInt64(source)) }
  }

  private mutating func addAlias(_ alias: UInt32, _ key: UInt64) {
    let place = tallies.edges.place(key)
    let known = tallies.edges.parts[place].aliases
    guard !known.contains(alias), known.count < GraphTallies.aliasCountMax else { return }
    tallies.edges.parts[place].aliases.append(alias)
  }
}
