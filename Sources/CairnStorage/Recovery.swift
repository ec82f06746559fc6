// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnPlan
internal import Synchronization

/// Opens a data folder: what the last process left, whole or not.
struct Recovery {
  let files: any FileSystem
  let settings: ArchiveSettings
  let decoders: [RequestFormat: RequestDecoder]
  let cache: ColumnCache
  let damage: DamageLog

  /// What was found.
  final class Result {
    var segments: [SegmentPiece] = []
    /// A head for each journal that was not sealed.
    var heads: [Head] = []
    var nextSegment: UInt64 = 1
    var nextJournal: UInt64 = 1

    /// The identities of the newest head, so that a request retried across the restart still counts once.
    func takeIdentities() -> IdentitySet {
      guard let last = heads.last else { return IdentitySet() }
      return last.open.withLock { $0.batch.takeIdentities() }
    }
  }

  func run() throws(StorageError) -> Result {
    try files.lock()
    for folder in ["journal", "segments", "quarantine"] { try files.makeFolder(folder) }
    let result = Result()
    try openSegments(result)
    try replayJournals(result)
    return result
  }

  // MARK: Segments

  private func openSegments(_ result: Result) throws(StorageError) {
    for name in try files.list("segments") {
      let path = "segments/" + name
      guard name.hasSuffix(".segment"), let id = UInt64(name.dropLast(8)) else {
        try files.remove(path)
        continue
      }
      result.nextSegment = max(result.nextSegment, id + 1)
      do throws(StorageError) {
        result.segments.append(try SegmentPiece(try files.open(path), cache: cache, damage: damage))
      } catch {
        try quarantine(path, name, error)
      }
    }
    let replaced = Set(result.segments.flatMap(\.footer.replaced))
    for segment in result.segments where replaced.contains(segment.id) { try files.remove(segment.path) }
    result.segments.removeAll { replaced.contains($0.id) }
  }

  private func quarantine(_ path: String, _ name: String, _ error: StorageError) throws(StorageError) {
    damage.report(file: path, offset: 0, rowCount: 0, reason: error.message + "; moved to quarantine/")
    try files.rename(path, to: "quarantine/" + name)
    try files.syncFolder("quarantine")
    try files.syncFolder("segments")
  }

  // MARK: Journals

  private func replayJournals(_ result: Result) throws(StorageError) {
    let sealed = result.segments.flatMap(\.footer.journals)
    for name in try files.list("journal") {
      let path = "journal/" + name
      guard name.hasSuffix(".journal"), let number = UInt64(name.dropLast(8)) else { continue }
      result.nextJournal = max(result.nextJournal, number + 1)
      if sealed.contains(where: { $0.contains(number) }) {
        try files.remove(path)
        continue
      }
      let head = Head(journalNumber: number, identities: result.takeIdentities())
      try replay(path, number, into: head)
      if head.open.withLock({ $0.batch.rowCount }) > 0 { result.heads.append(head) } else { try files.remove(path) }
    }
    for range in sealed { result.nextJournal = max(result.nextJournal, range.upperBound + 1) }
  }

  private func replay(_ path: String, _ number: UInt64, into head: Head) throws(StorageError) {
    let bytes: [UInt8]
    do throws(StorageError) {
      let file = try files.open(path)
      bytes = try file.read(at: 0, count: try file.byteCount())
    } catch {
      damage.report(file: path, offset: 0, rowCount: 0, reason: error.message)
      return
    }
    let frames = JournalFrames(bytes, number: number)
    let workspace = Workspace()
    head.open.withLock { (open) in
      open.isClosed = true
      frames.forEach { (frame, offset) in
        if let reason = replay(frame, workspace, &open.batch) {
          damage.report(file: path, offset: offset, rowCount: 0, reason: reason)
        }
      } onDamage: { (offset, reason) in
        damage.report(file: path, offset: offset, rowCount: 0, reason: reason)
      }
    }
  }

  /// Decodes a frame as it was decoded when it came; returns why not.
  private func replay(_ frame: JournalFrame, _ workspace: Workspace, _ batch: inout Batch) -> String? {
    guard let decoder = decoders[frame.header.format] else { return "a frame has a format that this version does not know" }
    let context = settings.context(frame.header)
    let encoding = frame.packing == .zstd ? RequestEncoding.zstd : frame.header.encoding
    let mark = batch.mark
    var batchError: String?
    do throws(IngestError) {
      // The body passed the limit when it came; the frame's own number bounds it now.
      let limit = frame.packing == .zstd ? frame.plainByteCount : settings.bodyByteCountMax
      try unsafe workspace.withInflated(frame.body.span.bytes, encoding, limitBytes: limit) { (plain) in
        do throws(DecodeError) {
          _ = try decoder(plain, context, &batch)
          batch.identities.keep()
        } catch {
          batch.rollBack(to: mark)
          batchError = error.message
        }
      }
    } catch {
      return "a frame does not unpack"
    }
    return batchError
  }
}

/// The frames of a journal's bytes, in order.
struct JournalFrames {
  private let bytes: [UInt8]
  private let number: UInt64

  init(_ bytes: [UInt8], number: UInt64) {
    self.bytes = bytes
    self.number = number
  }

  /// Visits every whole frame. Bytes that are none, with whole frames behind them, are damage; with none behind them they are the
  /// end of a write that was never acknowledged.
  func forEach(_ body: (JournalFrame, Int) -> Void, onDamage: (Int, String) -> Void) {
    var offset = JournalHeader.byteCount
    if JournalHeader.number(bytes) != number {
      if bytes.count >= JournalHeader.byteCount { onDamage(0, "the journal's header is damaged") }
    }
    var gapStart: Int?
    while offset < bytes.count {
      if let found = unsafe JournalFrame.parse(bytes.span.bytes, at: offset, journal: number) {
        if let start = gapStart { onDamage(start, "\(offset - start) bytes of the journal are damaged") }
        gapStart = nil
        body(found.frame, offset)
        offset += found.byteCount
      } else {
        gapStart = gapStart ?? offset
        offset = nextMagic(after: offset)
      }
    }
  }

  private func nextMagic(after offset: Int) -> Int {
    var position = offset + 1
    let first = UInt8(truncatingIfNeeded: JournalFrame.magic)
    while position + 4 <= bytes.count {
      if bytes[position] == first, unsafe loadHalf(bytes.span.bytes, position) == JournalFrame.magic { return position }
      position += 1
    }
    return bytes.count
  }
}
