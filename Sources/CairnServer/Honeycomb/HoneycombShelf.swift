// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCatalog
import CairnFormats
import CairnHoneycomb
import Synchronization

/// What `Shelf` keeps: datasets, what their columns mean, their slugs and columns, markers and their settings, triggers, recipients, derived columns, objectives, boards.
protocol ShelfEntry: Sendable {
  static var collection: String { get }
  static var noun: String { get }
  var id: String { get }
  var dataset: String { get }
  var createdUnixNanoseconds: Int64 { get set }
  var updatedUnixNanoseconds: Int64 { get set }
  init(parsing json: JSONValue, id: String, dataset: String, nowUnixNanoseconds: Int64) throws(HoneycombError)
  func write(to writer: inout JSONWriter)
  /// What clients cannot set, from what was written.
  mutating func restore(_ json: JSONValue)
}

extension ShelfEntry {
  mutating func restore(_ json: JSONValue) {}
}

extension DatasetDeclaration: ShelfEntry {
  static var collection: String { "honeycomb_dataset" }
  static var noun: String { "Dataset" }
  init(parsing json: JSONValue, id: String, dataset: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    try self.init(parsing: json, id: id, nowUnixNanoseconds: nowUnixNanoseconds)
    self.dataset = dataset
  }
}

extension DatasetSlug: ShelfEntry {
  static var collection: String { "honeycomb_dataset_slug" }
  static var noun: String { "Dataset slug" }
  init(parsing json: JSONValue, id: String, dataset: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    try self.init(parsing: json, id: id, slug: dataset, nowUnixNanoseconds: nowUnixNanoseconds)
  }
}

extension DatasetDefinitions: ShelfEntry {
  static var collection: String { "honeycomb_dataset_definitions" }
  static var noun: String { "Dataset definitions" }
}

extension ColumnDeclaration: ShelfEntry {
  static var collection: String { "honeycomb_column" }
  static var noun: String { "Column" }
}

extension HoneycombMarker: ShelfEntry {
  static var collection: String { "honeycomb_marker" }
  static var noun: String { "Marker" }
  func write(to writer: inout JSONWriter) { write(to: &writer, color: nil) }
}

extension HoneycombMarkerSetting: ShelfEntry {
  static var collection: String { "honeycomb_marker_setting" }
  static var noun: String { "Marker setting" }
}

extension HoneycombRecipient: ShelfEntry {
  static var collection: String { "honeycomb_recipient" }
  static var noun: String { "Recipient" }
  /// Recipients are an environment's.
  var dataset: String { "" }
  init(parsing json: JSONValue, id: String, dataset: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    try self.init(parsing: json, id: id, nowUnixNanoseconds: nowUnixNanoseconds)
  }
}

extension HoneycombTrigger: ShelfEntry {
  static var collection: String { "honeycomb_trigger" }
  static var noun: String { "Trigger" }
  mutating func restore(_ json: JSONValue) {
    queryID = json["query_id"]?.string ?? ""
    isTriggered = json["triggered"]?.boolean ?? false
  }
}

extension HoneycombDerivedColumn: ShelfEntry {
  static var collection: String { "honeycomb_derived_column" }
  static var noun: String { "Derived column" }
}

extension HoneycombSLO: ShelfEntry {
  static var collection: String { "honeycomb_slo" }
  static var noun: String { "SLO" }
  func write(to writer: inout JSONWriter) { write(to: &writer, standing: nil) }
}

extension HoneycombBurnAlert: ShelfEntry {
  static var collection: String { "honeycomb_burn_alert" }
  static var noun: String { "Burn alert" }
  mutating func restore(_ json: JSONValue) { isTriggered = json["triggered"]?.boolean ?? false }
}

extension HoneycombQueryAnnotation: ShelfEntry {
  static var collection: String { "honeycomb_query_annotation" }
  static var noun: String { "Query annotation" }
}

extension HoneycombBoard: ShelfEntry {
  static var collection: String { "honeycomb_board" }
  static var noun: String { "Board" }
  /// Boards are an environment's.
  var dataset: String { "" }
  init(parsing json: JSONValue, id: String, dataset: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    try self.init(parsing: json, id: id, nowUnixNanoseconds: nowUnixNanoseconds)
  }
  func write(to writer: inout JSONWriter) { write(to: &writer, url: "") }
}

extension HoneycombBoardView: ShelfEntry {
  static var collection: String { "honeycomb_board_view" }
  static var noun: String { "Board view" }
  /// Views are a board's.
  var dataset: String { board }
  init(parsing json: JSONValue, id: String, dataset: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    try self.init(parsing: json, id: id, board: dataset, nowUnixNanoseconds: nowUnixNanoseconds)
  }
}

/// Held while a new entry is compared with those that are there.
private let additions = Mutex(())

/// The entries of one kind that a request is about, in the catalog: those of its environment and its path's dataset.
struct Shelf<Entry: ShelfEntry>: Sendable {
  private let catalog: Catalog
  let collection: String
  /// The dataset of the path as markers name it: its slug, or `__all__`.
  let dataset: String
  private let wantedID: String

  init(_ state: ServerState, _ exchange: Exchange) {
    catalog = state.parts.catalog
    collection = "\(Entry.collection) \(exchange.environment)"
    dataset = state.shelves.slug(ofPath: exchange.parameters["dataset"], exchange.environment)
    wantedID = exchange.parameters["id"]
  }

  /// Those of a whole environment.
  init(_ catalog: Catalog, environment: String) {
    self.catalog = catalog
    collection = "\(Entry.collection) \(environment)"
    (dataset, wantedID) = ("", "")
  }

  /// The entries of the dataset.
  func all() throws(Refusal) -> [Entry] { try everything().filter { $0.dataset == dataset } }

  /// The entry of this id, of any dataset.
  func entry(_ id: String) throws(Refusal) -> Entry? { try everything().first { $0.id == id } }

  /// Where the entries of a dataset lie in the catalog.
  func places(ofDataset slug: String) throws(Refusal) -> [(collection: String, id: Int64)] {
    try everything().filter { $0.dataset == slug }.map { (collection, Self.number($0)) }
  }

  /// Goes up with every change of the environment's entries.
  var changeCount: Int { catalog.changeCount(of: collection) }

  /// How many the environment has.
  func count() throws(Refusal) -> Int { try everything().count }

  /// The entry that the path names.
  func find() throws(Refusal) -> Entry {
    guard let found = try all().first(where: { $0.id == wantedID }) else { throw Refusal(.notFound, "\(Entry.noun) not found") }
    return found
  }

  /// An id that no entry has: eight hex digits.
  func freeID() throws(Refusal) -> String { Self.freeID(taken: Set(try everything().map(\.id))) }

  /// The same where the ids are known.
  static func freeID(taken: Set<String>) -> String {
    while true {
      let id = String(hexText(UInt64.random(in: 0...0xffff_ffff)).suffix(8))
      if !taken.contains(id) { return id }
    }
  }

  /// The entry of the path, whatever dataset the path names.
  func findAnywhere() throws(Refusal) -> Entry {
    guard let found = try entry(wantedID) else { throw Refusal(.notFound, "\(Entry.noun) not found") }
    return found
  }

  /// Saves a new entry; false, and nothing is saved, where another is like it. Of several calls at once one finds none.
  func add(_ entry: Entry, unless isAlike: (Entry) -> Bool) throws(Refusal) -> Bool {
    try additions.withLock { (_) throws(Refusal) in
      guard try !everything().contains(where: isAlike) else { return false }
      try save(entry)
      return true
    }
  }

  /// Saves what `change` makes of the entries of all datasets. Of several calls at once each sees what those before it saved.
  func change(_ change: ([Entry]) throws(Refusal) -> [Entry]) throws(Refusal) -> [Entry] {
    try additions.withLock { (_) throws(Refusal) in
      let changed = try change(try everything())
      let documents = changed.map(document)
      if !documents.isEmpty { try refusing { () throws(CatalogError) in try catalog.change(saving: { documents }) } }
      return changed
    }
  }

  func save(_ entry: Entry) throws(Refusal) {
    let document = document(entry)
    try refusing { () throws(CatalogError) in try catalog.change(saving: { [document] }) }
  }

  private func document(_ entry: Entry) -> CatalogDocument {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("dataset", entry.dataset)
    writer.key("entry")
    entry.write(to: &writer)
    writer.endObject()
    return CatalogDocument(collection: collection, id: Self.number(entry), body: writer.finish())
  }

  func remove(_ entry: Entry) throws(Refusal) {
    try refusing { () throws(CatalogError) in try catalog.change(saving: { [] }, removing: [(collection, Self.number(entry))]) }
  }

  private static func number(_ entry: Entry) -> Int64 { Int64(entry.id, radix: 16) ?? 0 }

  /// Those of all datasets.
  func everything() throws(Refusal) -> [Entry] {
    try refusing { () throws(CatalogError) in try catalog.documents(in: collection) }.compactMap { (document) in
      guard let stored = try? JSONValue(parsing: document.body), let json = stored["entry"], let id = json["id"]?.string,
        let dataset = stored["dataset"]?.string,
        var entry = try? Entry(parsing: json, id: id, dataset: dataset, nowUnixNanoseconds: 0)
      else { return nil }
      entry.createdUnixNanoseconds = json["created_at"]?.string.flatMap { RFC3339.unixNanoseconds($0) } ?? 0
      entry.restore(json)
      entry.updatedUnixNanoseconds = json["updated_at"]?.string.flatMap { RFC3339.unixNanoseconds($0) } ?? 0
      return entry
    }
  }

  private func refusing<Result>(_ work: () throws(CatalogError) -> Result) throws(Refusal) -> Result {
    do throws(CatalogError) { return try work() } catch { throw Refusal(error) }
  }
}
