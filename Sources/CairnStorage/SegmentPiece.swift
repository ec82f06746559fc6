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

  func column(_ key: ColumnKey) throws(PieceError) -> ScanColumn? { try column(key, .anyForm) }

  func dictionary(_ key: ColumnKey) -> ValueDictionary? {
    let cacheKey = ColumnCache.Key(segment: id, column: key)
    if let known = cache.dictionary(cacheKey) { return known }
    // What is wrong with it is found by whoever reads the whole column.
    guard let entry = entries[key], let found = readDictionary(entry) else { return nil }
    cache.insert(found, cacheKey)
    return found
  }

  private func readDictionary(_ entry: SegmentFooter.Entry) -> ValueDictionary? {
    guard let header = try? file.read(at: entry.offset, count: entry.headerByteCount), unsafe crc32c(header.span.bytes) == entry.headerSum,
      let place = try? DictionaryPlace(header, columnByteCount: entry.byteCount, rowCount: rowCount),
      let bytes = try? file.read(at: entry.offset + place.bytes.lowerBound, count: place.bytes.count)
    else { return nil }
    return try? withDecoder { (decoder) throws(FormatDamage) -> ValueDictionary? in try decoder.dictionary(bytes, place) }
  }

  /// How many rows of a run are older than `cutoff`; reads the times only where the cutoff lies inside the run.
  func rowCount(in run: DatasetRun, before cutoff: Int64) -> Int {
    if run.maximumUnixNanoseconds < cutoff { return run.rows.count }
    guard run.minimumUnixNanoseconds < cutoff, let times = try? column(.time) else { return 0 }
    var low = run.rows.lowerBound, high = run.rows.upperBound
    while low < high {
      let middle = (low + high) / 2
      if let time = times.integer(at: middle), time < cutoff { low = middle + 1 } else { high = middle }
    }
    return low - run.rows.lowerBound
  }

  private func column(_ key: ColumnKey, _ form: WantedForm) throws(PieceError) -> ScanColumn? {
    let cacheKey = ColumnCache.Key(segment: id, column: key)
    if let known = cache.column(cacheKey) { return known }
    guard let column = try read(key, form) else { return nil }
    cache.insert(column, cacheKey)
    return column
  }

  /// What a reader of a column can stand.
  enum WantedForm {
    case anyForm
    /// A source of derived columns is none itself, and lines are neither derived nor drawn: a file that says so would send the reader round
    /// in circles.
    case notDerived
    case plainForm
  }

  /// Reads and decodes a column; nothing is kept of it, only of what it rests on.
  func read(_ key: ColumnKey, _ form: WantedForm = .anyForm) throws(PieceError) -> ScanColumn? {
    guard let entry = entries[key] else { return key == .parentID ? try readParents() : nil }
    do throws(StorageError) {
      let bytes = try file.read(at: entry.offset, count: entry.byteCount)
      let header = unsafe bytes.span.bytes.extracting(0..<entry.headerByteCount)
      guard crc32c(header) == entry.headerSum else {
        throw StorageError("read", path: path, .damaged("the header of column \(key.name) does not match its sum"))
      }
      return try decode(bytes, entry, form)
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

  private func decode(_ bytes: [UInt8], _ entry: SegmentFooter.Entry, _ form: WantedForm) throws(StorageError) -> ScanColumn {
    do throws(FormatDamage) {
      let source = try source(of: Array(bytes[..<entry.headerByteCount]), form)
      return try withDecoder { (decoder) throws(FormatDamage) -> ScanColumn in
        let onDamage = { (offset: Int, rows: Int) in
          self.damage.report(
            file: self.path, offset: entry.offset + offset, rowCount: rows,
            reason: "a block of column \(entry.key.name) does not match its sum")
        }
        guard let source else {
          return try decoder.decode(bytes, key: entry.key, headerByteCount: entry.headerByteCount, rowCount: rowCount, onDamage: onDamage)
        }
        guard !DerivedHeader.isDrawn(bytes) else {
          return try decoder.decode(drawn: bytes, key: entry.key, headerByteCount: entry.headerByteCount, rowCount: rowCount, source: source)
        }
        return try decoder.decode(
          derived: bytes, key: entry.key, headerByteCount: entry.headerByteCount, rowCount: rowCount, source: source, onDamage: onDamage)
      }
    } catch {
      throw StorageError("read", path: path, .damaged("column \(entry.key.name): \(error.what)"))
    }
  }

  /// The piece's own decoder, or one for this once while another reader has it: columns are unpacked side by side.
  private func withDecoder<Result: Sendable>(
    _ body: (inout ColumnDecoder) throws(FormatDamage) -> Result
  ) throws(FormatDamage) -> Result {
    if let result = try decoder.withLockIfAvailable({ (decoder) throws(FormatDamage) -> Result in try body(&decoder) }) { return result }
    var another = ColumnDecoder()
    return try body(&another)
  }

  /// The column that a derived one rests on, cached, as many rest on the same; nil for a plain one.
  private func source(of header: [UInt8], _ form: WantedForm) throws(FormatDamage) -> ScanColumn? {
    guard let key = try DerivedHeader.source(header) else { return nil }
    let isDrawn = DerivedHeader.isDrawn(header)
    guard form == .anyForm || (form == .notDerived && isDrawn) else {
      throw FormatDamage(what: "it is the source of others and has one itself", offset: 0)
    }
    let found: ScanColumn?
    do throws(PieceError) {
      found = try column(key, isDrawn ? .plainForm : .notDerived)
    } catch {
      throw FormatDamage(what: "its source cannot be read: \(error.reason)", offset: 0)
    }
    guard let found else { throw FormatDamage(what: "its source \(key.name) is not there", offset: 0) }
    return found
  }

  /// What the derived columns rest on, once for each; headers that do not match their sums are passed over.
  func derivedSources() throws(StorageError) -> [ColumnKey] {
    var found: [ColumnKey] = []
    for entry in footer.columns {
      let header = try file.read(at: entry.offset, count: entry.headerByteCount)
      guard unsafe crc32c(header.span.bytes) == entry.headerSum, !DerivedHeader.isDrawn(header), let source = try? DerivedHeader.source(header)
      else { continue }
      found.append(source)
    }
    return found
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
