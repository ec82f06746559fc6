// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnPlan

// Entry points for fuzzers: whatever the bytes are, these return.

extension Fsck {
  /// More rows than this are not looked at: a few bytes can claim any number of equal rows.
  private static let probedRowCountMax = 1 << 17

  /// Reads bytes as a segment without asking for checksums, every column and value of it; returns the number of values.
  @discardableResult
  public static func probe(segment bytes: [UInt8]) -> Int {
    let tail = SegmentFooter.tailByteCount
    guard bytes.count >= SegmentFooter.magic.count + tail else { return 0 }
    let footerByteCount = Int(unsafe loadHalf(bytes.span.bytes, bytes.count - tail))
    let columnsEnd = bytes.count - tail - footerByteCount
    guard columnsEnd >= SegmentFooter.magic.count else { return 0 }
    guard let footer = try? SegmentFooter(Array(bytes[columnsEnd..<bytes.count - tail]), columnsEnd: columnsEnd),
      footer.rowCount <= probedRowCountMax
    else { return 0 }
    var columns: [ColumnKey: ScanColumn] = [:]
    var decoder = ColumnDecoder(.ignored)
    var derived: [(SegmentFooter.Entry, source: ColumnKey)] = []
    for entry in footer.columns {
      let column = Array(bytes[entry.offset..<entry.offset + entry.byteCount])
      if let source = try? DerivedHeader.source(Array(column[..<entry.headerByteCount])) {
        derived.append((entry, source))
        continue
      }
      columns[entry.key] = try? decoder.decode(
        column, key: entry.key, headerByteCount: entry.headerByteCount, rowCount: footer.rowCount
      ) { _, _ in }
    }
    // Drawn columns before those that may be derived from them.
    for (entry, key) in derived.sorted(by: { Self.isDrawn($0.0, bytes) && !Self.isDrawn($1.0, bytes) }) {
      guard let source = columns[key] else { continue }
      let column = Array(bytes[entry.offset..<entry.offset + entry.byteCount])
      if DerivedHeader.isDrawn(column) {
        columns[entry.key] = try? decoder.decode(
          drawn: column, key: entry.key, headerByteCount: entry.headerByteCount, rowCount: footer.rowCount, source: source)
      } else {
        columns[entry.key] = try? decoder.decode(
          derived: column, key: entry.key, headerByteCount: entry.headerByteCount, rowCount: footer.rowCount, source: source
        ) { _, _ in }
      }
    }
    if let reference = columns[ParentReferences.reference], let traces = columns[.traceID], let spans = columns[.spanID],
      let times = columns[.time]
    {
      columns[.parentID] = ParentReferences.decode(
        reference: reference, raw: columns[ParentReferences.raw], traces: traces, spans: spans, times: times)
    }
    return columns.values.reduce(0) { $0 + valueCount($1) }
  }

  private static func isDrawn(_ entry: SegmentFooter.Entry, _ bytes: [UInt8]) -> Bool {
    entry.byteCount > 0 && bytes[entry.offset] == DomainTag.drawn.rawValue
  }

  private static func valueCount(_ column: ScanColumn) -> Int {
    var count = 0
    for row in 0..<column.rowCount where column.value(at: row) != nil { count += 1 }
    if case .dictionary(let dictionary) = column.domain, case .traceIDs(let ids, _) = dictionary.entries, let first = ids.first {
      count += dictionary.entry(of: first) == nil ? 0 : 1
    }
    return count
  }

  /// Reads bytes as a journal without asking for checksums and unpacks every body; returns the number of frames.
  @discardableResult
  public static func probe(journal bytes: [UInt8]) -> Int {
    let number = JournalHeader.number(bytes) ?? 1
    let frames = JournalFrames(bytes, number: number, .ignored)
    let workspace = Workspace()
    var count = 0
    frames.forEach { (frame, _) in
      count += 1
      let encoding = frame.packing == .zstd ? RequestEncoding.zstd : frame.header.encoding
      _ = try? unsafe workspace.withInflated(frame.body.span.bytes, encoding, limitBytes: min(frame.plainByteCount, 1 << 20)) {
        $0.byteCount
      }
    } onGap: { (gap) in
      if case .end(let range) = gap { _ = frames.isCutWrite(range) }
    }
    return count
  }
}
