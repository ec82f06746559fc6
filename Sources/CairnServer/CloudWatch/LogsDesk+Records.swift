// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnColumns
import CairnFormats
import CairnPlan
import Crypto

/// Single records, the fields of a group, and saved queries.
extension LogsDesk {
  var recordOperations: [LogsOperation] {
    [
      LogsOperation("GetLogRecord", .query) { (call) async throws(LogsError) in try await getRecord(call) },
      LogsOperation("GetLogObject", .query) { (call) async throws(LogsError) in
        _ = try call.text("logObjectPointer")
        throw LogsError(.resourceNotFound, "No object was cut out of a log event: Cairn keeps events whole.")
      },
      LogsOperation("GetLogGroupFields", .query) { (call) async throws(LogsError) in try await getFields(call) },
      LogsOperation("PutQueryDefinition", .manage) { (call) async throws(LogsError) in try putDefinition(call) },
      LogsOperation("DescribeQueryDefinitions", .query) { (call) async throws(LogsError) in
        let prefix = try call.optionalText("queryDefinitionNamePrefix") ?? ""
        let language = try call.optionalText("queryLanguage")
        let all = registry.items(call.environment, "query-definition").filter {
          ($0.value["name"]?.string ?? "").hasPrefix(prefix) && (language == nil || $0.value["queryLanguage"]?.string == language)
        }
        let (page, next) = try call.page(all, limit: try call.limit("maxResults", max: 1000, otherwise: 1000)) { $0.name }
        return .object {
          $0.member("queryDefinitions", .array(page.map(\.value)))
          $0.member("nextToken", ifPresent: next)
        }
      },
      LogsOperation("DeleteQueryDefinition", .manage) { (call) async throws(LogsError) in
        guard try registry.remove(call.environment, "query-definition", try call.text("queryDefinitionId")) else {
          throw LogsError(.resourceNotFound, "The specified query definition does not exist.")
        }
        return .object { $0.member("success", true) }
      },
    ]
  }

  /// `pointer` is an event's id, or a query's `@ptr`: see `RecordPlace`.
  private func getRecord(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let text = try call.text("logRecordPointer")
    let place: RecordPlace
    if let position = LogPosition(digits: text) {
      place = RecordPlace(position, environment: call.environment, isThere: exclusions(call))
    } else if let pointer = InsightsPointer(text) {
      place = RecordPlace(pointer, environment: call.environment, isThere: exclusions(call))
    } else {
      throw LogsError(.invalidParameter, "The specified logRecordPointer is invalid.")
    }
    let found = try await place.find { (plan) async throws(LogsError) in
      try await ask { store throws(QueryError) in try await store.events(plan) }
    }
    guard let event = found else { throw LogsError(.resourceNotFound, "The specified log record does not exist.") }
    return .object { writer in
      writer.key("logRecord")
      writer.beginObject()
      for (name, value) in Self.record(event, call.account) { writer.member(name, value) }
      writer.endObject()
    }
  }

  private static func record(_ event: Event, _ account: LogAccount) -> [(String, String)] {
    var members = [
      ("@timestamp", String(event.timeUnixNanoseconds / 1_000_000)), ("@log", "\(account.account):\(event.dataset)"),
      ("@logStream", event[FieldName.logStream]?.text ?? LogField.defaultStream),
    ]
    for (name, value) in event.fields {
      switch name {
      case FieldName.body: members.append(("@message", value.text))
      case FieldName.ingestionTime:
        if case .integer(let number) = value { members.append(("@ingestionTime", String(number / 1_000_000))) }
      case FieldName.logStream, FieldName.signalType, FieldName.annotationType: continue
      default: members.append((LogField.path(ofName: name), value.text))
      }
    }
    return members
  }

  /// The fields of the lines around a time, 8 minutes to both sides, or of the last 15 minutes, with the share of lines that have them.
  private func getFields(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let group = try await group(call, try call.groupNameOrIdentifier()).group
    let minute: Int64 = 60_000
    let now = call.nowUnixMilliseconds
    var time = Self.range(now - 15 * minute, now, call, group)
    // Seconds, as the model says; in practice also milliseconds.
    if let given = try call.integer("time", 0 ... .max) {
      let middle = given < 100_000_000_000 ? given.multiplied(by: 1000) : given
      time = Self.range(max(0, middle - 8 * minute), middle > .max - 8 * minute ? .max : middle + 8 * minute, call, group)
    }
    let scope = Scope(environment: call.environment, datasets: .named([group.name]), time: time)
    let filter = filter(call, group, stream: nil)
    let columns = try await ask { store throws(QueryError) in try await store.columns(scope) }
    let names = Array(Set(columns.map(\.name))).filter { !$0.hasPrefix("meta.") && $0 != FieldName.timestamp }.sorted(
      by: precedes
    ).prefix(400)
    let plan = Plan(
      scope: scope, filter: filter, calculations: [.count] + names.map { Calculation(.count, column: $0) })
    let totals = try await ask { store throws(QueryError) in try await store.run(plan) }.totals.map { $0?.number ?? 0 }
    guard let all = totals.first, all > 0 else { return .object { $0.objects("logGroupFields", [String]()) { _, _ in } } }
    let virtual = ["@ingestionTime", "@log", "@logStream", "@message", "@timestamp"].map { ($0, 100) }
    let found = zip(names, totals.dropFirst()).filter { $0.1 > 0 && $0.0 != FieldName.body && $0.0 != FieldName.logStream }
      .map { (LogField.path(ofName: $0.0), min(100, Int(($0.1 * 100 / all).rounded()))) }
    return .object {
      $0.objects("logGroupFields", (virtual + found).sorted { $0.1 == $1.1 ? precedes($0.0, $1.0) : $0.1 > $1.1 }) {
        $0.member("name", $1.0)
        $0.member("percent", $1.1)
      }
    }
  }

  private func putDefinition(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let given = try call.optionalText("queryDefinitionId")
    if let given, registry.item(call.environment, "query-definition", given) == nil {
      throw LogsError(.resourceNotFound, "The specified query definition does not exist.")
    }
    // A request that its sender repeats, since the answer got lost, makes no second definition.
    let token = try call.optionalText("clientToken")
    let name = try call.text("name"), text = try call.text("queryString")
    let repeated = token.map { AWSErrorResponse.uuidText(Array(SHA256.hash(data: Array("\($0)\0\(name)\0\(text)".utf8)).prefix(16))) }
    let id = given ?? repeated ?? AWSErrorResponse.requestID()
    var document = [
      JSONMember("queryLanguage", .string(try call.optionalText("queryLanguage") ?? "CWLI")),
      JSONMember("queryDefinitionId", .string(id)), JSONMember("name", .string(name)),
      JSONMember("queryString", .string(text)),
      JSONMember("lastModified", .integer(call.nowUnixMilliseconds)),
      JSONMember("logGroupNames", .array((try call.texts("logGroupNames") ?? []).map { .string($0) })),
    ]
    if let parameters = call.input["parameters"], let list = parameters.array, !list.isEmpty {
      document.append(JSONMember("parameters", parameters))
    }
    try registry.put(call.environment, "query-definition", id, .object(document))
    return .object { $0.member("queryDefinitionId", id) }
  }
}
