// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnFormats

/// Lookup tables: reference data for `lookup`, at most 100 of at most 10 MB.
extension LogsDesk {
  static let tableKind = "lookup-table"
  private static let tableCountMax = 100

  var lookupTableOperations: [LogsOperation] {
    [
      LogsOperation("CreateLookupTable", .manage) { (call) async throws(LogsError) in try createTable(call) },
      LogsOperation("UpdateLookupTable", .manage) { (call) async throws(LogsError) in try updateTable(call) },
      LogsOperation("DeleteLookupTable", .manage) { (call) async throws(LogsError) in try deleteTable(call) },
      LogsOperation("GetLookupTable", .query) { (call) async throws(LogsError) in try getTable(call) },
      LogsOperation("DescribeLookupTables", .query) { (call) async throws(LogsError) in try describeTables(call) },
    ]
  }

  private func arn(_ call: LogsCall, _ name: String) -> String { call.account.arn("lookup-table:\(name)") }

  private func checked(_ body: String) throws(LogsError) -> InsightsTable {
    do {
      return try InsightsTable(parsing: body)
    } catch {
      throw LogsError(.validation, "The table is not valid: \(error.message)")
    }
  }

  private func createTable(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let name = try call.text("lookupTableName")
    guard registry.item(call.environment, Self.tableKind, name) == nil else {
      throw LogsError(.resourceAlreadyExists, "The lookup table '\(name)' already exists.")
    }
    guard registry.items(call.environment, Self.tableKind).count < Self.tableCountMax else {
      throw LogsError(.limitExceeded, "Resource limit exceeded.")
    }
    if try call.optionalText("queryId") != nil {
      throw LogsError(.validation, "A table of a query's results (queryId) is not supported: send tableBody.")
    }
    try keep(call, name, try call.text("tableBody"), try call.optionalText("description"))
    let tags = call.tags()
    if !tags.isEmpty { try keepTags(call, Self.tableKind, name, tags) }
    return .object { writer in
      writer.member("lookupTableArn", arn(call, name))
      writer.member("createdAt", call.nowUnixMilliseconds)
    }
  }

  private func keep(_ call: LogsCall, _ name: String, _ body: String, _ description: String?) throws(LogsError) {
    let table = try checked(body)
    let document = JSONValue.object([
      JSONMember("body", .string(body)), JSONMember("description", description.map { .string($0) } ?? .null),
      JSONMember("fields", .array(table.columns.map { .string($0) })), JSONMember("records", .integer(Int64(table.rows.count))),
      JSONMember("kms", (try call.optionalText("kmsKeyId")).map { .string($0) } ?? .null),
      JSONMember("updated", .integer(call.nowUnixMilliseconds)),
    ])
    try registry.put(call.environment, Self.tableKind, name, document)
  }

  /// The table that an ARN or a name means.
  private func table(_ call: LogsCall) throws(LogsError) -> (name: String, value: JSONValue) {
    let text = try call.text("lookupTableArn")
    let name = text.split(separator: ":").last.map(String.init) ?? text
    guard let value = registry.item(call.environment, Self.tableKind, name) else {
      throw LogsError(.resourceNotFound, "The lookup table '\(name)' does not exist.")
    }
    return (name, value)
  }

  private func updateTable(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let (name, value) = try table(call)
    try keep(call, name, try call.text("tableBody"), try call.optionalText("description") ?? value["description"]?.string)
    return .object { writer in
      writer.member("lookupTableArn", arn(call, name))
      writer.member("lastUpdatedTime", call.nowUnixMilliseconds)
    }
  }

  private func deleteTable(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    try registry.remove(call.environment, Self.tableKind, try table(call).name)
    return .nothing
  }

  private func getTable(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let (name, value) = try table(call)
    return .object { writer in
      write(call, name, value, &writer)
      writer.member("tableBody", value["body"]?.string ?? "")
    }
  }

  private func describeTables(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let prefix = try call.optionalText("lookupTableNamePrefix") ?? ""
    let all = registry.items(call.environment, Self.tableKind).filter { $0.name.hasPrefix(prefix) }
    let (page, next) = try call.page(all, limit: try call.limit("maxResults", max: 100)) { $0.name }
    return .object { writer in
      writer.objects("lookupTables", page) { writer, item in
        write(call, item.name, item.value, &writer)
        writer.member("tableFields", (item.value["fields"]?.array ?? []).compactMap(\.string))
        writer.member("recordsCount", item.value["records"]?.integer ?? 0)
      }
      if let next { writer.member("nextToken", next) }
    }
  }

  private func write(_ call: LogsCall, _ name: String, _ value: JSONValue, _ writer: inout JSONWriter) {
    writer.member("lookupTableArn", arn(call, name))
    writer.member("lookupTableName", name)
    writer.member("description", ifPresent: value["description"]?.string)
    writer.member("sizeBytes", value["body"]?.string?.utf8.count ?? 0)
    writer.member("lastUpdatedTime", value["updated"]?.integer ?? 0)
    writer.member("kmsKeyId", ifPresent: value["kms"]?.string)
  }
}
