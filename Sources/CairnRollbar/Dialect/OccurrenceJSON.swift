// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
public import CairnFormats
internal import CairnIssues
public import CairnPlan

/// How an occurrence is written: Rollbar's "instance", with the payload as it came. What came by another door gets a payload of the same
/// shape made of its fields.
public enum OccurrenceJSON {
  /// The number of an occurrence; 0 for an event that is none.
  public static func id(_ event: Event) -> Int64 {
    guard case .integer(let id) = event[FieldName.occurrenceID] else { return 0 }
    return id
  }

  /// Writes the members into the object that is open.
  public static func write(_ event: Event, itemID: Int64?, projectID: Int64, _ writer: inout JSONWriter) {
    writer.member("id", id(event))
    writer.key("item_id")
    if let itemID { writer.integer(itemID) } else { writer.null() }
    writer.member("project_id", projectID)
    writer.member("timestamp", event.timeUnixNanoseconds / 1_000_000_000)
    writer.member("version", 2)
    writer.member("billable", 1)
    writer.key("data")
    writer.raw(payload(event))
  }

  /// The payload as JSON.
  public static func payload(_ event: Event) -> [UInt8] {
    if case .string(let original) = event[FieldName.original] {
      guard var members = (try? JSONValue(parsing: original, depthMax: JSONReader.depthMaxLimit))?.members else { return Array("{}".utf8) }
      let sent = members.last { $0.name == "timestamp" }?.value ?? .null
      members.removeAll { $0.name == "timestamp" || $0.name == "metadata" || $0.name == "uuid" }
      members.append(JSONMember("timestamp", .integer(event.timeUnixNanoseconds / 1_000_000_000)))
      members.append(JSONMember("uuid", .string(event[FieldName.occurrenceUUID]?.text ?? "")))
      members.append(JSONMember("metadata", .object([JSONMember("customer_timestamp", sent)])))
      return JSONValue.object(members).bytes
    }
    return made(event).bytes
  }

  private static func made(_ event: Event) -> JSONValue {
    let text = { (name: String) -> String in event[name]?.text ?? "" }
    let chain = exceptionChain(
      className: text(FieldName.exceptionType), message: text(FieldName.exceptionMessage), stack: text(FieldName.exceptionStacktrace))
    let traces = chain.map { (trace) -> JSONValue in
      .object([
        JSONMember("frames", .array(trace.frames.map(frame))),
        JSONMember("exception", .object([JSONMember("class", .string(trace.className)), JSONMember("message", .string(trace.message))])),
      ])
    }
    let body = traces.count == 1 ? JSONMember("trace", traces[0]) : JSONMember("trace_chain", .array(traces))
    var members = [
      JSONMember("body", .object([body])), JSONMember("environment", .string(text(FieldName.itemEnvironment))),
      JSONMember("level", .string(text(FieldName.itemLevel))), JSONMember("title", .string(text(FieldName.itemTitle))),
      JSONMember("uuid", .string(text(FieldName.occurrenceUUID))),
      JSONMember("timestamp", .integer(event.timeUnixNanoseconds / 1_000_000_000)),
    ]
    let custom = event.fields.filter { !$0.name.hasPrefix("item.") && !$0.name.hasPrefix("exception.") && !$0.name.hasPrefix("occurrence.") }
    members.append(JSONMember("custom", .object(custom.map { JSONMember($0.name, json($0.value)) })))
    return .object(members)
  }

  private static func frame(_ frame: ErrorFrame) -> JSONValue {
    .object([
      JSONMember("filename", .string(frame.file)), JSONMember("method", .string(frame.function)),
      JSONMember("lineno", .integer(Int64(frame.line))), JSONMember("colno", .integer(Int64(frame.column))),
    ])
  }

  private static func json(_ value: FieldValue) -> JSONValue {
    switch value {
    case .string(let text): .string(text)
    case .integer(let number): .integer(number)
    case .float(let number): .double(number)
    case .boolean(let truth): .boolean(truth)
    }
  }
}
