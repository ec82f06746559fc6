// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// A view of a board: filters under a name that its queries are asked with.
///
/// ```json
/// {"id": "77aa01bc", "name": "Europe", "filters": [{"column": "region", "operation": "starts-with", "value": "eu-"}]}
/// ```
/// Source: the board view type of Honeycomb's Terraform provider.
public struct HoneycombBoardView: Sendable, Hashable {
  public var id: String
  /// The board's id.
  public var board: String
  public internal(set) var name = ""
  public internal(set) var filters: [HoneycombFilter] = []
  public var createdUnixNanoseconds: Int64
  public var updatedUnixNanoseconds: Int64

  /// Reads what a client sends.
  public init(parsing json: JSONValue, id: String, board: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    self.id = id
    self.board = board
    (createdUnixNanoseconds, updatedUnixNanoseconds) = (nowUnixNanoseconds, nowUnixNanoseconds)
    try change(json, nowUnixNanoseconds: nowUnixNanoseconds)
  }

  /// The view with what a client sends in its place.
  public mutating func change(_ json: JSONValue, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    var findings = Findings()
    guard findings.isObject(json, "", known: ["id", "name", "filters", "created_at", "updated_at"]) else { return try findings.settle() }
    if let text = findings.text(json["name"], "name") { name = text }
    if !(1...50).contains(name.count) { findings.add("name", name.isEmpty ? .missing : .invalid, "must have 1 to 50 characters") }
    if Findings.present(json["filters"]) != nil {
      // Filters of views name their operator `operation`, those of queries `op`.
      let items = findings.items(json["filters"], "filters").map { (item) -> JSONValue in
        guard let members = item.members else { return item }
        return .object(members.map { $0.name == "operation" ? JSONMember("op", $0.value) : $0 })
      }
      filters = HoneycombFilter.list(.array(items), "filters", &findings)
    }
    if filters.isEmpty, findings.details.isEmpty { findings.add("filters", .missing, "a view needs a filter") }
    updatedUnixNanoseconds = nowUnixNanoseconds
    try findings.settle()
  }

  /// Writes the view as one object.
  public func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("name", name)
    writer.objects("filters", filters) { (filter, writer) in
      writer.member("column", filter.column)
      writer.member("operation", filter.operation.rawValue)
      if let value = filter.value { writer.member("value", value) }
    }
    writer.member("created_at", RFC3339.text(unixNanoseconds: createdUnixNanoseconds))
    writer.member("updated_at", RFC3339.text(unixNanoseconds: updatedUnixNanoseconds))
    writer.endObject()
  }
}
