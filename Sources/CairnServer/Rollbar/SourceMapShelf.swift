// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnRollbar
import FoundationEssentials
import Synchronization

/// The source maps of all projects: an index in memory, the maps packed in the catalog, the ones in use read and kept.
final class SourceMapShelf: Sendable {
  /// A map that was uploaded.
  struct Entry: Sendable, Hashable, Codable {
    var id: Int64
    var projectID: Int64
    var version: String
    /// Without its scheme, query and fragment.
    var url: String
    var byteCount: Int
    var createdUnixSeconds: Int64
  }
  static let countPerProjectMax = 500
  static let byteCountMax = 48 << 20
  /// Of maps that are read.
  private static let heldByteCountMax = 256 << 20
  private static let (index, texts) = ("sourcemap", "sourcemap-text")

  private struct State {
    var entries: [Int64: Entry] = [:]
    var idOfFile: [String: Int64] = [:]
    var nextID: Int64 = 1
    var held: [Int64: SourceMap] = [:]
    var use: [Int64] = []
    var heldByteCount = 0
  }
  private let state = Mutex(State())
  private let catalog: Catalog

  init(catalog: Catalog) {
    self.catalog = catalog
    let documents = (try? catalog.documents(in: Self.index)) ?? []
    let entries = documents.compactMap { try? JSONDecoder().decode(Entry.self, from: Data($0.body)) }
    state.withLock { (state) in
      for entry in entries {
        state.entries[entry.id] = entry
        state.idOfFile[Self.key(entry.projectID, entry.version, entry.url)] = entry.id
      }
      state.nextID = (entries.map(\.id).max() ?? 0) + 1
    }
  }

  func reset() { state.withLock { $0 = State() } }

  /// What of a URL tells a file: not how it is fetched.
  static func plain(_ url: String) -> String {
    var text = url[...]
    if let scheme = text.firstRange(of: "://") { text = text[scheme.upperBound...] } else if text.hasPrefix("//") { text = text.dropFirst(2) }
    return String(text.prefix { $0 != "?" && $0 != "#" })
  }

  private static func key(_ projectID: Int64, _ version: String, _ url: String) -> String { "\(projectID)\0\(version)\0\(url)" }

  func entries(projectID: Int64) -> [Entry] {
    state.withLock { Array($0.entries.values) }.filter { $0.projectID == projectID }.sorted { $0.id > $1.id }
  }

  /// Keeps a map in place of one of the same version and file; the oldest of too many goes.
  func put(projectID: Int64, version: String, url: String, _ map: JSONValue, nowUnixSeconds: Int64) throws(CatalogError) -> Entry {
    let bytes = map.bytes
    var packed: [UInt8] = []
    var compressor = ZstdCompressor(level: 3)
    _ = unsafe compressor.compress(bytes.span.bytes, appendingTo: &packed)
    let plain = Self.plain(url)
    let (entry, removed) = state.withLock { (state) -> (Entry, [Int64]) in
      let entry = Entry(
        id: state.nextID, projectID: projectID, version: version, url: plain, byteCount: bytes.count, createdUnixSeconds: nowUnixSeconds)
      state.nextID += 1
      var removed: [Int64] = []
      if let old = state.idOfFile[Self.key(projectID, version, plain)] { removed.append(old) }
      let own = state.entries.values.filter { $0.projectID == projectID && !removed.contains($0.id) }.sorted { $0.id < $1.id }
      removed += own.prefix(max(0, own.count + 1 - Self.countPerProjectMax)).map(\.id)
      return (entry, removed)
    }
    guard let document = try? JSONEncoder().encode(entry) else { return entry }
    try catalog.change(
      saving: {
        [
          CatalogDocument(collection: Self.index, id: entry.id, body: Array(document)),
          CatalogDocument(collection: Self.texts, id: entry.id, body: packed),
        ]
      }, removing: removed.flatMap { [(Self.index, $0), (Self.texts, $0)] })
    state.withLock { (state) in
      for id in removed { Self.forget(id, &state) }
      state.entries[entry.id] = entry
      state.idOfFile[Self.key(projectID, version, plain)] = entry.id
    }
    return entry
  }

  func remove(id: Int64, projectID: Int64) throws(CatalogError) -> Bool {
    guard state.withLock({ $0.entries[id]?.projectID == projectID }) else { return false }
    try catalog.change(saving: { [] }, removing: [(Self.index, id), (Self.texts, id)])
    state.withLock { Self.forget(id, &$0) }
    return true
  }

  private static func forget(_ id: Int64, _ state: inout State) {
    if let entry = state.entries.removeValue(forKey: id) {
      let key = key(entry.projectID, entry.version, entry.url)
      if state.idOfFile[key] == id { state.idOfFile[key] = nil }
    }
    if let map = state.held.removeValue(forKey: id) { state.heldByteCount -= map.byteCount }
    state.use.removeAll { $0 == id }
  }

  // MARK: Use

  /// The map of a generated file in a version of a project.
  func map(projectID: Int64, version: String, file: String) -> SourceMap? {
    let key = Self.key(projectID, version, Self.plain(file))
    let (id, held) = state.withLock { (state) -> (Int64?, SourceMap?) in
      guard let id = state.idOfFile[key] else { return (nil, nil) }
      if state.use.last != id {
        state.use.removeAll { $0 == id }
        state.use.append(id)
      }
      return (id, state.held[id])
    }
    guard held == nil, let id else { return held }
    guard let map = read(id) else { return nil }
    state.withLock { (state) in
      guard state.entries[id] != nil, state.held[id] == nil else { return }
      state.held[id] = map
      state.heldByteCount += map.byteCount
      while state.heldByteCount > Self.heldByteCountMax, let oldest = state.use.first(where: { state.held[$0] != nil && $0 != id }) {
        if let dropped = state.held.removeValue(forKey: oldest) { state.heldByteCount -= dropped.byteCount }
      }
    }
    return map
  }

  private func read(_ id: Int64) -> SourceMap? {
    guard let packed = try? catalog.document(in: Self.texts, id: id)?.body else { return nil }
    var inflater = Inflater()
    var output = InflateBuffer()
    guard (try? unsafe inflater.inflate(packed.span.bytes, .zstd, into: &output, limitBytes: Self.byteCountMax * 2)) != nil else { return nil }
    let json = output.withBytes { try? JSONValue(parsing: $0) }
    return json.flatMap { try? SourceMap($0) }
  }

  /// An item's request with its frames mapped; nil where no map has a say. `isBatch`: the request is an array of items.
  func applied(_ request: JSONValue, projectID: Int64, isBatch: Bool) -> JSONValue? {
    var isChanged = false
    let items = isBatch ? request.array ?? [] : [request]
    let mapped = items.map { (item) -> JSONValue in
      guard let data = item["data"], let version = SourceMapped.version(of: data),
        let changed = SourceMapped.applied(to: data, map: { map(projectID: projectID, version: version, file: $0) })
      else { return item }
      isChanged = true
      return .object((item.members ?? []).map { $0.name == "data" ? JSONMember("data", changed) : $0 })
    }
    guard isChanged else { return nil }
    return isBatch ? .array(mapped) : mapped[0]
  }

  func hasMaps(projectID: Int64) -> Bool { state.withLock { $0.entries.values.contains { $0.projectID == projectID } } }
}
