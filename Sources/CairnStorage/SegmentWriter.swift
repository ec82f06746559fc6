// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

/// Writes a piece as a segment file: into a temporary name, synced, renamed, and the folder synced. A segment is there whole or not at all.
enum SegmentWriter {
  static func path(_ id: UInt64) -> String { "segments/" + padded(id) + ".segment" }

  /// Columns are asked for one at a time, so that only one is in memory beside the piece itself. Gives up between two of them where the
  /// segment is not wanted any more.
  static func write(
    _ piece: any ColumnSource, id: UInt64, journals: [ClosedRange<UInt64>], replaced: [UInt64], files: any FileSystem,
    isWanted: () -> Bool = { true }
  ) throws(StorageError) -> SegmentFooter {
    let temporary = "segments/" + padded(id) + ".writing"
    do throws(StorageError) {
      let file = try files.create(temporary)
      let footer = try writeColumns(piece, id: id, journals: journals, replaced: replaced, file, isWanted)
      try file.sync()
      try files.rename(temporary, to: path(id))
      try files.syncFolder("segments")
      return footer
    } catch {
      // What is left under the temporary name is removed at the next start, if not now.
      try? files.remove(temporary)
      throw error
    }
  }

  private static func writeColumns(
    _ piece: any ColumnSource, id: UInt64, journals: [ClosedRange<UInt64>], replaced: [UInt64], _ file: any StoredFile, _ isWanted: () -> Bool
  ) throws(StorageError) -> SegmentFooter {
    var encoder = ColumnEncoder()
    var footer = SegmentFooter(id: id, rowCount: piece.rowCount, journals: journals, replaced: replaced, runs: piece.runs)
    let magic = SegmentFooter.magic
    try unsafe file.append(magic.span.bytes)
    var offset = SegmentFooter.magic.count
    var bases = try Bases(piece)
    try bases.addLines(piece, &encoder)
    for key in piece.keys {
      guard isWanted() else { throw StorageError("write", path: file.path, .givenUp) }
      guard let column = try bases.column(key, of: piece) else { continue }
      for column in try stored(column, of: piece, bases) {
        let presentCount = column.presentCount
        guard presentCount > 0 else { continue }
        let encoded = encode(column, bases, &encoder)
        try unsafe file.append(encoded.bytes.span.bytes)
        footer.columns.append(
          SegmentFooter.Entry(
            key: column.key, presentCount: presentCount, offset: offset, byteCount: encoded.bytes.count,
            headerByteCount: encoded.headerByteCount, headerSum: encoded.headerSum))
        offset += encoded.bytes.count
      }
    }
    let end = footer.encoded()
    try unsafe file.append(end.span.bytes)
    return footer
  }

  private static func encode(_ column: FlatColumn, _ bases: Bases, _ encoder: inout ColumnEncoder) -> EncodedColumn {
    if let drawer = bases.drawer {
      // Lines are the source of others: they have none.
      if column.key == drawer.lines.key { return encoder.encode(column.scanColumn()) }
      if let drawn = drawer.drawn(column) { return encoder.encode(drawn) }
    }
    if let derived = bases.deriver.derived(column) { return encoder.encode(derived) }
    return encoder.encode(column.scanColumn())
  }

  /// The columns on which others rest, in memory as long as the segment is written.
  private struct Bases {
    var known: [ColumnKey: FlatColumn] = [:]
    var deriver = ColumnDeriver()
    /// There are lines that are kept by templates.
    var drawer: ColumnDrawer?

    init(_ piece: any ColumnSource) throws(StorageError) {
      // What resources have in common is found first.
      for key in [piece.sharedSource].compactMap({ $0 }) + ColumnDeriver.commonSources where known[key] == nil {
        guard piece.keys.contains(key), let column = try piece.make(key) else { continue }
        known[key] = column
        deriver.addSource(column)
      }
    }

    mutating func addLines(_ piece: any ColumnSource, _ encoder: inout ColumnEncoder) throws(StorageError) {
      let key = ColumnKey(FieldName.body, .string)
      guard piece.keys.contains(key), known[key] == nil, var lines = try piece.make(key), case .narrow(let codes) = lines.values else { return }
      guard let text = encoder.templated(lines.scanColumn()) else { return }
      lines.domain = .dictionary(ValueDictionary(.templated(text)))
      known[key] = lines
      drawer = ColumnDrawer(lines: LineSource(key, text, codes: codes))
    }

    func column(_ key: ColumnKey, of piece: any ColumnSource) throws(StorageError) -> FlatColumn? {
      if let column = known[key] { return column }
      return try piece.make(key)
    }
  }

  /// What is written for a column: itself, or for parent ids the references that stand for them.
  private static func stored(_ column: FlatColumn, of piece: any ColumnSource, _ bases: Bases) throws(StorageError) -> [FlatColumn] {
    guard column.key == .parentID, let traces = bases.known[.traceID], let spans = try piece.make(.spanID),
      let times = try piece.make(.time),
      let pair = ParentReferences.encode(parents: column, traces: traces, spans: spans, times: times)
    else { return [column] }
    return [pair.reference, pair.raw]
  }
}

/// What a segment can be written from: a head, or several segments merged.
protocol ColumnSource {
  var rowCount: Int { get }
  var runs: [DatasetRun] { get }
  /// Sorted, each once.
  var keys: [ColumnKey] { get }
  /// Builds a column and keeps nothing of it.
  func make(_ key: ColumnKey) throws(StorageError) -> FlatColumn?
  /// A column from which others of the resources may follow (`ColumnDeriver`), beside those that are always tried.
  var sharedSource: ColumnKey? { get }
}
