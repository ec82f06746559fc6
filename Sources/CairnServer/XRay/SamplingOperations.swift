// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnXRay

/// The operations about sampling: rules, targets, statistics.
struct SamplingOperations: Sendable {
  let state: ServerState
  private static let pageCount = 100
  private static let rulesMax = 500

  var routes: [Route] {
    [
      // Programs that send ask for them, and people who manage them.
      Route.xray("/GetSamplingRules", nil) { (call) async throws(Refusal) in try rules(call) },
      Route.xray("/CreateSamplingRule", .manage) { (call) async throws(Refusal) in try create(call) },
      Route.xray("/UpdateSamplingRule", .manage) { (call) async throws(Refusal) in try update(call) },
      Route.xray("/DeleteSamplingRule", .manage) { (call) async throws(Refusal) in try delete(call) },
      Route.xray("/SamplingTargets", .ingest) { (call) async throws(Refusal) in try targets(call) },
      Route.xray("/SamplingStatisticSummaries", .query) { (call) async throws(Refusal) in try summaries(call) },
    ]
  }

  // MARK: Rules

  private func rules(_ call: XRayCall) throws(Refusal) -> Response {
    let records = try state.sampling.records(call.environment)
    let start = min(try call.place(), records.count)
    let page = records[start...].prefix(Self.pageCount)
    return XRayCall.answer { (writer) in
      writer.array("SamplingRuleRecords", page) { (record, writer) in write(record, call, &writer) }
      if page.endIndex < records.count { writer.member("NextToken", String(page.endIndex)) }
    }
  }

  private func create(_ call: XRayCall) throws(Refusal) -> Response {
    let tree = try call.required("SamplingRule")
    let rule: SamplingRule
    do throws(SamplingRule.Problem) {
      rule = try SamplingRule(creating: tree)
    } catch {
      throw Refusal(aws: "InvalidRequestException", error.message)
    }
    let records = try state.sampling.records(call.environment)
    guard !records.contains(where: { $0.rule.name == rule.name }) else {
      throw Refusal(aws: "InvalidRequestException", "Sampling rule already exists")
    }
    guard records.count <= Self.rulesMax else {
      throw Refusal(aws: "RuleLimitExceededException", "You have reached the limit of \(Self.rulesMax) sampling rules.")
    }
    let now = state.sampling.nowUnixSeconds, arn = arn(rule.name, call), tagging = TagOperations(state: state)
    let record = SamplingDesk.Record(rule: rule, createdUnixSeconds: now, modifiedUnixSeconds: now)
    let tags = try tagging.together(call.body["Tags"]?.array ?? [], with: arn, call)
    try state.sampling.save(record, call.environment)
    if !tags.isEmpty { try tagging.save(tags, of: arn, call) }
    return answer(record, call)
  }

  private func update(_ call: XRayCall) throws(Refusal) -> Response {
    let change = try call.required("SamplingRuleUpdate")
    var record = try record(change, call)
    do throws(SamplingRule.Problem) {
      if record.rule.name == SamplingRule.defaultName {
        let allowed = ["RuleName", "RuleARN", "FixedRate", "ReservoirSize", "SamplingRateBoost"]
        for member in change.members ?? [] where !allowed.contains(member.name) {
          throw SamplingRule.Problem(message: "Only the FixedRate and ReservoirSize of the Default rule can be changed.")
        }
      }
      try record.rule.apply(change)
    } catch {
      throw Refusal(aws: "InvalidRequestException", error.message)
    }
    let now = state.sampling.nowUnixSeconds
    record.modifiedUnixSeconds = now
    if record.createdUnixSeconds == 0 { record.createdUnixSeconds = now }
    try state.sampling.save(record, call.environment)
    return answer(record, call)
  }

  private func delete(_ call: XRayCall) throws(Refusal) -> Response {
    let record = try record(call.body, call)
    guard record.rule.name != SamplingRule.defaultName else {
      throw Refusal(aws: "InvalidRequestException", "The Default sampling rule cannot be deleted.")
    }
    _ = try state.sampling.remove(record.rule.name, call.environment)
    try TagOperations(state: state).removeAll(from: arn(record.rule.name, call), call)
    return answer(record, call)
  }

  /// The rule that a tree names, by name or by ARN.
  private func record(_ tree: JSONValue, _ call: XRayCall) throws(Refusal) -> SamplingDesk.Record {
    let names = [tree["RuleName"]?.string, tree["RuleARN"]?.string.map(SamplingRule.name(arn:))].compactMap { $0 }.filter { !$0.isEmpty }
    guard let name = names.first else {
      throw Refusal(aws: "InvalidRequestException", "RuleName or RuleARN is required.")
    }
    guard let found = try state.sampling.records(call.environment).first(where: { $0.rule.name == name }) else {
      throw Refusal(aws: "InvalidRequestException", "Sampling rule does not exist.")
    }
    return found
  }

  private func arn(_ name: String, _ call: XRayCall) -> String { call.caller.arn("xray", "sampling-rule/\(name)") }

  private func answer(_ record: SamplingDesk.Record, _ call: XRayCall) -> Response {
    XRayCall.answer { (writer) in
      writer.key("SamplingRuleRecord")
      write(record, call, &writer)
    }
  }

  private func write(_ record: SamplingDesk.Record, _ call: XRayCall, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("SamplingRule")
    record.rule.write(to: &writer, arn: arn(record.rule.name, call))
    writer.member("CreatedAt", Double(record.createdUnixSeconds))
    writer.member("ModifiedAt", Double(record.modifiedUnixSeconds))
    writer.endObject()
  }

  // MARK: Targets

  private struct Target {
    var rule: SamplingRule
    var grant: SamplingBooks.Grant
    var boost: SamplingBooks.BoostGrant?
  }

  private func targets(_ call: XRayCall) throws(Refusal) -> Response {
    let documents = try call.requiredList("SamplingStatisticsDocuments")
    let records = try state.sampling.records(call.environment)
    let rules = Dictionary(records.map { ($0.rule.name, $0.rule) }) { first, _ in first }
    var reports: [(SamplingBooks.Report, SamplingRule)] = []
    var unknown: [String] = []
    for document in documents {
      let report = report(document)
      if let rule = rules[report.rule] { reports.append((report, rule)) } else { unknown.append(report.rule) }
    }
    let now = state.sampling.nowUnixSeconds
    let boosts = call.body["SamplingBoostStatisticsDocuments"]?.array ?? []
    let known = reports
    let targets = state.sampling.withBooks(call.environment) { (books: inout SamplingBooks) -> [Target] in
      let boosted = boosted(boosts, rules, &books, now: now)
      return known.map { (report, rule) in
        let grant = books.take(report, reservoir: rule.reservoirSize, now: now)
        return Target(rule: rule, grant: grant, boost: boosted[rule.name])
      }
    }
    let unknownBoosts = boosts.compactMap { $0["RuleName"]?.string }.filter { rules[$0] == nil }
    let modified = state.sampling.lastModification(records, call.environment)
    return XRayCall.answer { (writer) in
      writer.array("SamplingTargetDocuments", targets) { (target, writer) in write(target, &writer) }
      writer.member("LastRuleModification", Double(modified))
      write("UnprocessedStatistics", unknown, &writer)
      if !unknownBoosts.isEmpty { write("UnprocessedBoostStatistics", unknownBoosts, &writer) }
    }
  }

  private func report(_ document: JSONValue) -> SamplingBooks.Report {
    SamplingBooks.Report(
      rule: document["RuleName"]?.string ?? "", client: document["ClientID"]?.string ?? "",
      requestCount: document["RequestCount"]?.integer ?? 0, sampledCount: document["SampledCount"]?.integer ?? 0,
      borrowCount: document["BorrowCount"]?.integer ?? 0)
  }

  private func boosted(
    _ documents: [JSONValue], _ rules: [String: SamplingRule], _ books: inout SamplingBooks, now: Int64
  ) -> [String: SamplingBooks.BoostGrant] {
    var found: [String: SamplingBooks.BoostGrant] = [:]
    for document in documents {
      guard let name = document["RuleName"]?.string, let boost = rules[name]?.boost else { continue }
      found[name] = books.boost(
        name, boost, anomalyCount: document["AnomalyCount"]?.integer ?? 0,
        sampledAnomalyCount: document["SampledAnomalyCount"]?.integer ?? 0, now: now)
    }
    return found
  }

  private func write(_ target: Target, _ writer: inout JSONWriter) {
    writer.object { (writer) in
      writer.member("RuleName", target.rule.name)
      writer.member("FixedRate", target.rule.fixedRate)
      writer.member("ReservoirQuota", target.grant.quota)
      writer.member("ReservoirQuotaTTL", Double(target.grant.endUnixSeconds))
      writer.member("Interval", SamplingBooks.intervalSeconds)
      if let boost = target.boost {
        writer.object("SamplingBoost") { (writer) in
          writer.member("BoostRate", boost.rate)
          writer.member("BoostRateTTL", Double(boost.endUnixSeconds))
        }
      }
    }
  }

  private func write(_ name: String, _ rules: [String], _ writer: inout JSONWriter) {
    writer.array(name, rules) { (rule, writer) in
      writer.object { (writer) in
        writer.member("RuleName", rule)
        writer.member("ErrorCode", "InvalidRequestException")
        writer.member("Message", "The sampling rule \(rule) does not exist.")
      }
    }
  }

  // MARK: Statistics

  private func summaries(_ call: XRayCall) throws(Refusal) -> Response {
    let rows = state.sampling.withBooks(call.environment) { (books) in
      books.windows.flatMap { (rule, windows) in windows.map { (rule, $0) } }
    }
    let start = min(try call.place(), rows.count)
    let page = rows[start...].prefix(1_000)
    return XRayCall.answer { (writer) in
      writer.array("SamplingStatisticSummaries", page) { (row, writer) in
        writer.object { (writer) in
          writer.member("RuleName", row.0)
          writer.member("Timestamp", Double(row.1.startUnixSeconds))
          writer.member("RequestCount", row.1.requestCount)
          writer.member("BorrowCount", row.1.borrowCount)
          writer.member("SampledCount", row.1.sampledCount)
        }
      }
      if page.endIndex < rows.count { writer.member("NextToken", String(page.endIndex)) }
    }
  }
}
