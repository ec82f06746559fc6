// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
public import CairnPlan
internal import Dispatch
internal import Synchronization

/// What the store says of itself.
public struct ArchiveStatus: Sendable {
  public var eventCount = 0
  public var headEventCount = 0
  public var segmentCount = 0
  public var diskByteCount = 0
  public var memoryByteCount = 0
  /// Why ingest is refused, or nil.
  public var refusal: String?
  /// Why full heads cannot be written, or nil.
  public var sealFailure: String?
  /// Group commits of the journal, each a write and a sync.
  public var syncs = DurationHistogram()
  public var seals = DurationHistogram()
  public var merges = DurationHistogram()
  public var journalByteCount = 0
  /// Requests that wait for their sync.
  public var journalWaiterCount = 0
  /// Bytes of bodies, after inflation, that are being taken in.
  public var inFlightByteCount = 0
  /// Full heads that wait for their seal.
  public var sealingCount = 0
  public var cacheByteCount = 0
  /// Requests refused since the start, by cause.
  public var refusedCounts: [RefusalCause: Int] = [:]

  public var syncCount: Int { syncs.count }
  public var sealCount: Int { seals.count }
  public var mergeCount: Int { merges.count }
}

/// Why the store refuses a good request for now.
public enum RefusalCause: String, Sendable, Hashable, CaseIterable {
  /// Too little free disk, or the folder cannot be used.
  case disk
  /// A write or a sync of the journal failed.
  case journal
  /// Full heads wait for their seal.
  case backlog
  /// Too many bytes at once.
  case inFlight = "in_flight"
  case closed
}

extension EventArchive {
  private static let secondNanoseconds: Int64 = 1_000_000_000

  /// The figures of this moment.
  public func status() -> ArchiveStatus {
    var status = ArchiveStatus()
    let (head, sealing, segments) = state.withLock { (state) in
      status.refusal = state.refusal
      status.sealFailure = state.sealFailure
      status.seals = state.seals
      status.merges = state.merges
      status.refusedCounts = state.refusedCounts
      status.sealingCount = state.sealing.count
      return (state.head, state.sealing.map(\.head), state.segments)
    }
    for each in sealing + [head] {
      let (rowCount, byteCount) = each.open.withLock { ($0.batch.rowCount, $0.batch.byteCount) }
      status.headEventCount += rowCount
      status.memoryByteCount += byteCount
    }
    status.segmentCount = segments.count
    status.eventCount = status.headEventCount + segments.reduce(0) { $0 + $1.rowCount }
    status.diskByteCount = segments.reduce(0) { $0 + $1.byteCount }
    status.cacheByteCount = cache.byteCount
    status.memoryByteCount += status.cacheByteCount
    status.inFlightByteCount = inFlightByteCount.load(ordering: .relaxed)
    (status.syncs, status.journalByteCount, status.journalWaiterCount) = journal.statistics
    status.refusal = status.refusal ?? journal.failure
    return status
  }

  /// To be called about once a second: free space, old heads, waiting seals, idle merges and retention.
  public func tick() {
    checkDisk()
    let now = monotonicNanoseconds()
    let ageMax = settings.headAgeSecondsMax * Self.secondNanoseconds
    let (head, isOld, isIdle, oldest, hasFailed) = state.withLock { (state) in
      (
        state.head, now - state.headStartedNanoseconds > ageMax,
        now - state.lastAcceptNanoseconds > settings.mergeIdleSeconds * Self.secondNanoseconds,
        state.sealing.first?.fullSinceNanoseconds ?? now, state.sealFailure != nil
      )
    }
    if isOld || isIdle { sealOpenHead(head, atLeast: isOld ? 1 : settings.headRowCountMax / 64) }
    let isDue = isOld || isIdle || hasFailed || now - oldest > ageMax
    sealQueue.async { self.sealAll(isDue ? .now : .whenWorthwhile) }
    if isIdle { mergeQueue.async { self.mergeAtLeisure() } }
    mergeQueue.async { self.retain() }
  }

  /// Turns the head if it has enough rows to be worth a segment.
  private func sealOpenHead(_ head: Head, atLeast rowCount: Int) {
    let mustTurn = head.open.withLock { (open) in
      guard !open.isClosed, open.batch.rowCount >= max(1, rowCount) else { return false }
      open.isClosed = true
      return true
    }
    if mustTurn { turn(from: head) }
  }

  /// Refuses ingest while the disk is nearly full or cannot be asked, and takes it up again by itself.
  private func checkDisk() {
    var refusal: String?
    do throws(StorageError) {
      let free = try files.freeByteCount()
      if free < settings.diskReserveByteCount {
        refusal = "the disk is nearly full: \(free >> 20) MiB are free, \(settings.diskReserveByteCount >> 20) MiB are kept in reserve"
      }
    } catch {
      refusal = error.message
    }
    state.withLock { $0.refusal = refusal }
  }

  // MARK: Retention

  /// For each dataset the times before which its rows are dropped: its own days, where it has some, are those of its log records alone.
  ///
  /// The clock is the newest event's time plus a day where that is earlier than the wall clock: a clock that was set forward
  /// deletes nothing.
  func retentionCutoff() -> (DatasetRun) -> RetentionCutoff {
    let day: Int64 = 86_400 * Self.secondNanoseconds
    let newest = state.withLock { (state) in
      state.segments.reduce(Int64.min) { max($0, $1.runs.reduce(Int64.min) { max($0, $1.maximumUnixNanoseconds) }) }
    }
    let now = newest == .min ? nowUnixNanoseconds : min(nowUnixNanoseconds, newest.addingReportingOverflow(day).partialValue)
    let settings = settings
    let own = retentions.withLock { $0 }
    return { (run) in
      let days = settings.retentionDaysByDataset[run.dataset] ?? settings.retentionDays
      let lineDays = own[DatasetRetention.Key(environment: run.environment, dataset: run.dataset)] ?? days
      return RetentionCutoff(
        lines: ArchiveSettings.time(now, minusDays: lineDays), others: ArchiveSettings.time(now, minusDays: days))
    }
  }

  /// Drops segments whose rows are all too old, and rewrites those of which a quarter is. Runs on the merge queue only.
  func retain() {
    let cutoff = retentionCutoff()
    let segments = state.withLock { $0.isClosed ? [] : $0.segments }
    for segment in segments where !state.withLock(\.isClosed) {
      let expired = segment.runs.reduce(0) { $0 + segment.expiredRowCount(in: $1, cutoff($1)) }
      guard expired > 0 else { continue }
      if expired == segment.rowCount {
        state.withLock { (state) in state.segments.removeAll { $0 === segment } }
        cache.remove(segment: segment.id)
        try? remove([segment])
      } else if expired * 4 >= segment.rowCount, !state.withLock({ $0.unmergeable.contains(segment.id) }) {
        merge([segment])
      }
    }
  }

  /// Removes the files of segments that are no longer served. Their journals go first, as far as they are still there: without a segment
  /// that names it, a journal would be replayed at the next start.
  func remove(_ segments: [SegmentPiece]) throws(StorageError) {
    let isTheirs = { (number: UInt64) in segments.contains { $0.footer.journals.contains { $0.contains(number) } } }
    let (journals, identities) = state.withLock { (state) in
      let journals = state.coveredJournals.filter(isTheirs)
      let identities = state.identityJournal.flatMap { isTheirs($0) ? $0 : nil }
      state.coveredJournals.subtract(journals)
      if identities != nil { state.identityJournal = nil }
      return (journals, identities)
    }
    do throws(StorageError) {
      for number in journals.sorted() { try files.remove(JournalWriter.path(number)) }
      if let identities { try files.remove(IdentityFile.path(identities)) }
    } catch {
      state.withLock { $0.coveredJournals.formUnion(journals) }
      throw error
    }
    try files.syncFolder("journal")
    for segment in segments { try files.remove(segment.path) }
  }

  // MARK: The end

  /// Takes nothing more, writes what is in memory and returns. Further calls do nothing.
  ///
  /// Merges are given up at once, seals after `closeSecondsMax`: what is not in a segment by then is in its journal, from which the next
  /// start has it.
  public func close() {
    let head = state.withLock { (state) -> Head? in
      guard !state.isClosed else { return nil }
      state.isClosed = true
      Self.release(&state)
      return state.head
    }
    guard let head else { return }
    sealDeadline.store(monotonicNanoseconds() + settings.closeSecondsMax * Self.secondNanoseconds, ordering: .relaxed)
    let mustTurn = head.open.withLock { (open) in
      defer { open.isClosed = true }
      return !open.isClosed && open.batch.rowCount > 0
    }
    if mustTurn { turn(from: head) }
    mergeQueue.sync {}
    sealQueue.sync { self.sealAll(.now) }
  }

  /// False once a close has waited long enough.
  var isSealWanted: Bool { monotonicNanoseconds() < sealDeadline.load(ordering: .relaxed) }
}
