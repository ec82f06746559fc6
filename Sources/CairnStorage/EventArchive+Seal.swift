// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnPlan
internal import Dispatch
internal import Synchronization

extension EventArchive {
  /// Which full heads are sealed.
  enum SealOccasion {
    /// Those that together make a segment of the wanted size.
    case whenWorthwhile
    /// All of them.
    case now
  }

  /// Seals full heads, oldest first. Runs on the seal queue only.
  func sealAll(_ occasion: SealOccasion) {
    while true {
      let group = state.withLock { Self.nextGroup($0, settings, occasion) }
      guard !group.isEmpty else { break }
      do throws(StorageError) {
        try seal(group)
      } catch {
        // The heads stay in memory and in their journals; a later tick tries again.
        state.withLock { (state) in
          state.sealFailure = error.message
          Self.release(&state)
        }
        return
      }
    }
    mergeIfWorthwhile()
  }

  /// The oldest full heads that together are large enough; fewer only where they must go now.
  ///
  /// A group that failed is tried again with at least the same heads, as its segment may be there already.
  static func nextGroup(_ state: State, _ settings: ArchiveSettings, _ occasion: SealOccasion) -> [Head] {
    var rowCount = 0
    var byteCount = 0
    for (index, sealing) in state.sealing.enumerated() {
      rowCount += sealing.rowCount
      byteCount += sealing.byteCount
      if rowCount >= settings.sealRowCount || byteCount >= settings.sealByteCount { return state.sealing[...index].map(\.head) }
    }
    return occasion == .now ? state.sealing.map(\.head) : []
  }

  /// Writes the heads as one segment.
  private func seal(_ heads: [Head]) throws(StorageError) {
    let started = monotonicNanoseconds()
    let group = HeadGroup(
      try heads.map { (head) throws(StorageError) in
        guard isSealWanted else { throw StorageError("seal", path: JournalWriter.path(head.journalNumber), .givenUp) }
        return finalPiece(head)
      })
    let numbers = heads.map(\.journalNumber)
    // The journals first: a start learns from them which requests are in the segment.
    journal.flush()
    let id = segmentID(for: heads)
    var segment: SegmentPiece?
    if group.rowCount > 0 {
      _ = try SegmentWriter.write(group, id: id, journals: Self.joined(numbers.map { $0...$0 }), replaced: [], files: files, isWanted: { isSealWanted })
      segment = try open(id)
    }
    state.withLock { (state) in
      state.sealing.removeAll { (sealing) in heads.contains { $0 === sealing.head } }
      if let segment { state.segments.append(segment) }
      state.sealFailure = nil
      state.seals.add(nanoseconds: monotonicNanoseconds() - started)
      Self.release(&state)
    }
    for number in numbers { journal.close(journal: number) }
    state.withLock { $0.coveredJournals.formUnion(numbers) }
    if keepIdentities(of: heads) { removeCoveredJournals() }
  }

  /// A seal that failed and is tried again writes to the same name, so that what the first left there is replaced: two segments with
  /// the same events would count twice after a restart.
  private func segmentID(for heads: [Head]) -> UInt64 {
    state.withLock { (state) in
      let index = state.sealing.firstIndex { $0.head === heads.first }
      if let index, let known = state.sealing[index].segment { return known }
      defer { state.nextSegment += 1 }
      if let index { state.sealing[index].segment = state.nextSegment }
      return state.nextSegment
    }
  }

  /// Writes down the identities of the newest of the heads that has events, for the next start; false where that fails: the journals
  /// then stay, and the next start replays the newest of them.
  private func keepIdentities(of heads: [Head]) -> Bool {
    guard let head = heads.last(where: { $0.open.withLock { $0.batch.rowCount } > 0 }) else { return true }
    do throws(StorageError) {
      try IdentityFile.write(head.open.withLock { $0.handedOver }, journal: head.journalNumber, files: files)
    } catch {
      return false
    }
    let former = state.withLock { (state) in
      defer { state.identityJournal = head.journalNumber }
      return state.identityJournal
    }
    if let former, former != head.journalNumber { try? files.remove(IdentityFile.path(former)) }
    return true
  }

  /// Removes journals that segments have made superfluous; where that fails, the next start does it.
  private func removeCoveredJournals() {
    let numbers = state.withLock { (state) in
      defer { state.coveredJournals = [] }
      return state.coveredJournals
    }
    for number in numbers.sorted() {
      do throws(StorageError) {
        try files.remove(JournalWriter.path(number))
      } catch {
        state.withLock { _ = $0.coveredJournals.insert(number) }
      }
    }
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
  /// By size, and each not much larger than those before it together: so a row is rewritten only when the segment it is in doubles, and
  /// not each time that a few rows come behind a large segment. Together they are not larger than a segment may be.
  static func mergeCandidates(_ state: State, _ settings: ArchiveSettings, atLeast least: Int) -> [SegmentPiece] {
    let small = state.segments.filter { $0.rowCount < settings.segmentRowCountSmall && !state.unmergeable.contains($0.id) }
      .sorted { $0.rowCount < $1.rowCount }
    for start in small.indices {
      var end = start
      var rowCount = 0
      while end < small.count, end == start || small[end].rowCount <= rowCount + rowCount / 4,
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

  /// Merges what is worth it now that there is time. Runs on the merge queue only.
  func mergeAtLeisure() {
    while true {
      let inputs = state.withLock { $0.isClosed ? [] : Self.mergeCandidates($0, settings, atLeast: 2) }
      guard !inputs.isEmpty, merge(inputs) else { return }
    }
  }

  /// Writes the inputs' rows as one segment and puts it in their place; false where that did not work.
  @discardableResult
  func merge(_ inputs: [SegmentPiece]) -> Bool {
    let started = monotonicNanoseconds()
    let cutoff = retentionCutoff()
    do throws(StorageError) {
      let merger = try PieceMerger(
        inputs, textByteCountMax: settings.segmentTextByteCountMax, textByteCountWhole: settings.mergeTextByteCountWhole, cutoff: cutoff)
      // As with seals: a merge after a failed one writes to the failed one's name.
      let id = state.withLock { (state) in
        if let spare = state.spareSegment { return spare }
        defer { state.nextSegment += 1 }
        state.spareSegment = state.nextSegment
        return state.nextSegment
      }
      let replaced = inputs.flatMap { $0.footer.replaced + [$0.id] }
      _ = try SegmentWriter.write(
        merger, id: id, journals: Self.joined(inputs.flatMap(\.footer.journals)), replaced: replaced, files: files,
        isWanted: { !state.withLock(\.isClosed) })
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
      switch error.reason {
      case .damaged, .tooLarge: break
      default: return false
      }
      // Without the damaged or large one the others may be merged; nothing else is worth another attempt now.
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
