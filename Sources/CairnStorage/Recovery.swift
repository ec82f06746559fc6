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
    /// Journals whose events are in segments and whose files are still there.
    var coveredJournals: Set<UInt64> = []
    /// The journal whose identities are in a file.
    var identityJournal: UInt64?
    /// What the newest journals held, so that a request retried across the restart still counts once.
    private var identities = IdentitySet()

    func takeIdentities() -> IdentitySet {
      var taken = IdentitySet()
      swap(&taken, &identities)
      return taken
    }

    /// Takes over what a file says, as of a head before the first.
    func keepIdentities(_ found: [UInt64]) {
      for identity in found { _ = identities.insert(identity) }
      identities.turn()
    }

    /// Takes over what a head knows. As while it is filled, only a head with events begins a generation.
    func keepIdentities(of head: Head) {
      head.open.withLock { (open) in
        if open.batch.rowCount > 0 {
          identities = open.handOverIdentities()
        } else {
          swap(&identities, &open.batch.identities)
        }
      }
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
      if name.hasSuffix(".writing") { try files.remove(path) }
      guard name.hasSuffix(".segment"), let id = UInt64(name.dropLast(8)), id < .max else { continue }
      result.nextSegment = max(result.nextSegment, id + 1)
      do throws(StorageError) {
        result.segments.append(try open(path, id))
      } catch {
        guard error.isLasting else { throw error }
        try quarantine(path, error)
      }
    }
    // A number that stands in quarantine is not given out again.
    for name in try files.list("quarantine") where name.hasSuffix(".segment") {
      if let id = UInt64(name.dropLast(8)), id < .max { result.nextSegment = max(result.nextSegment, id + 1) }
    }
    let replaced = Set(result.segments.flatMap(\.footer.replaced))
    for segment in result.segments where replaced.contains(segment.id) { try files.remove(segment.path) }
    result.segments.removeAll { replaced.contains($0.id) }
  }

  private func open(_ path: String, _ id: UInt64) throws(StorageError) -> SegmentPiece {
    let segment = try SegmentPiece(try files.open(path), cache: cache, damage: damage)
    guard segment.id == id, path == SegmentWriter.path(id) else {
      // Served under two names, its events would count twice.
      throw StorageError("read", path: path, .damaged("it is segment \(segment.id) under another name"))
    }
    return segment
  }

  private func quarantine(_ path: String, _ error: StorageError) throws(StorageError) {
    damage.report(file: path, offset: 0, rowCount: 0, reason: error.message + "; moved to quarantine/")
    try moveToQuarantine(path)
  }

  private func moveToQuarantine(_ path: String) throws(StorageError) {
    try files.rename(path, to: "quarantine" + path.drop { $0 != "/" })
    try files.syncFolder("quarantine")
    try files.syncFolder(String(path.prefix { $0 != "/" }))
  }

  // MARK: Journals

  private func replayJournals(_ result: Result) throws(StorageError) {
    let sealed = result.segments.flatMap(\.footer.journals)
    let names = try files.list("journal")
    try readIdentities(names, sealed, result)
    let numbers = names.compactMap { (name) in
      name.hasSuffix(".journal")
        ? UInt64(name.dropLast(8)).flatMap { JournalWriter.path($0) == "journal/" + name ? $0 : nil } : nil
    }
    // Of covered journals, one that is newer than the file of identities is read for its own: the last process ended between the two.
    let newest = numbers.last { (number) in sealed.contains { $0.contains(number) } }
    for number in numbers where number < .max {
      result.nextJournal = max(result.nextJournal, number + 1)
      let path = JournalWriter.path(number)
      let isSealed = sealed.contains { $0.contains(number) }
      if isSealed, number != newest || number <= result.identityJournal ?? 0 {
        try files.remove(path)
        continue
      }
      if isSealed { result.coveredJournals.insert(number) }
      guard let bytes = try read(path) else { continue }
      let head = Head(journalNumber: number, identities: result.takeIdentities())
      let faults = replay(bytes, number, into: head)
      let isEmpty = head.open.withLock { $0.batch.rowCount } == 0
      result.keepIdentities(of: head)
      if isSealed { continue }
      for fault in faults { damage.report(file: path, offset: fault.offset, rowCount: 0, reason: fault.reason) }
      if !isEmpty {
        result.heads.append(head)
        if !faults.isEmpty { keepCopy(path, bytes) }
      } else if faults.isEmpty {
        try files.remove(path)
      } else {
        try moveToQuarantine(path)
      }
    }
    for range in sealed where range.upperBound < .max { result.nextJournal = max(result.nextJournal, range.upperBound + 1) }
    for name in try files.list("quarantine") where name.hasSuffix(".journal") {
      if let number = UInt64(name.dropLast(8)), number < .max { result.nextJournal = max(result.nextJournal, number + 1) }
    }
  }

  /// Takes the identities of the newest file that belongs to a segment; other such files go.
  private func readIdentities(_ names: [String], _ sealed: [ClosedRange<UInt64>], _ result: Result) throws(StorageError) {
    for name in names where name.hasSuffix(".writing") { try files.remove("journal/" + name) }
    for number in names.compactMap({ IdentityFile.journal($0) }).sorted(by: >) where number < .max {
      result.nextJournal = max(result.nextJournal, number + 1)
      let path = IdentityFile.path(number)
      guard result.identityJournal == nil, sealed.contains(where: { $0.contains(number) }) else {
        try files.remove(path)
        continue
      }
      do throws(StorageError) {
        result.keepIdentities(try IdentityFile.read(journal: number, files: files))
        result.identityJournal = number
      } catch {
        guard error.isLasting else { throw error }
        try quarantine(path, error)
      }
    }
  }

  /// A journal's bytes, or nil where it could not be read and was put into quarantine.
  private func read(_ path: String) throws(StorageError) -> [UInt8]? {
    do throws(StorageError) {
      let file = try files.open(path)
      return try file.read(at: 0, count: try file.byteCount())
    } catch {
      guard error.isLasting else { throw error }
      try quarantine(path, error)
      return nil
    }
  }

  private struct Fault {
    var offset: Int
    var reason: String
  }

  /// Fills a head from its journal; returns what of it could not be read.
  private func replay(_ bytes: [UInt8], _ number: UInt64, into head: Head) -> [Fault] {
    let frames = JournalFrames(bytes, number: number)
    let workspace = Workspace()
    var faults: [Fault] = []
    head.open.withLock { (open) in
      open.isClosed = true
      frames.forEach { (frame, offset) in
        if let reason = replay(frame, workspace, &open.batch) { faults.append(Fault(offset: offset, reason: reason)) }
      } onGap: { (gap) in
        switch gap {
        case .damage(let range):
          faults.append(Fault(offset: range.lowerBound, reason: "\(range.count) bytes of the journal are damaged"))
        case .end(let range):
          if !frames.isCutWrite(range) { faults.append(Fault(offset: range.lowerBound, reason: Self.endReason(range.count))) }
        }
      }
    }
    return faults
  }

  static func endReason(_ byteCount: Int) -> String {
    "its last \(byteCount) bytes are no frame: a write that was cut off before it was acknowledged, or damage"
  }

  /// A journal goes once its events are sealed. What could not be read of it is not sealed, so a copy of it stays.
  private func keepCopy(_ path: String, _ bytes: [UInt8]) {
    let target = "quarantine" + path.drop { $0 != "/" }
    do throws(StorageError) {
      let file = try files.create(target)
      try unsafe file.append(bytes.span.bytes)
      try file.sync()
      try files.syncFolder("quarantine")
    } catch {
      damage.report(file: target, offset: 0, rowCount: 0, reason: "the damaged journal could not be copied: " + error.message)
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
      // The body passed the limit when it came, whatever the limit is today; the frame's own number bounds it now.
      try unsafe workspace.withInflated(frame.body.span.bytes, encoding, limitBytes: frame.plainByteCount) { (plain) in
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
