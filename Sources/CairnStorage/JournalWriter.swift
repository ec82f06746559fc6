// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnPlan
internal import Dispatch
internal import Synchronization

/// Writes frames to journal files and syncs them by group commit: one sync serves every request that waits for it.
///
/// `append` only adds to a buffer; `commit` waits for the sync that covers it. One flush at a time runs on a queue of its own, because
/// a thread that blocks in `fdatasync` must not be one of those that serve requests. After a failed write the frames concerned are
/// refused, the file is cut back to what was synced and they are written again with the next; after a failed sync nothing of the file is ever acknowledged again, because
/// what reached the disk is unknown.
final class JournalWriter: Sendable {
  private struct Waiter {
    var position: UInt64
    var continuation: CheckedContinuation<IngestError?, Never>
  }

  private struct Chunk {
    var journalNumber: UInt64
    var bytes: [UInt8]
  }

  private struct State {
    var pending: [Chunk] = []
    /// Frames of a failed write. Their requests were refused, but their events are in the head, so they go out with the next write:
    /// a journal holds what its head holds.
    var retained: [Chunk] = []
    /// Frames appended and frames known to be on disk; positions count frames.
    var appended: UInt64 = 0
    var synced: UInt64 = 0
    /// Positions whose flush failed; neighbours joined.
    var refused: [(positions: ClosedRange<UInt64>, error: IngestError)] = []
    /// Up to here it is no longer known which positions were refused: whoever asks that late is refused.
    var forgottenTo: UInt64 = 0
    var waiters: [Waiter] = []
    var isFlushing = false
    /// Set once a sync failed: nothing more is accepted until a restart.
    var failure: String?
    var openFile: (number: UInt64, file: any StoredFile, syncedByteCount: Int)?
    /// The open file has room on the disk up to here.
    var reservedByteCount = 0
    var syncs = DurationHistogram()
    var byteCount = 0
  }

  private let files: any FileSystem
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "cairn.journal")

  init(files: any FileSystem) { self.files = files }

  static func path(_ number: UInt64) -> String { "journal/" + padded(number) + ".journal" }

  /// Buffers one request; the position is what `commit` waits for. Cheap: called under the head's lock, so that the order of frames is
  /// the order of decoding.
  func append(
    _ header: RequestHeader, packing: JournalFrame.Packing, plainByteCount: Int, body: RawSpan, journal: UInt64
  ) -> UInt64 {
    state.withLock { (state) in
      if state.pending.last?.journalNumber != journal { state.pending.append(Chunk(journalNumber: journal, bytes: [])) }
      JournalFrame.append(
        header, packing: packing, plainByteCount: plainByteCount, body: body, journal: journal,
        to: &state.pending[state.pending.count - 1].bytes)
      state.appended += 1
      return state.appended
    }
  }

  /// Returns nil once the frame at `position` is on disk, or why it never will be.
  func commit(_ position: UInt64) async -> IngestError? {
    await withCheckedContinuation { (continuation) in
      let (answer, mustFlush) = state.withLock { (state) -> (IngestError??, Bool) in
        if let refusal = state.refused.last(where: { $0.positions.contains(position) }) { return (.some(refusal.error), false) }
        if position <= state.forgottenTo {
          return (.some(.unavailable(reason: "the journal failed", retryAfterSeconds: 5)), false)
        }
        if state.synced >= position { return (.some(nil), false) }
        state.waiters.append(Waiter(position: position, continuation: continuation))
        guard !state.isFlushing else { return (nil, false) }
        state.isFlushing = true
        return (nil, true)
      }
      if let answer { continuation.resume(returning: answer) }
      if mustFlush { queue.async { self.flushAll() } }
    }
  }

  /// Why nothing can be written any more, or nil.
  var failure: String? { state.withLock { $0.failure } }

  /// The time of the syncs so far, the bytes that they covered, and how many requests wait for one.
  var statistics: (syncs: DurationHistogram, byteCount: Int, waiterCount: Int) {
    state.withLock { ($0.syncs, $0.byteCount, $0.waiters.count) }
  }

  /// Writes and syncs everything that was appended before the call, whoever waits for it.
  func flush() { queue.sync { flushAll() } }

  /// Forgets a journal whose events are sealed: nothing is written to it any more.
  func close(journal number: UInt64) {
    state.withLock { (state) in
      if state.openFile?.number == number { state.openFile = nil }
      state.retained.removeAll { $0.journalNumber == number }
    }
  }

  private func flushAll() {
    while true {
      let work = state.withLock { (state) -> (chunks: [Chunk], upTo: UInt64)? in
        guard !state.pending.isEmpty else {
          state.isFlushing = false
          return nil
        }
        var chunks = state.retained
        for chunk in state.pending {
          if chunks.last?.journalNumber == chunk.journalNumber {
            chunks[chunks.count - 1].bytes.append(contentsOf: chunk.bytes)
          } else {
            chunks.append(chunk)
          }
        }
        state.retained = []
        state.pending = []
        return (chunks, state.appended)
      }
      guard let work else { return }
      let started = monotonicNanoseconds()
      let failure = write(work.chunks)
      finish(
        upTo: work.upTo, failure, byteCount: work.chunks.reduce(0) { $0 + $1.bytes.count },
        nanoseconds: monotonicNanoseconds() - started)
    }
  }

  private func finish(upTo position: UInt64, _ failure: IngestError?, byteCount: Int, nanoseconds: Int64) {
    let done = state.withLock { (state) -> [(CheckedContinuation<IngestError?, Never>, IngestError?)] in
      if let failure, state.synced < position { Self.refuse(state.synced + 1...position, failure, &state) }
      state.synced = position
      state.syncs.add(nanoseconds: nanoseconds)
      state.byteCount += byteCount
      let ready = state.waiters.filter { $0.position <= position }
      state.waiters.removeAll { $0.position <= position }
      return ready.map { ($0.continuation, failure) }
    }
    for (continuation, error) in done { continuation.resume(returning: error) }
  }

  private static let refusedCountMax = 64

  private static func refuse(_ positions: ClosedRange<UInt64>, _ error: IngestError, _ state: inout State) {
    if let last = state.refused.last, last.positions.upperBound + 1 == positions.lowerBound {
      state.refused[state.refused.count - 1] = (last.positions.lowerBound...positions.upperBound, error)
    } else {
      state.refused.append((positions, error))
    }
    if state.refused.count > refusedCountMax { state.forgottenTo = state.refused.removeFirst().positions.upperBound }
  }

  /// Appends the chunks to their files and syncs each; returns why not. What was not written is kept for the next time, unless the
  /// journal failed for good.
  private func write(_ chunks: [Chunk]) -> IngestError? {
    if let reason = failure { return .unavailable(reason: reason, retryAfterSeconds: 30) }
    for (index, chunk) in chunks.enumerated() {
      do throws(StorageError) {
        try write(chunk)
      } catch {
        state.withLock { (state) in if state.failure == nil { state.retained = Array(chunks[index...]) } }
        return .unavailable(reason: error.message, retryAfterSeconds: error.isDiskFull ? 5 : 30)
      }
    }
    return nil
  }

  private func write(_ chunk: Chunk) throws(StorageError) {
    let (file, syncedByteCount) = try file(for: chunk.journalNumber)
    reserve(file, syncedByteCount, chunk.bytes.count)
    do throws(StorageError) {
      try unsafe file.append(chunk.bytes.span.bytes)
    } catch {
      // What was not synced was not acknowledged: cut it off, so that a later frame follows a whole one.
      state.withLock { $0.reservedByteCount = syncedByteCount }
      do throws(StorageError) { try file.truncate(to: syncedByteCount) } catch { poison(error.message) }
      throw error
    }
    try sync(file.sync)
    state.withLock { (state) in
      if state.openFile?.number == chunk.journalNumber { state.openFile?.syncedByteCount += chunk.bytes.count }
    }
  }

  /// Where the blocks are there already, a sync has less to write than the file's map of them as well: a quarter of its time, and of its
  /// CPU (benchmark: `bench.py small:8`).
  private func reserve(_ file: any StoredFile, _ syncedByteCount: Int, _ byteCount: Int) {
    let reserved = state.withLock { $0.reservedByteCount }
    guard syncedByteCount + byteCount > reserved else { return }
    let wanted = syncedByteCount + byteCount + Self.reservedByteCountStep
    file.reserve(from: syncedByteCount, to: wanted)
    state.withLock { $0.reservedByteCount = wanted }
  }

  private static let reservedByteCountStep = 1 << 20

  /// After a failed sync it is unknown what reached the disk, and a second one that succeeds proves nothing.
  private func sync(_ body: () throws(StorageError) -> Void) throws(StorageError) {
    do throws(StorageError) {
      try body()
    } catch {
      poison(error.message)
      throw error
    }
  }

  private func poison(_ reason: String) {
    state.withLock { $0.failure = "the journal failed and takes no more until Cairn is restarted: \(reason)" }
  }

  /// The open file of this journal, made with its header if it is new.
  private func file(for number: UInt64) throws(StorageError) -> (any StoredFile, Int) {
    if let open = state.withLock({ $0.openFile }), open.number == number { return (open.file, open.syncedByteCount) }
    let file = try files.create(Self.path(number))
    let header = JournalHeader.bytes(number: number)
    try unsafe file.append(header.span.bytes)
    try sync(file.sync)
    try sync { () throws(StorageError) in try files.syncFolder("journal") }
    state.withLock { (state) in
      state.openFile = (number, file, header.count)
      state.reservedByteCount = header.count
    }
    return (file, header.count)
  }
}

/// A number as a file name that sorts.
func padded(_ number: UInt64) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, 12 - digits.utf8.count)) + digits
}
