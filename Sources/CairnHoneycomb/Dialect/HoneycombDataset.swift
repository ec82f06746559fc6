// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// A dataset as `/1/datasets` gives it. Times are Unix nanoseconds here and RFC 3339 on the wire.
///
/// Source: the `Dataset` schema of Honeycomb's OpenAPI document.
public struct HoneycombDataset: Sendable, Hashable {
  public var name: String
  /// What stands for the name in URLs; see `slug(_:)`.
  public var slug: String
  public var description: String
  /// How deep nested JSON is unpacked; 0 to 10.
  public var expandJSONDepth: Int
  public var isDeleteProtected: Bool
  /// nil where the dataset has no fields yet.
  public var columnCount: Int?
  /// nil where no event has come yet.
  public var lastWrittenUnixNanoseconds: Int64?
  public var createdUnixNanoseconds: Int64

  /// A dataset with what is known of it.
  public init(
    name: String, slug: String, description: String = "", expandJSONDepth: Int = 0, isDeleteProtected: Bool = false,
    columnCount: Int? = nil, lastWrittenUnixNanoseconds: Int64? = nil, createdUnixNanoseconds: Int64
  ) {
    self.name = name
    self.slug = slug
    self.description = description
    self.expandJSONDepth = expandJSONDepth
    self.isDeleteProtected = isDeleteProtected
    self.columnCount = columnCount
    self.lastWrittenUnixNanoseconds = lastWrittenUnixNanoseconds
    self.createdUnixNanoseconds = createdUnixNanoseconds
  }

  /// The body of an answer about one dataset.
  public var body: [UInt8] {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.finish()
  }

  /// The body of the list of datasets: an array.
  public static func listBody(_ datasets: [HoneycombDataset]) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginArray()
    for dataset in datasets { dataset.write(to: &writer) }
    writer.endArray()
    return writer.finish()
  }

  /// The slug that a name has by itself: lower case, everything but Latin letters, digits, `.`, `_` and `~` as a dash. Names may have one in
  /// common; `freeSlug` tells them apart.
  public static func slug(_ name: String) -> String { String(folded(name).map { $0.isASCII ? $0 : "-" }) }

  /// The name without what two spellings of one name differ in: case, and what stands between words.
  public static func folded(_ name: String) -> String {
    String(name.lowercased().map { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." || $0 == "~" ? $0 : "-" })
  }

  /// The slug of a name's own where that is free, else the first free one with a number behind it.
  public static func freeSlug(_ name: String, taken: Set<String>) -> String {
    let slug = slug(name)
    if !taken.contains(slug) { return slug }
    var number = 2
    while taken.contains("\(slug)-\(number)") { number += 1 }
    return "\(slug)-\(number)"
  }

  private func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("name", name)
    writer.member("slug", slug)
    writer.member("description", description)
    writer.key("settings")
    writer.beginObject()
    writer.member("delete_protected", isDeleteProtected)
    writer.endObject()
    writer.member("expand_json_depth", expandJSONDepth)
    writer.key("regular_columns_count")
    if let columnCount { writer.integer(columnCount) } else { writer.null() }
    writer.member("last_written_at", orNull: lastWrittenUnixNanoseconds.map { RFC3339.text(unixNanoseconds: $0) })
    writer.member("created_at", RFC3339.text(unixNanoseconds: createdUnixNanoseconds))
    writer.endObject()
  }
}
