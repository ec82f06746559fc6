// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnPlan
internal import Dispatch
internal import Synchronization

extension EventArchive {
  /// Seals the full heads, oldest first. Runs on the seal queue only.
  func sealAll() {
    while let head = state.withLock({ $0.sealing.first?.head }) {
      do throws(StorageError) {
        try seal(head)
      } catch {
        // The head stays in memory and in its journal; the next tick tries again.
        state.withLock { (state) in
          state.sealFailure = error.message
          Self.release(&state)
        }
        return
      }
    }
    mergeIfWorthwhile()
  }

  private func seal(_ head: Head) throws(StorageError) {
    let started = monotonicNanoseconds()
    let piece = finalPiece(head)
    // The journal first: a start learns from it which requests are in the segment.
    journal.flush()
    let id = segmentID(for: head)
    var segment: SegmentPiece?
    if piece.rowCount > 0 {
      _ = try SegmentWriter.write(
        piece, id: id, journals: [head.journalNumber...head.journalNumber], replaced: [], effort: .quick, files: files)
      segment = try open(id)
    }
    state.withLock { (state) in
      state.sealing.removeAll { $0.head === head }
      if let segment { state.segments.append(segment) }
      state.sealFailure = nil
      state.seals.add(nanoseconds: monotonicNanoseconds() - started)
      Self.release(&state)
    }
    journal.close(journal: head.journalNumber)
    keepOnly(journal: head.journalNumber)
  }

  /// A seal that failed and is tried again writes to the same name, so that what the first left there is replaced: two segments with
  /// the same events would count twice after a restart.
  private func segmentID(for head: Head) -> UInt64 {
    state.withLock { (state) in
      let index = state.sealing.firstIndex { $0.head === head }
      if let index, let known = state.sealing[index].segment { return known }
      defer { state.nextSegment += 1 }
      if let index { state.sealing[index].segment = state.nextSegment }
      return state.nextSegment
    }
  }

  /// The journal sealed last stays for its identities: a start replays it to know what a client may send again. The one before goes.
  /// Where that fails, the next start does it.
  private func keepOnly(journal number: UInt64) {
    let former = state.withLock { (state) in
      defer { state.keptJournal = number }
      return state.keptJournal
    }
    if let former, former != number { try? files.remove(JournalWriter.path(former)) }
  }

  /// Lets go on who waited for the backlog.
  static func release(_ state: inout State) {
    let waiters = state.backlogWaiters
    state.backlogWaiters = []
    for waiter in waiters { waiter.resume() }
  }

  func open(_ id: UInt64) throws(StorageError) -> SegmentPiece {
    try SegmentPiece(try files.open(SegmentWriter.path(id)), cache: cache, damage: damage)
  }

  // MARK: Merging

  /// Starts a merge where enough small segments have come together.
  func mergeIfWorthwhile() {
    guard state.withLock({ !Self.mergeCandidates($0, settings, atLeast: settings.mergeCount).isEmpty }) else { return }
    mergeQueue.async { self.merge() }
  }

  /// Small segments to merge next, at least so many, or none.
  ///
  /// By size, and each no larger than those before it together: so a row is rewritten only when the segment it is in doubles, and not
  /// each time that a few rows come behind a large segment. Together they are not larger than a segment may be.
  static func mergeCandidates(_ state: State, _ settings: ArchiveSettings, atLeast least: Int) -> [SegmentPiece] {
    let small = state.segments.filter { $0.rowCount < settings.segmentRowCountSmall && !state.unmergeable.contains($0.id) }
      .sorted { $0.rowCount < $1.rowCount }
    for start in small.indices {
      var end = start
      var rowCount = 0
      while end < small.count, end == start || small[end].rowCount <= rowCount,
        rowCount + small[end].rowCount <= settings.segmentRowCountMax
      {
        rowCount += small[end].rowCount
        end += 1
      }
      if end - start >= least { return small[start..<end].sorted { $0.id < $1.id } }
    }
    return []
  }

  /// Merges small segments until there are too few. Runs on the merge queue only.
  func merge() {
    while true {
      let inputs = state.withLock { $0.isClosed ? [] : Self.mergeCandidates($0, settings, atLeast: settings.mergeCount) }
      guard !inputs.isEmpty, merge(inputs) else { return }
    }
  }

  /// Merges what is worth it now that there is time, and writes segments straight from a head anew, which were written in haste. Runs on
  /// the merge queue only.
  func mergeAtLeisure() {
    while true {
      let inputs = state.withLock { (state) -> [SegmentPiece] in
        guard !state.isClosed else { return [] }
        let found = Self.mergeCandidates(state, settings, atLeast: 2)
        if !found.isEmpty { return found }
        return state.segments.first { $0.footer.replaced.isEmpty && !state.unmergeable.contains($0.id) }.map { [$0] } ?? []
      }
      guard !inputs.isEmpty, merge(inputs) else { return }
    }
  }

  /// Writes the inputs' rows as one segment and puts it in their place; false where that did not work.
  @discardableResult
  func merge(_ inputs: [SegmentPiece]) -> Bool {
    let started = monotonicNanoseconds()
    let cutoff = retentionCutoff()
    do throws(StorageError) {
      let merger = try PieceMerger(inputs, cutoff: cutoff)
      // As with seals: a merge after a failed one writes to the failed one's name.
      let id = state.withLock { (state) in
        if let spare = state.spareSegment { return spare }
        defer { state.nextSegment += 1 }
        state.spareSegment = state.nextSegment
        return state.nextSegment
      }
      let replaced = inputs.flatMap { $0.footer.replaced + [$0.id] }
      _ = try SegmentWriter.write(
        merger, id: id, journals: Self.joined(inputs.flatMap(\.footer.journals)), replaced: replaced, effort: .thorough, files: files)
      let merged = try open(id)
      state.withLock { (state) in
        let gone = Set(inputs.map(\.id))
        let place = state.segments.firstIndex { gone.contains($0.id) } ?? state.segments.count
        state.segments.insert(merged, at: place)
        state.segments.removeAll { gone.contains($0.id) }
        state.spareSegment = nil
        state.merges.add(nanoseconds: monotonicNanoseconds() - started)
      }
      for input in inputs {
        cache.remove(segment: input.id)
        // Where that fails, the next start does it: the merged segment names what it replaced.
        try? files.remove(input.path)
      }
      return true
    } catch {
      guard case .damaged = error.reason else { return false }
      // Without the damaged one the others may be merged; nothing else is worth another attempt now.
      return state.withLock { (state) in
        let known = state.unmergeable.count
        for input in inputs where input.path == error.path { state.unmergeable.insert(input.id) }
        return state.unmergeable.count > known
      }
    }
  }

  /// Ranges in order, neighbours joined.
  static func joined(_ ranges: [ClosedRange<UInt64>]) -> [ClosedRange<UInt64>] {
    var found: [ClosedRange<UInt64>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = found.last, range.lowerBound <= last.upperBound + 1 {
        found[found.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        found.append(range)
      }
    }
    return found
  }
}
