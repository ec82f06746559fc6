// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnFormats

/// Policies of resources, of data protection and of field indexes. Data protection is applied on the way in; the others are
/// kept and shown: access is the keys' matter, and every field is indexed.
extension LogsDesk {
  var policyOperations: [LogsOperation] {
    [
      LogsOperation("PutResourcePolicy", .manage) { (call) async throws(LogsError) in try putResourcePolicy(call) },
      LogsOperation("DescribeResourcePolicies", .query) { (call) async throws(LogsError) in try describeResourcePolicies(call) },
      LogsOperation("DeleteResourcePolicy", .manage) { (call) async throws(LogsError) in
        let given = try call.optionalText("policyName")
        let name = if let given { given } else { try call.text("resourceArn") }
        try checkRevision(call, name)
        guard try registry.remove(call.environment, "resource-policy", name) else {
          throw LogsError(.resourceNotFound, "Policy with name [\(name)] does not exist")
        }
        return .nothing
      },
      LogsOperation("PutDataProtectionPolicy", .manage) { (call) async throws(LogsError) in try await putProtection(call) },
      LogsOperation("GetDataProtectionPolicy", .query) { (call) async throws(LogsError) in
        let identifier = try call.text("logGroupIdentifier")
        let group = try await group(call, LogNames.group(ofIdentifier: identifier)).group
        return .object { protection(group, identifier, &$0) }
      },
      LogsOperation("DeleteDataProtectionPolicy", .manage) { (call) async throws(LogsError) in
        let name = LogNames.group(ofIdentifier: try call.text("logGroupIdentifier"))
        _ = try await ownGroup(call, name)
        try registry.change(call.environment, name) { $0.protectionPolicy = nil }
        return .nothing
      },
      LogsOperation("PutIndexPolicy", .manage) { (call) async throws(LogsError) in try await putIndexPolicy(call) },
      LogsOperation("DescribeIndexPolicies", .query) { (call) async throws(LogsError) in try await describeIndexPolicies(call) },
      LogsOperation("DescribeFieldIndexes", .query) { (call) async throws(LogsError) in try await describeFieldIndexes(call) },
      LogsOperation("DeleteIndexPolicy", .manage) { (call) async throws(LogsError) in
        let name = LogNames.group(ofIdentifier: try call.text("logGroupIdentifier"))
        _ = try await group(call, name)
        try registry.remove(call.environment, "index-policy", group: name, "policy")
        return .object { _ in }
      },
    ]
  }

  // MARK: Resources

  private func putResourcePolicy(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let resource = try call.optionalText("resourceArn")
    let name = if let resource { resource } else { try call.text("policyName") }
    let document = try call.text("policyDocument")
    let known = registry.items(call.environment, "resource-policy")
    guard known.count < 10 || known.contains(where: { $0.name == name }) else {
      throw LogsError(.limitExceeded, "Resource limit exceeded.")
    }
    try checkRevision(call, name)
    let revision = AWSErrorResponse.requestID()
    let policy = JSONValue.object([
      JSONMember(resource == nil ? "policyName" : "resourceArn", .string(name)), JSONMember("policyDocument", .string(document)),
      JSONMember("lastUpdatedTime", .integer(call.nowUnixMilliseconds)),
      JSONMember("policyScope", .string(resource == nil ? "ACCOUNT" : "RESOURCE")), JSONMember("revisionId", .string(revision)),
    ])
    try registry.put(call.environment, "resource-policy", name, policy)
    return .object {
      $0.member("resourcePolicy", policy)
      $0.member("revisionId", revision)
    }
  }

  /// Throws where the policy is not the one that the caller saw.
  private func checkRevision(_ call: LogsCall, _ name: String) throws(LogsError) {
    guard let expected = try call.optionalText("expectedRevisionId"),
      expected != registry.item(call.environment, "resource-policy", name)?["revisionId"]?.string
    else { return }
    throw LogsError(.operationAborted, "The resource policy is not of the revision \(expected).")
  }

  private func describeResourcePolicies(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let scope = try call.optionalText("policyScope") ?? "ACCOUNT"
    let resource = try call.optionalText("resourceArn")
    let all = registry.items(call.environment, "resource-policy").filter {
      resource == nil ? $0.value["policyScope"]?.string == scope : $0.name == resource
    }
    let (page, next) = try call.page(all, limit: try call.limit()) { $0.name }
    return .object {
      $0.member("resourcePolicies", .array(page.map(\.value)))
      $0.member("nextToken", ifPresent: next)
    }
  }

  // MARK: Data protection

  private func putProtection(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let identifier = try call.text("logGroupIdentifier")
    let document = try call.text("policyDocument")
    let name = LogNames.group(ofIdentifier: identifier)
    _ = try await ownGroup(call, name)
    _ = try DataProtection(document: document)
    try registry.change(call.environment, name) {
      $0.protectionPolicy = document
      $0.hadProtectionPolicy = true
      $0.protectionUnixMilliseconds = call.nowUnixMilliseconds
    }
    guard let group = registry.group(call.environment, name)?.group else { throw .noGroup }
    return .object { protection(group, identifier, &$0) }
  }

  private func protection(_ group: LogGroup, _ identifier: String, _ writer: inout JSONWriter) {
    writer.member("logGroupIdentifier", identifier)
    guard let document = group.protectionPolicy else { return }
    writer.member("policyDocument", document)
    writer.member("lastUpdatedTime", group.protectionUnixMilliseconds)
  }

  // MARK: Field indexes

  /// The fields that an index policy's document names.
  func indexedFields(_ document: String) throws(LogsError) -> [String] {
    guard let fields = (try? JSONValue(parsing: document))?["Fields"]?.array, fields.count <= 20 else {
      throw LogsError(.invalidParameter, "The policy document must be a JSON object with at most 20 'Fields'.")
    }
    var seen: Set<String> = []
    return fields.compactMap(\.string).filter { seen.insert($0).inserted }
  }

  /// The fields that a group has indexes of: those of its own policy, else of the account's.
  func indexedFields(of group: String, _ environment: String) -> Set<String> {
    let own = registry.item(environment, "index-policy", group: group, "policy").map { [$0] }
    let policies = own ?? accountPolicies(environment, "FIELD_INDEX_POLICY", on: group)
    return Set(policies.flatMap { (try? indexedFields($0["policyDocument"]?.string ?? "")) ?? [] })
  }

  private func putIndexPolicy(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let identifier = try call.text("logGroupIdentifier")
    let document = try call.text("policyDocument")
    _ = try indexedFields(document)
    let name = LogNames.group(ofIdentifier: identifier)
    _ = try await ownGroup(call, name)
    let policy = JSONValue.object([
      JSONMember("logGroupIdentifier", .string(identifier)), JSONMember("lastUpdateTime", .integer(call.nowUnixMilliseconds)),
      JSONMember("policyDocument", .string(document)), JSONMember("source", .string("LOG_GROUP")),
    ])
    try registry.put(call.environment, "index-policy", group: name, "policy", policy)
    return .object { $0.member("indexPolicy", policy) }
  }

  private func indexPolicies(_ call: LogsCall) async throws(LogsError) -> [JSONValue] {
    guard let identifiers = try call.texts("logGroupIdentifiers") else { throw .missing("logGroupIdentifiers") }
    var found: [JSONValue] = []
    var seen: Set<String> = []
    for identifier in identifiers {
      let name = LogNames.group(ofIdentifier: identifier)
      // Also one that is named by its name and by its ARN is shown once: a page's token is the place of one policy.
      guard seen.insert(name).inserted else { continue }
      _ = try await group(call, name)
      if let policy = registry.item(call.environment, "index-policy", group: name, "policy") {
        found.append(policy)
        continue
      }
      for policy in accountPolicies(call.environment, "FIELD_INDEX_POLICY", on: name) {
        found.append(
          .object([
            JSONMember("logGroupIdentifier", .string(identifier)), JSONMember("lastUpdateTime", policy["lastUpdatedTime"] ?? .null),
            JSONMember("policyDocument", policy["policyDocument"] ?? .null), JSONMember("policyName", policy["policyName"] ?? .null),
            JSONMember("source", .string("ACCOUNT")),
          ]))
      }
    }
    return found
  }

  private func describeIndexPolicies(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let policies = try await indexPolicies(call)
    let (page, next) = try call.page(policies, limit: 50) { Self.place($0) }
    return .object {
      $0.member("indexPolicies", .array(Array(page)))
      $0.member("nextToken", ifPresent: next)
    }
  }

  /// What tells a policy of a group from its others.
  private static func place(_ policy: JSONValue) -> String {
    "\(policy["logGroupIdentifier"]?.string ?? "")\0\(policy["policyName"]?.string ?? "")"
  }

  private func describeFieldIndexes(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let policies = try await indexPolicies(call)
    let fields = policies.flatMap { policy in
      ((try? indexedFields(policy["policyDocument"]?.string ?? "")) ?? []).map { (policy, $0) }
    }
    let (page, next) = try call.page(fields, limit: 100) { "\(Self.place($0.0))\0\($0.1)" }
    return .object { writer in
      writer.member("nextToken", ifPresent: next)
      writer.objects("fieldIndexes", page) {
        $0.member("logGroupIdentifier", ifPresent: $1.0["logGroupIdentifier"])
        $0.member("fieldIndexName", $1.1)
        $0.member("lastScanTime", call.nowUnixMilliseconds)
        $0.member("type", "FIELD_INDEX")
      }
    }
  }
}
