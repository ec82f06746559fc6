// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnFormats

/// Policies of the whole account: each bears upon every group that its selection covers, those that come later too.
///
/// Masks and subscriptions of the account stand beside a group's own; an index policy of the account is shown where the group has none.
extension LogsDesk {
  var accountPolicyOperations: [LogsOperation] {
    [
      LogsOperation("PutAccountPolicy", .manage) { (call) async throws(LogsError) in try await putAccountPolicy(call) },
      LogsOperation("DescribeAccountPolicies", .query) { (call) async throws(LogsError) in try describeAccountPolicies(call) },
      LogsOperation("DeleteAccountPolicy", .manage) { (call) async throws(LogsError) in
        try refuseDryRun(call)
        let key = "\(try call.text("policyType"))/\(try call.text("policyName"))"
        guard try registry.remove(call.environment, "account-policy", key) else {
          throw LogsError(.resourceNotFound, "The specified policy does not exist.")
        }
        return .nothing
      },
    ]
  }

  static let accountPolicyTypes = [
    "DATA_PROTECTION_POLICY", "SUBSCRIPTION_FILTER_POLICY", "FIELD_INDEX_POLICY", "TRANSFORMER_POLICY", "METRIC_EXTRACTION_POLICY",
    "RETENTION_POLICY",
  ]

  /// How many policies of a type an account may have, as at AWS.
  private static let countMax = ["DATA_PROTECTION_POLICY": 1, "SUBSCRIPTION_FILTER_POLICY": 1, "FIELD_INDEX_POLICY": 20]

  private func putAccountPolicy(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    try refuseDryRun(call)
    let name = try call.text("policyName")
    let document = try call.text("policyDocument")
    guard let type = try call.optionalText("policyType") else { throw .missing("policyType") }
    guard let most = Self.countMax[type] else {
      throw LogsError(.invalidParameter, "Cairn applies no account policy of the type \(type): set it for each log group.")
    }
    let criteria = try call.optionalText("selectionCriteria")
    try await check(call, type, document)
    _ = try AccountSelection(criteria, ofType: type)
    let key = "\(type)/\(name)"
    let others = registry.items(call.environment, "account-policy").filter { $0.value["policyType"]?.string == type && $0.name != key }
    guard others.count < most else { throw LogsError(.limitExceeded, "Resource limit exceeded.") }
    var members = [
      JSONMember("policyName", .string(name)), JSONMember("policyDocument", .string(document)),
      JSONMember("lastUpdatedTime", .integer(call.nowUnixMilliseconds)), JSONMember("policyType", .string(type)),
      JSONMember("scope", .string(try call.optionalText("scope") ?? "ALL")),
    ]
    if let criteria { members.append(JSONMember("selectionCriteria", .string(criteria))) }
    let policy = JSONValue.object(members + [JSONMember("accountId", .string(call.account.account))])
    try registry.put(call.environment, "account-policy", key, policy)
    return .object { $0.member("accountPolicy", policy) }
  }

  /// A dry run keeps nothing, and AWS has it for policies of retention alone.
  private func refuseDryRun(_ call: LogsCall) throws(LogsError) {
    guard try call.boolean("dryRun") != true else {
      throw LogsError(.invalidParameter, "dryRun is valid only for RETENTION_POLICY, which Cairn does not have.")
    }
  }

  private func check(_ call: LogsCall, _ type: String, _ document: String) async throws(LogsError) {
    switch type {
    case "DATA_PROTECTION_POLICY": _ = try DataProtection(document: document)
    case "FIELD_INDEX_POLICY": _ = try indexedFields(document)
    default:
      guard let policy = try? JSONValue(parsing: document), let destination = policy["DestinationArn"]?.string else {
        throw LogsError(.invalidParameter, "The policy document must be a JSON object with DestinationArn and FilterPattern.")
      }
      _ = try FilterPattern(policy["FilterPattern"]?.string ?? "")
      try await checkDestination(call, destination)
    }
  }

  private func describeAccountPolicies(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    guard let type = try call.optionalText("policyType") else { throw .missing("policyType") }
    let name = try call.optionalText("policyName")
    let found = registry.items(call.environment, "account-policy").filter {
      $0.value["policyType"]?.string == type && (name == nil || $0.value["policyName"]?.string == name)
    }
    if name != nil, found.isEmpty { throw LogsError(.resourceNotFound, "The specified policy does not exist.") }
    let (page, next) = try call.page(found, limit: 50) { $0.name }
    return .object {
      $0.member("accountPolicies", .array(page.map(\.value)))
      $0.member("nextToken", ifPresent: next)
    }
  }

  /// The policies of a type that bear upon a group.
  func accountPolicies(_ environment: String, _ type: String, on group: String) -> [JSONValue] {
    registry.items(environment, "account-policy").map(\.value).filter { policy in
      policy["policyType"]?.string == type
        && (try? AccountSelection(policy["selectionCriteria"]?.string, ofType: type))?.covers(group) == true
    }
  }
}

/// Which groups a policy of the account bears upon: `LogGroupName NOT IN ["a", "b"]` for subscriptions, `LogGroupNamePrefix = "/aws/"` for
/// indexes, everything where nothing is said.
struct AccountSelection: Sendable {
  private var names: [String] = []
  private var isPrefix = false

  /// Throws for what is no selection, or none for this type of policy.
  init(_ criteria: String?, ofType type: String) throws(LogsError) {
    guard let criteria, criteria.contains(where: { !$0.isWhitespace }) else { return }
    let isSubscription = type == "SUBSCRIPTION_FILTER_POLICY"
    let form = isSubscription ? #"LogGroupName NOT IN ["…"]"# : #"LogGroupNamePrefix = "…""#
    guard type != "DATA_PROTECTION_POLICY", let start = criteria.firstIndex(where: { $0 == "[" || $0 == "\"" }) else {
      throw LogsError(.invalidParameter, "The selectionCriteria of a \(type) must have the form \(form).")
    }
    let words = criteria[..<start].split(whereSeparator: \.isWhitespace)
    let wanted = isSubscription ? [["LogGroupName", "NOT", "IN"]] : [["LogGroupNamePrefix", "="], ["LogGroupNamePrefix", "=="], ["LogGroupNamePrefix", "IN"]]
    let value = try? JSONValue(parsing: String(criteria[start...]))
    guard wanted.contains(where: { $0.elementsEqual(words) { $0 == $1 } }), let value else {
      throw LogsError(.invalidParameter, "The selectionCriteria of a \(type) must have the form \(form).")
    }
    names = value.array?.compactMap(\.string) ?? value.string.map { [$0] } ?? []
    isPrefix = !isSubscription
  }

  func covers(_ group: String) -> Bool {
    if names.isEmpty { return true }
    return isPrefix ? names.contains { group.hasPrefix($0) } : !names.contains(group)
  }
}
