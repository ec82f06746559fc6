// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnCatalog
import CairnCloudWatch
import CairnFormats

/// Metric filters and subscription filters, and the destinations that subscriptions name.
extension LogsDesk {
  var filterOperations: [LogsOperation] {
    [
      LogsOperation("PutMetricFilter", .manage) { (call) async throws(LogsError) in try await putMetricFilter(call) },
      LogsOperation("DescribeMetricFilters", .query) { (call) async throws(LogsError) in try await describeMetricFilters(call) },
      LogsOperation("DeleteMetricFilter", .manage) { (call) async throws(LogsError) in
        try await deleteFilter(call, "metric-filter", "The specified metric filter does not exist.")
      },
      LogsOperation("TestMetricFilter", .query) { (call) async throws(LogsError) in try testMetricFilter(call) },
      LogsOperation("PutSubscriptionFilter", .manage) { (call) async throws(LogsError) in try await putSubscription(call) },
      LogsOperation("DescribeSubscriptionFilters", .query) { (call) async throws(LogsError) in
        try await describeSubscriptions(call)
      },
      LogsOperation("DeleteSubscriptionFilter", .manage) { (call) async throws(LogsError) in
        try await deleteFilter(call, "subscription", "The specified subscription filter does not exist.")
      },
      LogsOperation("PutDestination", .manage) { (call) async throws(LogsError) in try putDestination(call) },
      LogsOperation("PutDestinationPolicy", .manage) { (call) async throws(LogsError) in
        let name = try call.text("destinationName")
        let policy = try call.text("accessPolicy")
        try registry.update(call.environment, "destination", name) { (destination) throws(LogsError) in
          guard let destination else { throw LogsError(.resourceNotFound, "The specified destination does not exist.") }
          return destination.with("accessPolicy", .string(policy))
        }
        return .nothing
      },
      LogsOperation("DescribeDestinations", .query) { (call) async throws(LogsError) in
        let prefix = try call.optionalText("DestinationNamePrefix") ?? ""
        let all = registry.items(call.environment, "destination").filter { $0.name.hasPrefix(prefix) }
        let (page, next) = try call.page(all, limit: try call.limit()) { $0.name }
        return .object {
          $0.member("destinations", .array(page.map(\.value)))
          $0.member("nextToken", ifPresent: next)
        }
      },
      LogsOperation("DeleteDestination", .manage) { (call) async throws(LogsError) in
        guard try registry.remove(call.environment, "destination", try call.text("destinationName")) else {
          throw LogsError(.resourceNotFound, "The specified destination does not exist.")
        }
        return .nothing
      },
    ]
  }

  static let metricFilterCountMax = 100
  static let subscriptionCountMax = 2

  /// What chooses among centralized logs of several accounts, and adds where a line came from.
  private func refuseCentralization(_ call: LogsCall, _ fields: String) throws(LogsError) {
    let hasCriteria = try call.optionalText("fieldSelectionCriteria")?.isEmpty == false
    guard !hasCriteria, try call.texts(fields)?.isEmpty != false else {
      throw LogsError(.invalidParameter, "fieldSelectionCriteria and \(fields) are for centralized log groups, which Cairn does not have.")
    }
  }

  // MARK: Metric filters

  private func putMetricFilter(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let group = try call.groupName()
    let name = try call.text("filterName")
    let pattern = try call.text("filterPattern")
    try refuseCentralization(call, "emitSystemFieldDimensions")
    guard let transformation = call.input["metricTransformations"]?.array?.first else { throw .missing("metricTransformations") }
    let compiled = try MetricFilter(name: name, pattern: try FilterPattern(pattern), transformation: transformation)
    let entry = try await ownGroup(call, group)
    let known = entry.items["metric-filter"] ?? [:]
    guard known[name] != nil || known.count < Self.metricFilterCountMax else {
      throw LogsError(.limitExceeded, "Resource limit exceeded.")
    }
    try registry.put(
      call.environment, "metric-filter", group: group, name,
      .object([
        JSONMember("filterName", .string(name)), JSONMember("filterPattern", .string(pattern)),
        JSONMember("metricTransformations", .array([compiled.document])),
        JSONMember("creationTime", known[name]?["creationTime"] ?? .integer(call.nowUnixMilliseconds)),
        JSONMember("logGroupName", .string(group)), JSONMember("applyOnTransformedLogs", .boolean(false)),
      ]))
    return .nothing
  }

  private func describeMetricFilters(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let prefix = try call.optionalText("filterNamePrefix") ?? ""
    let metric = try call.optionalText("metricName")
    let namespace = try call.optionalText("metricNamespace")
    guard (metric == nil) == (namespace == nil) else {
      throw LogsError(
        .invalidParameter,
        "If you include the metricName parameter in your request, you must also include the metricNamespace parameter.")
    }
    let groups: [LogRegistry.Group]
    if let name = try call.optionalText("logGroupName") {
      groups = [try await group(call, name)]
    } else {
      groups = registry.groups(call.environment)
    }
    let all = groups.flatMap { group in
      (group.items["metric-filter"] ?? [:]).sorted { precedes($0.key, $1.key) }.map {
        (key: "\(group.group.name)\0\($0.key)", name: $0.key, value: $0.value)
      }
    }.filter { entry in
      let transformation = entry.value["metricTransformations"]?.array?.first
      return entry.name.hasPrefix(prefix) && (metric == nil || transformation?["metricName"]?.string == metric)
        && (namespace == nil || transformation?["metricNamespace"]?.string == namespace)
    }
    let (page, next) = try call.page(all, limit: try call.limit()) { $0.key }
    return .object {
      $0.member("metricFilters", .array(page.map(\.value)))
      $0.member("nextToken", ifPresent: next)
    }
  }

  private func testMetricFilter(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let pattern = try FilterPattern(try call.text("filterPattern"))
    guard let lines = try call.texts("logEventMessages") else { throw .missing("logEventMessages") }
    return .object { writer in
      let found = lines.enumerated().compactMap { (index, line) in pattern.extract(line).map { (index + 1, line, $0) } }
      writer.objects("matches", found) { writer, match in
        writer.member("eventNumber", match.0)
        writer.member("eventMessage", match.1)
        writer.key("extractedValues")
        writer.beginObject()
        for (name, value) in match.2.sorted(by: { $0.key < $1.key }) { writer.member(name, value) }
        writer.endObject()
      }
    }
  }

  private func deleteFilter(_ call: LogsCall, _ kind: String, _ missing: String) async throws(LogsError) -> LogsAnswer {
    let group = try call.groupName()
    let name = try call.text("filterName")
    _ = try await self.group(call, group)
    guard try registry.remove(call.environment, kind, group: group, name) else { throw LogsError(.resourceNotFound, missing) }
    return .nothing
  }

  // MARK: Subscriptions

  private func putSubscription(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let group = try call.groupName()
    let name = try call.text("filterName")
    let pattern = try call.text("filterPattern")
    try refuseCentralization(call, "emitSystemFields")
    _ = try FilterPattern(pattern)
    let destination = try call.text("destinationArn")
    let distribution = try call.optionalText("distribution") ?? "ByLogStream"
    let entry = try await ownGroup(call, group)
    try await checkDestination(call, destination)
    let known = entry.items["subscription"] ?? [:]
    guard known[name] != nil || known.count < Self.subscriptionCountMax else {
      throw LogsError(.limitExceeded, "Resource limit exceeded.")
    }
    var document = [
      JSONMember("filterName", .string(name)), JSONMember("logGroupName", .string(group)),
      JSONMember("filterPattern", .string(pattern)),
      JSONMember("destinationArn", .string(destination)),
    ]
    if let role = try call.optionalText("roleArn") { document.append(JSONMember("roleArn", .string(role))) }
    document += [
      JSONMember("distribution", .string(distribution)), JSONMember("applyOnTransformedLogs", .boolean(false)),
      JSONMember("creationTime", known[name]?["creationTime"] ?? .integer(call.nowUnixMilliseconds)),
    ]
    try registry.put(call.environment, "subscription", group: group, name, .object(document))
    return .nothing
  }

  /// Throws where nothing can be delivered there.
  func checkDestination(_ call: LogsCall, _ destination: String) async throws(LogsError) {
    guard let url = webhook(call.environment, destination) else {
      throw LogsError(
        .invalidParameter,
        "Could not deliver test message to specified destination. Cairn delivers to a URL, https://… or http://…, given as destinationArn, "
          + "or as targetArn of the destination that it names.")
    }
    if let reason = await state.alerts.refusal(url) {
      throw LogsError(.invalidParameter, "Could not deliver test message to specified destination: \(reason)")
    }
  }

  /// Where a subscription delivers: a URL itself, or the target of a destination.
  func webhook(_ environment: String, _ arn: String) -> String? {
    var url = arn
    if let range = arn.firstRange(of: ":destination:") {
      guard let target = registry.item(environment, "destination", String(arn[range.upperBound...]))?["targetArn"]?.string else { return nil }
      url = target
    }
    return (try? WebTarget(url)) == nil ? nil : url
  }

  private func describeSubscriptions(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let name = try call.groupName()
    let prefix = try call.optionalText("filterNamePrefix") ?? ""
    let group = try await group(call, name)
    let all = (group.items["subscription"] ?? [:]).filter { $0.key.hasPrefix(prefix) }.sorted { precedes($0.key, $1.key) }
    let (page, next) = try call.page(all, limit: try call.limit()) { $0.key }
    return .object {
      $0.member("subscriptionFilters", .array(page.map(\.value)))
      $0.member("nextToken", ifPresent: next)
    }
  }

  private func putDestination(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let name = try call.text("destinationName")
    let known = registry.item(call.environment, "destination", name)
    var document = [
      JSONMember("destinationName", .string(name)), JSONMember("targetArn", .string(try call.text("targetArn"))),
      JSONMember("roleArn", .string(try call.text("roleArn"))),
    ]
    if let policy = known?["accessPolicy"] { document.append(JSONMember("accessPolicy", policy)) }
    document += [
      JSONMember("arn", .string(call.account.arn("destination:\(name)"))),
      JSONMember("creationTime", known?["creationTime"] ?? .integer(call.nowUnixMilliseconds)),
    ]
    let destination = JSONValue.object(document)
    try registry.put(call.environment, "destination", name, destination)
    let tags = call.tags()
    if !tags.isEmpty { try keepTags(call, "destination", name, tags) }
    return .object { $0.member("destination", destination) }
  }
}

extension JSONValue {
  /// The object with a member set.
  func with(_ name: String, _ value: JSONValue) -> JSONValue {
    .object((members ?? []).filter { $0.name != name } + [JSONMember(name, value)])
  }
}
