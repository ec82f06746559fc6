// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnFormats
import Synchronization

/// Log groups: made, listed, kept for so long, deleted.
extension LogsDesk {
  var groupOperations: [LogsOperation] {
    [
      LogsOperation("CreateLogGroup", .ingest) { (call) async throws(LogsError) in try await createGroup(call) },
      LogsOperation("DeleteLogGroup", .manage) { (call) async throws(LogsError) in try await deleteGroup(call) },
      LogsOperation("DescribeLogGroups", .query) { (call) async throws(LogsError) in try await describeGroups(call) },
      LogsOperation("ListLogGroups", .query) { (call) async throws(LogsError) in try await listGroups(call) },
      LogsOperation("PutRetentionPolicy", .ingest) { (call) async throws(LogsError) in try await putRetention(call) },
      LogsOperation("DeleteRetentionPolicy", .manage) { (call) async throws(LogsError) in
        let name = try call.groupName()
        _ = try await ownGroup(call, name)
        try registry.change(call.environment, name) { $0.retentionDays = nil }
        keepRetention(call.environment)
        return .nothing
      },
      LogsOperation("AssociateKmsKey", .manage) { (call) async throws(LogsError) in
        let key = try call.text("kmsKeyId")
        try await changeNamed(call) { $0.kmsKey = key }
        return .nothing
      },
      LogsOperation("DisassociateKmsKey", .manage) { (call) async throws(LogsError) in
        try await changeNamed(call) { $0.kmsKey = nil }
        return .nothing
      },
      LogsOperation("PutLogGroupDeletionProtection", .manage) { (call) async throws(LogsError) in
        let name = LogNames.group(ofIdentifier: try call.text("logGroupIdentifier"))
        guard let isProtected = try call.boolean("deletionProtectionEnabled") else { throw .missing("deletionProtectionEnabled") }
        _ = try await ownGroup(call, name)
        try registry.change(call.environment, name) { $0.isProtected = isProtected }
        return .nothing
      },
      LogsOperation("PutBearerTokenAuthentication", .manage) { (call) async throws(LogsError) in
        let name = LogNames.group(ofIdentifier: try call.text("logGroupIdentifier"))
        guard let allows = try call.boolean("bearerTokenAuthenticationEnabled") else {
          throw .missing("bearerTokenAuthenticationEnabled")
        }
        _ = try await ownGroup(call, name)
        try registry.change(call.environment, name) { $0.allowsBearerToken = allows }
        return .nothing
      },
    ]
  }

  /// `logGroupName`, or `resourceIdentifier` with an ARN.
  private func changeNamed(_ call: LogsCall, _ body: (inout LogGroup) -> Void) async throws(LogsError) {
    let named = try call.optionalText("logGroupName")
    let identifier = try call.optionalText("resourceIdentifier")
    guard (named == nil) != (identifier == nil) else {
      throw LogsError(.invalidParameter, "Exactly one of logGroupName and resourceIdentifier must be specified.")
    }
    let name = LogNames.group(ofIdentifier: identifier ?? named ?? "")
    try LogNames.checkGroup(name)
    _ = try await ownGroup(call, name)
    try registry.change(call.environment, name) { (group) throws(LogsError) in body(&group) }
  }

  private func createGroup(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let name = try call.groupName()
    if name.hasPrefix("aws/") { throw LogsError(.invalidParameter, "Log groups starting with AWS/ are reserved for AWS.") }
    guard registry.group(call.environment, name) == nil else {
      throw LogsError(.resourceAlreadyExists, "The specified log group already exists")
    }
    var group = LogGroup(name: name, createdUnixMilliseconds: call.nowUnixMilliseconds)
    group.kmsKey = try call.optionalText("kmsKeyId")
    group.tags = call.tags()
    group.logClass = try call.optionalText("logGroupClass") ?? group.logClass
    group.isProtected = try call.boolean("deletionProtectionEnabled") ?? false
    try registry.create(group, in: call.environment)
    return .nothing
  }

  private func deleteGroup(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let name = try call.groupName()
    let group = try await group(call, name).group
    guard !group.isProtected else {
      throw LogsError(.validation, "The log group \(name) has deletion protection enabled and cannot be deleted.")
    }
    // Events that came until now are gone for every reader of logs; the number of the last one says which those are.
    let end = registry.numbers(1, nowUnixNanoseconds: call.nowUnixNanoseconds)
    try registry.put(call.environment, "deletion", name, .integer(end))
    try registry.delete(call.environment, name)
    keepRetention(call.environment)
    return .nothing
  }

  private func describeGroups(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let prefix = try call.optionalText("logGroupNamePrefix")
    let pattern = try call.optionalText("logGroupNamePattern")
    if prefix != nil, pattern != nil {
      throw LogsError(.invalidParameter, "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    }
    let limit = try call.limit()
    let logClass = try call.optionalText("logGroupClass")
    let identifiers = try call.texts("logGroupIdentifiers").map { Set($0.map(LogNames.group(ofIdentifier:))) }
    let all = try await allGroups(call).filter { group in
      group.group.name.hasPrefix(prefix ?? "") && (pattern.map { $0.isEmpty || group.group.name.contains($0) } ?? true)
        && (logClass == nil || group.group.logClass == logClass) && (identifiers?.contains(group.group.name) ?? true)
    }
    let (page, next) = try call.page(all, limit: limit) { $0.group.name }
    return .object { writer in
      writer.objects("logGroups", page) { describe($1, call, &$0) }
      writer.member("nextToken", ifPresent: next)
    }
  }

  private func describe(_ entry: LogRegistry.Group, _ call: LogsCall, _ writer: inout JSONWriter) {
    let group = entry.group
    let arn = call.account.groupARN(group.name)
    writer.member("logGroupName", group.name)
    writer.member("creationTime", group.createdUnixMilliseconds)
    if let days = group.retentionDays { writer.member("retentionInDays", days) }
    writer.member("metricFilterCount", entry.items["metric-filter"]?.count ?? 0)
    writer.member("arn", arn + ":*")
    writer.member("storedBytes", group.storedBytes)
    writer.member("kmsKeyId", ifPresent: group.kmsKey)
    if group.protectionPolicy != nil {
      writer.member("dataProtectionStatus", "ACTIVATED")
    } else if group.hadProtectionPolicy {
      writer.member("dataProtectionStatus", "DELETED")
    }
    if registry.item(call.environment, "account-policy", "DATA_PROTECTION_POLICY") != nil {
      writer.member("inheritedProperties", ["ACCOUNT_DATA_PROTECTION"])
    }
    writer.member("logGroupClass", group.logClass)
    writer.member("logGroupArn", arn)
    writer.member("deletionProtectionEnabled", group.isProtected)
    if group.allowsBearerToken { writer.member("bearerTokenAuthenticationEnabled", true) }
  }

  private func listGroups(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let pattern = try call.optionalText("logGroupNamePattern")
    let logClass = try call.optionalText("logGroupClass")
    let limit = try call.limit(max: 1000)
    let wanted = try GroupFilter(call)
    let alternatives = pattern.map { $0.split(separator: "|").map(String.init) }
    let all = try await allGroups(call).filter { entry in
      let isNamed = alternatives.map { parts in
        parts.contains { $0.hasPrefix("^") ? entry.group.name.hasPrefix($0.dropFirst()) : entry.group.name.contains($0) }
      }
      return (isNamed ?? true) && (logClass == nil || entry.group.logClass == logClass)
        && wanted.passes(entry.group) { indexedFields(of: entry.group.name, call.environment) }
    }
    let (page, next) = try call.page(all, limit: limit) { $0.group.name }
    return .object { writer in
      writer.objects("logGroups", page) {
        $0.member("logGroupName", $1.group.name)
        $0.member("logGroupArn", call.account.groupARN($1.group.name))
        $0.member("logGroupClass", $1.group.logClass)
      }
      writer.member("nextToken", ifPresent: next)
    }
  }

  private func putRetention(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let name = try call.groupName()
    guard let days = try call.integer("retentionInDays", .min ... .max) else { throw .missing("retentionInDays") }
    guard LogGroup.retentionDaysAllowed.contains(where: { Int64($0) == days }) else {
      let allowed = LogGroup.retentionDaysAllowed.map(String.init).joined(separator: ", ")
      throw .constraint("\(days)", at: "retentionInDays", "satisfy enum value set: [\(allowed)]")
    }
    _ = try await ownGroup(call, name)
    try registry.change(call.environment, name) { $0.retentionDays = Int(days) }
    keepRetention(call.environment)
    return .nothing
  }

  /// Tells the store how long the environment's groups keep their events.
  func keepRetention(_ environment: String) { state.parts.retain?(registry.retention()) }
}

extension LogRegistry {
  /// The days of every group that has some.
  func retention() -> [DatasetDays] {
    state.withLock { state in
      state.tenants.flatMap { (environment, tenant) in
        tenant.groups.values.compactMap { entry in
          entry.group.retentionDays.map { DatasetDays(environment: environment, dataset: entry.group.name, days: $0) }
        }
      }
    }
  }
}
