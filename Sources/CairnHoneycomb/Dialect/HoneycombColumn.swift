// SPDX-License-Identifier: Apache-2.0
public import CairnColumns
internal import CairnFormats

/// A column as `/1/columns/{dataset}` gives it. Times are Unix nanoseconds here and RFC 3339 on the wire.
///
/// Source: the `Column` schema of Honeycomb's OpenAPI document.
public struct HoneycombColumn: Sendable, Hashable {
  public var id: String
  /// The field's name, `key_name` on the wire.
  public var name: String
  public var type: FieldType
  public var description: String
  /// True if pages do not offer the column.
  public var isHidden: Bool
  /// nil where no event had the field yet.
  public var lastWrittenUnixNanoseconds: Int64?
  public var createdUnixNanoseconds: Int64
  public var updatedUnixNanoseconds: Int64

  /// A column with what is known of it.
  public init(
    id: String, name: String, type: FieldType, description: String = "", isHidden: Bool = false,
    lastWrittenUnixNanoseconds: Int64? = nil, createdUnixNanoseconds: Int64, updatedUnixNanoseconds: Int64
  ) {
    self.id = id
    self.name = name
    self.type = type
    self.description = description
    self.isHidden = isHidden
    self.lastWrittenUnixNanoseconds = lastWrittenUnixNanoseconds
    self.createdUnixNanoseconds = createdUnixNanoseconds
    self.updatedUnixNanoseconds = updatedUnixNanoseconds
  }

  /// The body of an answer about one column.
  public var body: [UInt8] {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.finish()
  }

  /// The body of the list of columns: an array.
  public static func listBody(_ columns: [HoneycombColumn]) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginArray()
    for column in columns { column.write(to: &writer) }
    writer.endArray()
    return writer.finish()
  }

  private func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("key_name", name)
    writer.member("type", type.honeycombName)
    writer.member("description", description)
    writer.member("hidden", isHidden)
    writer.member("last_written", orNull: lastWrittenUnixNanoseconds.map { RFC3339.text(unixNanoseconds: $0) })
    writer.member("created_at", RFC3339.text(unixNanoseconds: createdUnixNanoseconds))
    writer.member("updated_at", RFC3339.text(unixNanoseconds: updatedUnixNanoseconds))
    writer.endObject()
  }
}

extension FieldType {
  /// The type's name on Honeycomb's wire.
  public var honeycombName: String {
    switch self {
    case .string: "string"
    case .integer: "integer"
    case .float: "float"
    case .boolean: "boolean"
    }
  }
}
