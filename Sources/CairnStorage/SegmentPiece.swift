// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import Synchronization

/// A sealed segment: its footer in memory, its columns read and decoded when they are asked for and kept in the shared cache.
final class SegmentPiece: Piece {
  let footer: SegmentFooter
  let byteCount: Int
  private let file: any StoredFile
  private let cache: ColumnCache
  private let damage: DamageLog
  private let entries: [ColumnKey: SegmentFooter.Entry]
  private let decoder = Mutex(ColumnDecoder())
  let columns: [(key: ColumnKey, presentCount: Int)]

  var rowCount: Int { footer.rowCount }
  var runs: [DatasetRun] { footer.runs }
  var isSealed: Bool { true }
  var id: UInt64 { footer.id }
  var path: String { file.path }

  /// Opens a segment; throws where it is not one.
  init(_ file: any StoredFile, cache: ColumnCache, damage: DamageLog) throws(StorageError) {
    self.file = file
    self.cache = cache
    self.damage = damage
    footer = try SegmentFooter(file)
    byteCount = try file.byteCount()
    var entries: [ColumnKey: SegmentFooter.Entry] = [:]
    for entry in footer.columns { entries[entry.key] = entry }
    self.entries = entries
    columns = footer.columns.filter { $0.key != ParentReferences.raw }.map { (entry) in
      (entry.key == ParentReferences.reference ? .parentID : entry.key, entry.presentCount)
    }.sorted { $0.key < $1.key }
  }

  func column(_ key: ColumnKey) throws(PieceError) -> ScanColumn? {
    let cacheKey = ColumnCache.Key(segment: id, column: key)
    if let known = cache.column(cacheKey) { return known }
    guard let column = try read(key) else { return nil }
    cache.insert(column, cacheKey)
    return column
  }

  /// Reads and decodes a column; nothing is kept.
  func read(_ key: ColumnKey) throws(PieceError) -> ScanColumn? {
    guard let entry = entries[key] else { return key == .parentID ? try readParents() : nil }
    do throws(StorageError) {
      let bytes = try file.read(at: entry.offset, count: entry.byteCount)
      let header = unsafe bytes.span.bytes.extracting(0..<entry.headerByteCount)
      guard crc32c(header) == entry.headerSum else {
        throw StorageError("read", path: path, .damaged("the header of column \(key.name) does not match its sum"))
      }
      return try decode(bytes, entry)
    } catch {
      damage.report(file: path, offset: entry.offset, rowCount: rowCount, reason: error.message)
      throw PieceError(file: path, offset: entry.offset, reason: error.message)
    }
  }

  /// Parent ids that are kept as references; the columns they rest on are cached, as a reader of parents needs those too.
  private func readParents() throws(PieceError) -> ScanColumn? {
    guard let reference = try read(ParentReferences.reference) else { return nil }
    let raw = try read(ParentReferences.raw)
    guard let traces = try column(.traceID), let spans = try column(.spanID), let times = try column(.time),
      let parents = ParentReferences.decode(reference: reference, raw: raw, traces: traces, spans: spans, times: times)
    else { throw PieceError(file: path, offset: 0, reason: "parent ids rest on a damaged column") }
    return parents
  }

  private func decode(_ bytes: [UInt8], _ entry: SegmentFooter.Entry) throws(StorageError) -> ScanColumn {
    do throws(FormatDamage) {
      return try decoder.withLock { (decoder) throws(FormatDamage) in
        try decoder.decode(bytes, key: entry.key, headerByteCount: entry.headerByteCount, rowCount: rowCount) { (offset, rows) in
          damage.report(
            file: path, offset: entry.offset + offset, rowCount: rows, reason: "a block of column \(entry.key.name) does not match its sum")
        }
      }
    } catch {
      throw StorageError("read", path: path, .damaged("column \(entry.key.name): \(error.what)"))
    }
  }
}

/// What was found damaged, for the status page: each place once.
public final class DamageLog: Sendable {
  /// One damaged place.
  public struct Entry: Sendable, Hashable {
    public var file: String
    public var offset: Int
    public var rowCount: Int
    public var reason: String
  }

  private let found = Mutex<[Entry]>([])

  public init() {}

  func report(file: String, offset: Int, rowCount: Int, reason: String) {
    found.withLock { (found) in
      guard found.count < 1000, !found.contains(where: { $0.file == file && $0.offset == offset }) else { return }
      found.append(Entry(file: file, offset: offset, rowCount: rowCount, reason: reason))
    }
  }

  /// Everything found since the start.
  public var entries: [Entry] { found.withLock { $0 } }
}
