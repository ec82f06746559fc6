// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnPlan

/// Reads every byte of a data folder and says what is damaged; changes nothing.
///
/// Every footer, column header, dictionary and block is decoded, every journal frame summed and unpacked, and the files are held against
/// each other: which segments and journals are superfluous, and whether any event would count twice. What a running Cairn removes during
/// the check is passed over. One column of one segment is in memory at a time.
public struct Fsck {
  private let files: any FileSystem

  public init(files: any FileSystem) { self.files = files }

  /// Throws where the folder itself cannot be read.
  public func run() throws(StorageError) -> FsckReport {
    var report = FsckReport()
    report.isInUse = try isInUse()
    let footers = try checkSegments(&report)
    try checkJournals(footers, &report)
    for name in try files.list("quarantine") {
      leave("quarantine/" + name, "it was damaged, or holds what could not be read", &report)
    }
    report.columns.sort { $0.byteCount == $1.byteCount ? $0.name < $1.name : $0.byteCount > $1.byteCount }
    report.damage.sort { $0.file == $1.file ? $0.offset < $1.offset : $0.file < $1.file }
    return report
  }

  private func isInUse() throws(StorageError) -> Bool {
    do throws(StorageError) {
      try files.lock()
      return false
    } catch {
      guard case .locked = error.reason else { throw error }
      return true
    }
  }

  private func leave(_ path: String, _ reason: String, _ report: inout FsckReport) {
    let byteCount = (try? files.open(path).byteCount()) ?? 0
    report.byteCount += byteCount
    report.leftovers.append(FsckReport.Leftover(file: path, byteCount: byteCount, reason: reason))
  }

  private func note(_ file: String, _ offset: Int, rows: Int = 0, _ reason: String, _ report: inout FsckReport) {
    report.damage.append(FsckReport.Place(file: file, offset: offset, rowCount: rows, reason: reason))
  }

  /// True where a file was there when the folder was listed and is no longer.
  private func isGone(_ path: String, _ report: FsckReport) -> Bool {
    guard let slash = path.firstIndex(of: "/") else { return false }
    // A server may have started meanwhile: whoever checks keeps nobody from it.
    guard report.isInUse || (try? isInUse()) == true else { return false }
    let names = (try? files.list(String(path[..<slash]))) ?? []
    return !names.contains(String(path[path.index(after: slash)...]))
  }

  // MARK: Segments

  private func checkSegments(_ report: inout FsckReport) throws(StorageError) -> [SegmentFooter] {
    let found = DamageLog()
    var segments: [SegmentPiece] = []
    for name in try files.list("segments") {
      let path = "segments/" + name
      guard let id = name.hasSuffix(".segment") ? UInt64(name.dropLast(8)) : nil, path == SegmentWriter.path(id) else {
        let isOurs = name.hasSuffix(".writing")
        leave(path, isOurs ? "a segment that was not finished; the next start removes it" : "not a file of Cairn's", &report)
        continue
      }
      do throws(StorageError) {
        let segment = try SegmentPiece(try files.open(path), cache: ColumnCache(byteCountMax: 0), damage: found)
        report.byteCount += segment.byteCount
        guard segment.id == id else {
          note(path, 0, rows: segment.rowCount, "it is segment \(segment.id) under another name", &report)
          continue
        }
        segments.append(segment)
      } catch {
        if !isGone(path, report) { note(path, 0, error.message, &report) }
      }
    }
    let replaced = Set(segments.flatMap(\.footer.replaced))
    for segment in segments where replaced.contains(segment.id) {
      report.leftovers.append(
        FsckReport.Leftover(
          file: segment.path, byteCount: segment.byteCount, reason: "another segment has its events; the next start removes it"))
    }
    segments.removeAll { replaced.contains($0.id) }
    var columns: [ColumnKey: Int] = [:]
    for segment in segments {
      check(segment, &report)
      for entry in segment.footer.columns { columns[entry.key, default: 0] += entry.byteCount }
    }
    report.columns = columns.map { FsckReport.Column(name: "\($0.key.name) (\($0.key.kind))", byteCount: $0.value) }
    for entry in found.entries { note(entry.file, entry.offset, rows: entry.rowCount, entry.reason, &report) }
    checkOverlaps(segments, &report)
    return segments.map(\.footer)
  }

  /// No journal's events are in two segments.
  private func checkOverlaps(_ segments: [SegmentPiece], _ report: inout FsckReport) {
    let ranges = segments.flatMap { (segment) in segment.footer.journals.map { (range: $0, path: segment.path) } }
      .sorted { $0.range.lowerBound < $1.range.lowerBound }
    for (left, right) in zip(ranges, ranges.dropFirst()) where left.range.upperBound >= right.range.lowerBound {
      note(right.path, 0, "it and \(left.path) both claim journal \(right.range.lowerBound): events may count twice", &report)
    }
  }

  /// Decodes every column; damaged bytes are reported by the segment itself.
  private func check(_ segment: SegmentPiece, _ report: inout FsckReport) {
    report.segmentCount += 1
    report.eventCount += segment.rowCount
    var keys = segment.footer.columns.map(\.key)
    if keys.contains(ParentReferences.reference) { keys.append(.parentID) }
    for key in keys {
      let offset = segment.footer.columns.first { $0.key == key }?.offset ?? 0
      do throws(PieceError) {
        guard let column = try segment.read(key) else { continue }
        let isDamaged = column.blocks.contains(where: \.isDamaged)
        let wanted = segment.footer.columns.first { $0.key == key }?.presentCount ?? column.presentCount
        if !isDamaged, column.presentCount != wanted {
          note(
            segment.path, offset, rows: segment.rowCount, "column \(key.name) has another number of values than the footer says",
            &report)
        }
        if key == .time, !isDamaged { checkTimes(column, segment, offset, &report) }
      } catch {
        // The damage log has the place itself; a column that rests on damaged ones is not a place of its own.
      }
    }
  }

  /// Rows stand in order of time inside their runs, between the bounds that the footer gives.
  private func checkTimes(_ times: ScanColumn, _ segment: SegmentPiece, _ offset: Int, _ report: inout FsckReport) {
    for run in segment.runs {
      var previous = run.minimumUnixNanoseconds
      for row in run.rows {
        guard let time = times.integer(at: row), time >= previous, time <= run.maximumUnixNanoseconds else {
          return note(segment.path, offset, rows: run.rows.count, "the times of dataset \(run.dataset) are not in order", &report)
        }
        previous = time
      }
    }
  }

  // MARK: Journals

  private func checkJournals(_ footers: [SegmentFooter], _ report: inout FsckReport) throws(StorageError) {
    let sealed = footers.flatMap(\.journals)
    var newestSealed: String?
    for name in try files.list("journal") {
      let path = "journal/" + name
      if let number = IdentityFile.journal(name) {
        check(identities: path, number, &report)
        continue
      }
      guard let number = name.hasSuffix(".journal") ? UInt64(name.dropLast(8)) : nil, path == JournalWriter.path(number) else {
        leave(path, "not a file of Cairn's", &report)
        continue
      }
      if sealed.contains(where: { $0.contains(number) }) {
        if let older = newestSealed { leave(older, "its events are in segments; the next start removes it", &report) }
        newestSealed = path
        continue
      }
      check(journal: path, number, &report)
    }
    if let newestSealed { leave(newestSealed, "its events are in segments; the next start removes it", &report) }
  }

  private func check(identities path: String, _ number: UInt64, _ report: inout FsckReport) {
    do throws(StorageError) {
      report.byteCount += try files.open(path).byteCount()
      _ = try IdentityFile.read(journal: number, files: files)
    } catch {
      if !isGone(path, report) { note(path, 0, error.message, &report) }
    }
  }

  private func check(journal path: String, _ number: UInt64, _ report: inout FsckReport) {
    let bytes: [UInt8]
    do throws(StorageError) {
      let file = try files.open(path)
      bytes = try file.read(at: 0, count: try file.byteCount())
    } catch {
      if !isGone(path, report) { note(path, 0, error.message, &report) }
      return
    }
    report.journalCount += 1
    report.byteCount += bytes.count
    let frames = JournalFrames(bytes, number: number)
    let workspace = Workspace()
    frames.forEach { (frame, offset) in
      report.requestCount += 1
      if !unpacks(frame, workspace) { note(path, offset, "a frame does not unpack", &report) }
    } onGap: { (gap) in
      switch gap {
      case .damage(let range): note(path, range.lowerBound, "\(range.count) bytes of the journal are damaged", &report)
      case .end(let range):
        if frames.isCutWrite(range) || report.isInUse {
          report.leftovers.append(
            FsckReport.Leftover(
              file: path, byteCount: range.count, reason: "the end of a write that was not finished and not acknowledged"))
        } else {
          note(path, range.lowerBound, Recovery.endReason(range.count), &report)
        }
      }
    }
  }

  private func unpacks(_ frame: JournalFrame, _ workspace: Workspace) -> Bool {
    let encoding = frame.packing == .zstd ? RequestEncoding.zstd : frame.header.encoding
    do throws(IngestError) {
      return try unsafe workspace.withInflated(frame.body.span.bytes, encoding, limitBytes: frame.plainByteCount) { (plain) in
        plain.byteCount == frame.plainByteCount
      }
    } catch {
      return false
    }
  }
}
