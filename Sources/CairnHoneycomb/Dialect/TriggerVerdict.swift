// SPDX-License-Identifier: Apache-2.0
public import CairnColumns
internal import CairnFormats
public import CairnPlan

/// What one asking of a trigger's question found.
public struct TriggerVerdict: Sendable {
  public struct Group: Sendable, Hashable {
    /// In the order of the breakdowns; nil where the group's events have no such field.
    public var values: [FieldValue?]
    public var result: Double
    /// What it was in the earlier time, where the trigger has a baseline and there was a value.
    public var before: Double?
    /// What is held against the threshold: the result, or beside a baseline its change; nil where that cannot be told.
    var measure: Double?
  }
  public var groups: [Group] = []
  /// Those of the groups that meet the threshold, the furthest beyond it first.
  public var exceeding: [Group] = []
  private let breakdowns: [String]

  /// Holds an answer of `trigger.query` against its threshold. COUNT of nothing is 0; other calculations of nothing have no value, which
  /// meets no threshold, and nor has a formula over them.
  ///
  /// - Parameter earlier: the answer about the baseline's time, where the trigger has one. A group without a value then has no change, as has
  ///   one whose value was 0 where the change is a percentage.
  public init(_ trigger: HoneycombTrigger, _ answer: Answer, earlier: Answer? = nil) {
    breakdowns = trigger.query.breakdowns
    // What an answer without room for all its groups does not have may be there all the same.
    let isWhole = !answer.info.isTruncated && earlier?.info.isTruncated != true
    let isCount = isWhole && trigger.query.havings.isEmpty && trigger.query.isCountWatched
    var now = Self.results(trigger, answer)
    let before = earlier.map { Dictionary(Self.results(trigger, $0), uniquingKeysWith: { first, _ in first }) }
    if isCount {
      // Groups that are no longer there count nothing.
      let known = Set(now.map(\.0))
      for values in (before ?? [:]).keys where !known.contains(values) { now.append((values, 0)) }
      if now.isEmpty, breakdowns.isEmpty { now = [([], 0)] }
    }
    groups = now.map { (values, result) in
      guard let before, let baseline = trigger.baseline else { return Group(values: values, result: result, measure: result) }
      let then = before[values] ?? (isCount ? 0 : nil)
      return Group(values: values, result: result, before: then, measure: then.flatMap { baseline.change(from: $0, to: result) })
    }
    let threshold = trigger.threshold
    exceeding = groups.filter { $0.measure.map { threshold.comparison.holds($0, threshold.value) } ?? false }
      .sorted { abs(($0.measure ?? 0) - threshold.value) > abs(($1.measure ?? 0) - threshold.value) }
  }

  /// The groups of an answer that have a value.
  private static func results(_ trigger: HoneycombTrigger, _ answer: Answer) -> [([FieldValue?], Double)] {
    let values = answer.columns.filter { $0.kind == .breakdown }
    guard let results = answer.columns.first(where: { $0.kind != .breakdown && $0.name == trigger.query.watched?.name }) else { return [] }
    return (0..<answer.rowCount).compactMap { (row) in results.values[row]?.number.map { (values.map { $0.values[row] }, $0) } }
  }

  private static let words: [Comparison: String] = [
    .greater: "greater than", .greaterOrEqual: "greater than or equal to", .less: "less than", .lessOrEqual: "less than or equal to",
  ]

  /// What the verdict says, in a line.
  public func text(_ trigger: HoneycombTrigger) -> String {
    let word = Self.words[trigger.threshold.comparison] ?? ""
    let threshold = Self.short(trigger.threshold.value)
    guard let first = exceeding.first else { return "No longer \(word) threshold value (\(threshold))" }
    let names = zip(breakdowns, first.values).map { "\($0):\(Self.text($1))" }.joined(separator: ", ")
    let others = exceeding.count > 1 ? " and \(exceeding.count - 1) more" : ""
    return "Currently \(word) threshold value (\(threshold))" + (names.isEmpty ? "" : " for \(names)") + " (\(Self.valueText(first, trigger)))" + others
  }

  /// The body of a webhook: Honeycomb's own where no template is set.
  public func webhookBody(_ trigger: HoneycombTrigger, environment: String, resultURL: String, triggerURL: String, isTest: Bool) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("version", "v0.1.0")
    writer.member("id", trigger.id)
    writer.member("name", trigger.name)
    writer.member("trigger_description", trigger.description)
    writer.member("trigger_url", triggerURL)
    writer.member("status", trigger.isTriggered ? "TRIGGERED" : "OK")
    writer.member("alert_type", trigger.alertType.rawValue)
    writer.member("summary", summary(trigger))
    writer.member("description", text(trigger))
    writer.member("operator", Self.words[trigger.threshold.comparison] ?? "")
    writer.member("threshold", trigger.threshold.value)
    writer.member("dataset_name", trigger.dataset)
    writer.member("environment", environment)
    writer.member("result_url", resultURL)
    write("result_groups", groups, &writer)
    write("result_groups_triggered", exceeding, &writer)
    writer.member("is_test", isTest)
    writer.endObject()
    return writer.finish()
  }

  public func summary(_ trigger: HoneycombTrigger) -> String { "\(trigger.isTriggered ? "Triggered" : "Resolved"): \(trigger.name)" }

  private func write(_ name: String, _ groups: [Group], _ writer: inout JSONWriter) {
    writer.key(name)
    writer.beginArray()
    for group in groups.prefix(100) {
      writer.beginObject()
      writer.key("Group")
      writer.beginObject()
      for (name, value) in zip(breakdowns, group.values) {
        writer.key(name)
        switch value {
        case nil: writer.null()
        case .string(let text): writer.string(text)
        case .integer(let number): writer.integer(number)
        case .float(let number): writer.double(number)
        case .boolean(let truth): writer.boolean(truth)
        }
      }
      writer.endObject()
      writer.member("Result", group.result)
      writer.endObject()
    }
    writer.endArray()
  }

  private static func valueText(_ group: Group, _ trigger: HoneycombTrigger) -> String {
    guard let baseline = trigger.baseline, let before = group.before, let change = group.measure else { return "value \(short(group.result))" }
    let sign = change > 0 ? "+" : ""
    let unit = baseline.kind == .percentage ? "%" : ""
    return "value \(short(group.result)), \(short(before)) \(baseline.offsetText) earlier: \(sign)\(short(change))\(unit)"
  }

  private static func text(_ value: FieldValue?) -> String {
    switch value {
    case nil: "(none)"
    case .string(let text): text
    case .integer(let number): String(number)
    case .float(let number): short(number)
    case .boolean(let truth): String(truth)
    }
  }

  private static func short(_ number: Double) -> String { Int64(exactly: number).map { String($0) } ?? String((number * 1000).rounded() / 1000) }
}
