// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// Which columns of a dataset have which meaning.
///
/// ```json
/// {"duration_ms": {"name": "duration_ms", "column_type": "column"}, "error": {"name": "failed", "column_type": "derived_column"}, "route": null, …}
/// ```
/// Each of `names` is there. What nobody chose, and what was chosen and is no longer there, is the first of the usual columns that the dataset has.
/// Source: the `DatasetDefinitions` schema of Honeycomb's OpenAPI document; the usual columns are those of its Terraform provider.
public struct DatasetDefinitions: Sendable, Hashable {
  public var id: String
  /// The dataset's slug.
  public var dataset: String
  /// The chosen columns, by definition.
  public private(set) var chosen: [String: String] = [:]
  public var createdUnixNanoseconds: Int64
  public var updatedUnixNanoseconds: Int64

  /// What can be defined, in the order of Honeycomb's document, and the columns that usually are it.
  static let usual: [(name: String, columns: [String])] = [
    ("duration_ms", ["duration_ms", "durationMs", "request_processing_time"]), ("error", ["error"]), ("name", ["name"]),
    ("parent_id", ["trace.parent_id", "parentId"]), ("route", ["route", "http.route", "request_path"]),
    ("service_name", ["service_name", "service.name", "serviceName"]), ("span_id", ["id", "trace.span_id"]),
    ("span_kind", ["meta.span_type", "span.kind"]), ("annotation_type", ["meta.annotation_type"]), ("link_trace_id", ["trace.link.trace_id"]),
    ("link_span_id", ["trace.link.span_id", "trace.span_id"]), ("status", ["response.status_code", "http.status_code", "elb_status_code"]),
    ("trace_id", ["trace.trace_id", "traceId"]), ("user", ["user.id", "user.email", "request.user.id", "request.user.username"]),
    ("log_severity", ["severity"]), ("log_message", ["body"]),
  ]
  private static let nameCountMax = 255

  /// Reads what a client sends of a dataset of which nothing was defined.
  public init(parsing json: JSONValue, id: String, dataset: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    self.id = id
    self.dataset = dataset
    (createdUnixNanoseconds, updatedUnixNanoseconds) = (nowUnixNanoseconds, nowUnixNanoseconds)
    try change(json, nowUnixNanoseconds: nowUnixNanoseconds)
  }

  /// Takes what a client sends: an empty name clears a definition, what is absent or null stays. `column_type` follows from the name.
  public mutating func change(_ json: JSONValue, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    var findings = Findings()
    guard findings.isObject(json, "", known: Self.usual.map(\.name) + ["id", "created_at"]) else { return try findings.settle() }
    for (field, _) in Self.usual {
      guard let given = Findings.present(json[field]), findings.isObject(given, field, known: ["name", "column_type"]) else { continue }
      guard let name = findings.text(given["name"], "\(field).name") else {
        if Findings.present(given["name"]) == nil { findings.add("\(field).name", .missing, "the name of a column is needed; an empty one clears") }
        continue
      }
      if name.count > Self.nameCountMax { findings.add("\(field).name", .invalid, "may have at most \(Self.nameCountMax) characters") }
      chosen[field] = name.isEmpty ? nil : name
    }
    try findings.settle()
    updatedUnixNanoseconds = nowUnixNanoseconds
  }

  /// Writes what was chosen, to be read again.
  public func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("created_at", RFC3339.text(unixNanoseconds: createdUnixNanoseconds))
    for (field, _) in Self.usual { if let name = chosen[field] { Self.write(field, name, nil, &writer) } }
    writer.endObject()
  }

  /// The body of an answer: what holds in a dataset that has these columns.
  public static func body(_ chosen: [String: String], columns: Set<String>, derived: Set<String>) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    for (field, usual) in usual {
      let own = chosen[field].flatMap { columns.contains($0) || derived.contains($0) ? $0 : nil }
      guard let name = own ?? usual.first(where: columns.contains) else {
        writer.key(field)
        writer.null()
        continue
      }
      write(field, name, derived.contains(name) ? "derived_column" : "column", &writer)
    }
    writer.endObject()
    return writer.finish()
  }

  private static func write(_ field: String, _ name: String, _ type: String?, _ writer: inout JSONWriter) {
    writer.key(field)
    writer.beginObject()
    writer.member("name", name)
    if let type { writer.member("column_type", type) }
    writer.endObject()
  }
}
