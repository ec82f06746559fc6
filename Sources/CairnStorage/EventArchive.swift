// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import CairnColumns
internal import CairnFormats
public import CairnPlan
internal import Dispatch
internal import Synchronization

/// The embedded store: a head in memory with its journal on disk, and sealed segments.
///
/// ```
/// accept:  inflate > scrub > pack > [ decode into the head > frame to the journal's buffer ] > commit: wait for the sync > acknowledge
/// seal:    full head > sorted columns > segment file > its journal is dropped
/// merge:   small segments > one segment > the small ones are dropped
/// read:    snapshot = segments + full heads + the open head as it is now
/// ```
/// What stands in brackets happens under the head's lock, so that frames lie in the journal in the order of decoding and a journal
/// holds exactly what its head holds. A segment names the journals and the segments that it makes superfluous; a start needs no
/// other list. Any thread may call.
public final class EventArchive: IngestStore {
  /// A full head that is on its way to disk.
  struct Sealing {
    let head: Head
    let rowCount: Int
    let byteCount: Int
    let fullSinceNanoseconds = monotonicNanoseconds()
    var piece: HeadPiece?
    /// The number of the segment that it and those behind it become, once a seal began.
    var segment: UInt64?

    init(_ head: Head) {
      self.head = head
      (rowCount, byteCount) = head.open.withLock { ($0.batch.rowCount, $0.batch.byteCount) }
    }
  }

  struct State {
    var head: Head
    var headStartedNanoseconds: Int64
    var sealing: [Sealing] = []
    var sealingByteCount: Int { sealing.reduce(0) { $0 + $1.byteCount } }
    var segments: [SegmentPiece] = []
    var nextSegment: UInt64
    var nextJournal: UInt64
    /// The number that a failed merge left unused.
    var spareSegment: UInt64?
    /// Journals whose events are in segments and whose files may still be there.
    var coveredJournals: Set<UInt64> = []
    /// The journal whose identities are in a file.
    var identityJournal: UInt64?
    var backlogWaiters: [CheckedContinuation<Void, Never>] = []
    /// Why ingest is refused for now, or nil.
    var refusal: String?
    var sealFailure: String?
    var lastAcceptNanoseconds: Int64 = 0
    var isClosed = false
    /// Segments that a merge found damaged: they stay as they are.
    var unmergeable: Set<UInt64> = []
    /// The rows of the open head that a reader saw.
    var snapshot: HeadSnapshot?
    var seals = DurationHistogram()
    var merges = DurationHistogram()
    var refusedCounts: [RefusalCause: Int] = [:]
  }

  let settings: ArchiveSettings
  let files: any FileSystem
  let decoders: [RequestFormat: RequestDecoder]
  let scrub: RequestScrubber
  let journal: JournalWriter
  let cache: ColumnCache
  /// What was found damaged.
  public let damage = DamageLog()
  let state: Mutex<State>
  let retentions = Mutex<[DatasetRetention.Key: Int]>([:])
  let sealQueue = DispatchQueue(label: "cairn.seal")
  let mergeQueue = DispatchQueue(label: "cairn.merge")
  private let workspaces = WorkspacePool()
  let inFlightByteCount = Atomic<Int>(0)
  /// When seals are given up, by the monotonic clock.
  let sealDeadline = Atomic<Int64>(.max)
  private let wallClock: @Sendable () -> Int64

  /// Opens the folder: takes its lock, opens the segments, replays the journals.
  ///
  /// Damage never keeps it from opening; it is in `damage`. Throws where the folder is in use or cannot be read or written at all.
  public init(
    files: any FileSystem, settings: ArchiveSettings, decoders: [RequestFormat: RequestDecoder],
    scrub: @escaping RequestScrubber = { _, _ in nil }, wallClock: @escaping @Sendable () -> Int64 = wallClockUnixNanoseconds
  ) throws(StorageError) {
    self.files = files
    self.settings = settings
    self.decoders = decoders
    self.scrub = scrub
    self.wallClock = wallClock
    journal = JournalWriter(files: files)
    cache = ColumnCache(byteCountMax: settings.cacheByteCountMax)
    let recovery = Recovery(files: files, settings: settings, decoders: decoders, cache: cache, damage: damage)
    let recovered = try recovery.run()
    var state = State(
      head: Head(journalNumber: recovered.nextJournal, identities: recovered.takeIdentities()),
      headStartedNanoseconds: monotonicNanoseconds(), nextSegment: recovered.nextSegment, nextJournal: recovered.nextJournal + 1)
    state.segments = recovered.segments
    state.coveredJournals = recovered.coveredJournals
    state.identityJournal = recovered.identityJournal
    state.sealing = recovered.heads.map { Sealing($0) }
    self.state = Mutex(state)
    if !recovered.heads.isEmpty { sealQueue.async { self.sealAll(.now) } }
  }

  // MARK: The way in

  public func accept(_ header: RequestHeader, body: RawSpan) throws(IngestError) -> IngestOutcome {
    try checkAccepting()
    guard let decoder = decoders[header.format] else { throw .unsupported(reason: "no decoder for this kind of body") }
    guard body.byteCount <= settings.bodyByteCountMax else { throw .tooLarge(limitBytes: settings.bodyByteCountMax) }
    let workspace = workspaces.take()
    defer { workspaces.give(back: workspace) }
    if header.encoding == .identity {
      try admit(body.byteCount)
      defer { inFlightByteCount.wrappingSubtract(body.byteCount, ordering: .relaxed) }
      if let scrubbed = scrub(header, body) { return try accept(scrubbed, for: header, workspace) }
      return try workspace.withPacked(body) { (packed) throws(IngestError) in
        try append(header, body, packed: packed, .zstd, decoder)
      }
    }
    return try workspace.withInflated(body, header.encoding, limitBytes: settings.bodyByteCountMax) { (plain) throws(IngestError) in
      try admit(plain.byteCount)
      defer { inFlightByteCount.wrappingSubtract(plain.byteCount, ordering: .relaxed) }
      if let scrubbed = scrub(header, plain) { return try accept(scrubbed, for: header, workspace) }
      return try append(header, plain, packed: body, .asReceived, decoder)
    }
  }

  /// Takes in what is left of a body, as if it had come like that, unpacked.
  private func accept(_ scrubbed: ScrubbedRequest, for header: RequestHeader, _ workspace: Workspace) throws(IngestError) -> IngestOutcome {
    var header = header
    header.format = scrubbed.format
    header.encoding = .identity
    guard let decoder = decoders[header.format] else { throw .unsupported(reason: "no decoder for this kind of body") }
    let plain = unsafe scrubbed.body.span.bytes
    return try workspace.withPacked(plain) { (packed) throws(IngestError) in
      try append(header, plain, packed: packed, .zstd, decoder)
    }
  }

  /// Counts the bytes in; whoever is admitted counts them out again.
  private func admit(_ byteCount: Int) throws(IngestError) {
    let inFlight = inFlightByteCount.wrappingAdd(byteCount, ordering: .relaxed).newValue
    guard inFlight <= settings.inFlightByteCountMax else {
      inFlightByteCount.wrappingSubtract(byteCount, ordering: .relaxed)
      throw refused(.inFlight, "too many bytes are being taken in at once", retryAfterSeconds: 1)
    }
  }

  private func checkAccepting() throws(IngestError) {
    let (refusal, isClosed, backlog) = state.withLock { ($0.refusal, $0.isClosed, $0.sealingByteCount) }
    if let refusal { throw refused(.disk, refusal, retryAfterSeconds: 5) }
    if isClosed { throw refused(.closed, "Cairn is shutting down", retryAfterSeconds: 5) }
    if let failure = journal.failure { throw refused(.journal, failure, retryAfterSeconds: 30) }
    if backlog >= settings.sealingByteCountMax {
      throw refused(.backlog, "events come in faster than they can be written", retryAfterSeconds: 1)
    }
  }

  private func refused(_ cause: RefusalCause, _ reason: String, retryAfterSeconds: Int) -> IngestError {
    state.withLock { $0.refusedCounts[cause, default: 0] += 1 }
    return .unavailable(reason: reason, retryAfterSeconds: retryAfterSeconds)
  }

  private func append(
    _ header: RequestHeader, _ plain: RawSpan, packed: RawSpan, _ packing: JournalFrame.Packing, _ decoder: RequestDecoder
  ) throws(IngestError) -> IngestOutcome {
    let context = settings.context(header)
    while true {
      let head = state.withLock { (state) in
        state.lastAcceptNanoseconds = monotonicNanoseconds()
        return state.head
      }
      let attempt = try head.open.withLock { (open) throws(IngestError) -> Attempt in
        guard !open.isClosed else { return .closed }
        let decoded = try decode(plain, context, decoder, &open.batch)
        guard let (verdict, datasets) = decoded else {
          open.isClosed = true
          return .outOfColumns
        }
        let position = journal.append(
          header, packing: packing, plainByteCount: plain.byteCount, body: packed, journal: head.journalNumber)
        open.acceptedByteCount += plain.byteCount
        open.isClosed = open.batch.rowCount >= settings.headRowCountMax || isLarge(&open)
        let outcome = IngestOutcome(
          acceptedCount: verdict.acceptedCount, rejectedCount: verdict.rejectedCount,
          rejectionReason: verdict.rejectionReason?.text ?? "", datasets: datasets, journalPosition: position)
        return .taken(outcome, isFull: open.isClosed)
      }
      switch attempt {
      case .taken(let outcome, let isFull):
        if isFull { turn(from: head) }
        return outcome
      case .outOfColumns: turn(from: head)
      case .closed: try checkAccepting()
      }
    }
  }

  /// What came of trying to put a request into a head.
  private enum Attempt {
    case taken(IngestOutcome, isFull: Bool)
    /// The head's columns are used up, by others: the next head has room.
    case outOfColumns
    /// The head was full, or the store was closed, before the lock was had.
    case closed
  }

  /// The batch's own count of bytes costs a walk over its columns, so it is asked for once in 4 MiB.
  private func isLarge(_ open: inout OpenBatch) -> Bool {
    guard open.acceptedByteCount >= open.nextMeasureByteCount else { return false }
    open.nextMeasureByteCount = open.acceptedByteCount + (4 << 20)
    return open.batch.byteCount >= settings.headByteCountMax
  }

  /// Nil, and nothing changed, where the batch has too many columns for this body though an empty one would not.
  private func decode(
    _ plain: RawSpan, _ context: IntakeContext, _ decoder: RequestDecoder, _ batch: inout Batch
  ) throws(IngestError) -> (IntakeVerdict, [IngestOutcome.DatasetCount])? {
    let mark = batch.mark
    let firstRow = batch.rowCount
    let isFresh = batch.columnCount < settings.headColumnCountFresh
    do throws(DecodeError) {
      let verdict = try decoder(plain, context, &batch)
      batch.identities.keep()
      return (verdict, Self.datasets(batch, from: firstRow))
    } catch {
      batch.rollBack(to: mark)
      if error.reason == .tooManyFields, !isFresh { return nil }
      throw .malformed(reason: error.message)
    }
  }

  /// Events by dataset among the rows from `firstRow` on.
  private static func datasets(_ batch: borrowing Batch, from firstRow: Int) -> [IngestOutcome.DatasetCount] {
    var counts: [(code: UInt32, count: Int)] = []
    var places: [UInt32: Int] = [:]
    var place = 0
    for row in firstRow..<batch.rowCount {
      let code = batch.groupDatasets[Int(batch.rowGroups[row])]
      if counts.isEmpty || counts[place].code != code {
        place = places[code] ?? counts.count
        if place == counts.count {
          places[code] = place
          counts.append((code, 0))
        }
      }
      counts[place].count += 1
    }
    return counts.map { (code, count) in
      let name = batch.datasets.text(Int(code))
      let own = name.utf8.firstIndex(of: 0).map { String(name[name.utf8.index(after: $0)...]) }
      return IngestOutcome.DatasetCount(name: own ?? "", eventCount: count)
    }
  }

  public func commit(_ outcome: IngestOutcome) async throws(IngestError) {
    if let failure = await journal.commit(outcome.journalPosition) {
      state.withLock { $0.refusedCounts[.journal, default: 0] += 1 }
      throw failure
    }
    await waitForBacklog()
  }

  /// Slows the clients down, by the delay of their acknowledgements, while full heads pile up.
  private func waitForBacklog() async {
    guard state.withLock({ $0.sealingByteCount >= settings.sealingByteCountSlow && !$0.isClosed }) else { return }
    await withCheckedContinuation { (continuation) in
      let isFree = state.withLock { (state) in
        if state.sealingByteCount < settings.sealingByteCountSlow || state.isClosed || state.sealFailure != nil { return true }
        state.backlogWaiters.append(continuation)
        return false
      }
      if isFree { continuation.resume() }
    }
  }

  // MARK: Heads

  /// Puts a new head in the place of a full one and has the full one sealed.
  func turn(from full: Head) {
    var sizes = BatchSizes()
    let identities = full.open.withLock { (open) in
      // A head that was turned early says little of the next one.
      if open.batch.rowCount >= settings.headRowCountMax / 2 { sizes = open.batch.sizes }
      return open.handOverIdentities()
    }
    let number = state.withLock { (state) in
      state.nextJournal += 1
      return state.nextJournal - 1
    }
    let next = Head(journalNumber: number, identities: identities, like: sizes)
    let sealing = Sealing(full)
    state.withLock { (state) in
      guard state.head === full else { return }
      state.sealing.append(sealing)
      state.head = next
      state.headStartedNanoseconds = monotonicNanoseconds()
      state.snapshot = nil
    }
    sealQueue.async { self.sealAll(.whenWorthwhile) }
  }

  // MARK: The way out

  /// All events that were accepted before the call, each once: an unchanging view.
  public func snapshot() -> [any Piece] {
    var (segments, sealing, head, known) = state.withLock { ($0.segments, $0.sealing, $0.head, $0.snapshot) }
    for index in sealing.indices where sealing[index].piece == nil { sealing[index].piece = finalPiece(sealing[index].head) }
    var pieces: [any Piece] = segments
    pieces.append(contentsOf: sealing.compactMap(\.piece))
    var snapshot = known?.head === head ? known : nil
    if snapshot == nil { snapshot = HeadSnapshot(head) }
    if snapshot?.update() == true {
      known = snapshot
      state.withLock { (state) in if state.head === head { state.snapshot = known } }
    }
    pieces.append(contentsOf: snapshot?.pieces ?? [])
    return pieces
  }

  /// The piece of a full head, made once and shared by readers and the seal.
  func finalPiece(_ head: Head) -> HeadPiece {
    if let known = state.withLock({ $0.sealing.first { $0.head === head }?.piece }) { return known }
    let made = HeadPiece(head)
    return state.withLock { (state) in
      guard let index = state.sealing.firstIndex(where: { $0.head === head }) else { return made }
      if let known = state.sealing[index].piece { return known }
      state.sealing[index].piece = made
      return made
    }
  }

  /// The wall clock that this store goes by.
  var nowUnixNanoseconds: Int64 { wallClock() }
}
