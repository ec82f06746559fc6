// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnFormats

/// Dashboards, kept and given back as they came, and tags of alarms and dashboards.
extension MetricsDesk {
  var dashboardOperations: [LogsOperation] {
    [
      LogsOperation("PutDashboard", .manage) { (call) async throws(LogsError) in try putDashboard(call) },
      LogsOperation("GetDashboard", .query) { (call) async throws(LogsError) in
        let name = try dashboardName(call)
        guard let dashboard = registry.item(call.environment, "dashboard", name) else { throw Self.noDashboard(name) }
        return .object {
          $0.member("DashboardArn", Self.arn(call, name))
          $0.member("DashboardBody", dashboard["body"]?.string ?? "")
          $0.member("DashboardName", name)
        }
      },
      LogsOperation("ListDashboards", .query) { (call) async throws(LogsError) in try listDashboards(call) },
      LogsOperation("DeleteDashboards", .manage) { (call) async throws(LogsError) in
        let names = (call.input["DashboardNames"]?.array ?? []).compactMap(\.string)
        guard !names.isEmpty else { throw LogsError(.missingParameter, "The parameter DashboardNames is required.") }
        for name in names where registry.item(call.environment, "dashboard", name) == nil { throw Self.noDashboard(name) }
        for name in names { try registry.remove(call.environment, "dashboard", name) }
        return .object { _ in }
      },
      LogsOperation("TagResource", .manage) { (call) async throws(LogsError) in
        try changeTags(call) { addTags(call, to: $0) }
      },
      LogsOperation("UntagResource", .manage) { (call) async throws(LogsError) in
        let keys = (call.input["TagKeys"]?.array ?? []).compactMap(\.string)
        return try changeTags(call) { tags in tags.filter { !keys.contains($0.key) } }
      },
      LogsOperation("ListTagsForResource", .query) { (call) async throws(LogsError) in
        let tags = try tags(call, try taggedResource(call))
        return .object { writer in
          writer.objects("Tags", tags.sorted { $0.key < $1.key }) {
            $0.member("Key", $1.key)
            $0.member("Value", $1.value)
          }
        }
      },
    ]
  }

  // MARK: Dashboards

  private static func noDashboard(_ name: String) -> LogsError { LogsError(.resourceNotFoundAlarm, "Dashboard \(name) does not exist") }

  private static func arn(_ call: LogsCall, _ name: String) -> String { "arn:aws:cloudwatch::\(call.account.account):dashboard/\(name)" }

  private func dashboardName(_ call: LogsCall) throws(LogsError) -> String {
    guard let name = call.input["DashboardName"]?.string, !name.isEmpty else {
      throw LogsError(.missingParameter, "The parameter DashboardName is required.")
    }
    guard name.utf8.count <= 255, name.utf8.allSatisfy({ Self.isNameByte($0) }) else {
      throw LogsError(.invalidParameterValue, "The value \(name.prefix(255)) for DashboardName has characters other than A-Z, a-z, 0-9, - and _.")
    }
    return name
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    byte == 0x2d || byte == 0x5f || (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
  }

  private func putDashboard(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let name = try dashboardName(call)
    guard let body = call.input["DashboardBody"]?.string else { throw LogsError(.missingParameter, "The parameter DashboardBody is required.") }
    guard body.utf8.count <= 1 << 20, (try? JSONValue(parsing: body))?.members != nil else {
      throw LogsError(.invalidParameterInput, "The field DashboardBody must be a valid JSON object of at most 1 MB.")
    }
    try registry.put(
      call.environment, "dashboard", name,
      .object([JSONMember("body", .string(body)), JSONMember("modified", .integer(call.nowUnixMilliseconds))]))
    return .object { $0.member("DashboardValidationMessages", .array([])) }
  }

  private func listDashboards(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let prefix = call.input["DashboardNamePrefix"]?.string ?? ""
    let all = registry.items(call.environment, "dashboard").filter { $0.name.hasPrefix(prefix) }
    let (page, next) = try call.page(all, limit: 1000, token: "NextToken", refusal: .invalidParameterValue) { $0.name }
    return .object { writer in
      writer.objects("DashboardEntries", page) { writer, entry in
        writer.member("DashboardName", entry.name)
        writer.member("DashboardArn", Self.arn(call, entry.name))
        writer.member("LastModified", Double(entry.value["modified"]?.integer ?? 0) / 1000)
        writer.member("Size", Int64(entry.value["body"]?.string?.utf8.count ?? 0))
      }
      writer.member("NextToken", ifPresent: next)
    }
  }

  // MARK: Tags

  /// What a tag may hang on: an alarm or a dashboard that is there.
  private func taggedResource(_ call: LogsCall) throws(LogsError) -> String {
    guard let arn = call.input["ResourceARN"]?.string else { throw LogsError(.missingParameter, "The parameter ResourceARN is required.") }
    for (mark, kind) in [(":alarm:", "alarm"), (":dashboard/", "dashboard")] {
      guard let range = arn.firstRange(of: mark) else { continue }
      let name = String(arn[range.upperBound...])
      if registry.item(call.environment, kind, name) != nil { return "\(kind)/\(name)" }
    }
    throw LogsError(.resourceNotFound, "The resource \(arn.prefix(1024)) does not exist.")
  }

  private func tags(_ call: LogsCall, _ resource: String) throws(LogsError) -> [String: String] {
    var tags: [String: String] = [:]
    for member in registry.item(call.environment, "metric-tags", resource)?.members ?? [] { tags[member.name] = member.value.string }
    return tags
  }

  private func changeTags(_ call: LogsCall, _ change: ([String: String]) -> [String: String]) throws(LogsError) -> LogsAnswer {
    let resource = try taggedResource(call)
    try keepTags(call, resource, change(try tags(call, resource)))
    return .object { _ in }
  }

  /// The tags of a call's `Tags` over those that are there.
  func addTags(_ call: LogsCall, to tags: [String: String]) -> [String: String] {
    var tags = tags
    for tag in call.input["Tags"]?.array ?? [] { if let key = tag["Key"]?.string { tags[key] = tag["Value"]?.string ?? "" } }
    return tags
  }

  func keepTags(_ call: LogsCall, _ resource: String, _ tags: [String: String]) throws(LogsError) {
    guard tags.count <= 50 else { throw LogsError(.invalidParameterValue, "A resource can have no more than 50 tags.") }
    try registry.put(
      call.environment, "metric-tags", resource,
      .object(tags.sorted { $0.key < $1.key }.map { JSONMember($0.key, .string($0.value)) }))
  }
}
