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
  }
  public var groups: [Group] = []
  /// Those of the groups that meet the threshold, the furthest beyond it first.
  public var exceeding: [Group] = []
  private let breakdowns: [String]

  /// Holds an answer of `trigger.query` against its threshold. COUNT of nothing is 0; other calculations of nothing have no value, which
  /// meets no threshold, and nor has a formula over them.
  public init(_ trigger: HoneycombTrigger, _ answer: Answer) {
    breakdowns = trigger.query.breakdowns
    let watched = trigger.query.watched
    let values = answer.columns.filter { $0.kind == .breakdown }
    if let results = answer.columns.first(where: { $0.kind != .breakdown && $0.name == watched?.name }) {
      for row in 0..<answer.rowCount {
        guard let result = results.values[row]?.number else { continue }
        groups.append(Group(values: values.map { $0.values[row] }, result: result))
      }
    }
    if groups.isEmpty, breakdowns.isEmpty, trigger.query.havings.isEmpty, case .calculation(let calculation)? = watched, calculation.operation == .count {
      groups = [Group(values: [], result: 0)]
    }
    exceeding = groups.filter { trigger.threshold.comparison.holds($0.result, trigger.threshold.value) }
      .sorted { abs($0.result - trigger.threshold.value) > abs($1.result - trigger.threshold.value) }
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
    return "Currently \(word) threshold value (\(threshold))" + (names.isEmpty ? "" : " for \(names)") + " (value \(Self.short(first.result)))" + others
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
