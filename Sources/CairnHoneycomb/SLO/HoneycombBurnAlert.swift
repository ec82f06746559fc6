// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// Whom to tell when an objective's budget is about to run out, or falls fast.
///
/// ```json
/// {"id": "77aa01bc", "alert_type": "exhaustion_time", "exhaustion_minutes": 240, "slo": {"id": "1c9e04f2"}, "description": "…",
///  "recipients": [{"id": "5b0c11e9", "type": "webhook", "target": "on call"}], "triggered": false}
/// {"alert_type": "budget_rate", "budget_rate_window_minutes": 60, "budget_rate_decrease_threshold_per_million": 50000, …}
/// ```
/// Source: the `BurnAlert` schemas of Honeycomb's OpenAPI document. Refused with a reason: `auto_investigate`.
public struct HoneycombBurnAlert: Sendable, Hashable {
  public enum Condition: Sendable, Hashable {
    /// At the present rate the budget is spent within so many minutes.
    case exhaustion(minutes: Int64)
    /// Within the window at least this part of the whole budget was spent.
    case rate(windowMinutes: Int64, perMillion: Int64)
  }
  public var id: String
  /// The path's: a dataset's slug, or `__all__`.
  public var dataset: String
  public internal(set) var condition = Condition.exhaustion(minutes: 0)
  public internal(set) var slo = ""
  public internal(set) var description = ""
  public var receivers: [HoneycombTrigger.Receiver] = []
  /// True while the condition is met.
  public var isTriggered = false
  public var createdUnixNanoseconds: Int64
  public var updatedUnixNanoseconds: Int64

  /// Reads what a client sends.
  public init(parsing json: JSONValue, id: String, dataset: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    self.id = id
    self.dataset = dataset
    (createdUnixNanoseconds, updatedUnixNanoseconds) = (nowUnixNanoseconds, nowUnixNanoseconds)
    try read(json, isNew: true)
  }

  /// The alert with what a client sends in its place; what it does not name stays. Its objective and its type cannot change.
  public mutating func change(_ json: JSONValue, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    try read(json, isNew: false)
    updatedUnixNanoseconds = nowUnixNanoseconds
  }

  /// The name of the condition on the wire.
  public var type: String {
    switch condition {
    case .exhaustion: "exhaustion_time"
    case .rate: "budget_rate"
    }
  }

  private static let (minutes, window, threshold) = ("exhaustion_minutes", "budget_rate_window_minutes", "budget_rate_decrease_threshold_per_million")

  private mutating func read(_ json: JSONValue, isNew: Bool) throws(HoneycombError) {
    var findings = Findings()
    let known = ["id", "alert_type", Self.minutes, Self.window, Self.threshold, "slo", "description", "recipients", "triggered", "auto_investigate", "created_at", "updated_at"]
    guard findings.isObject(json, "", known: known) else { return try findings.settle() }
    if let text = findings.text(json["description"], "description") { description = text }
    if description.count > 1023 { findings.add("description", .invalid, "may have at most 1023 characters") }
    if let given = Findings.present(json["slo"]), findings.isObject(given, "slo", known: ["id"]) {
      let wanted = findings.text(given["id"], "slo.id") ?? ""
      if !isNew, wanted != slo { findings.add("slo.id", .invalid, "the SLO of a burn alert cannot change") }
      if isNew { slo = wanted }
    }
    if slo.isEmpty { findings.add("slo.id", .missing, "a burn alert needs the id of an SLO") }
    if findings.truth(json["auto_investigate"], "auto_investigate") == true { findings.add("auto_investigate", .invalid, "is not supported") }
    readCondition(json, isNew, &findings)
    if Findings.present(json["recipients"]) != nil { receivers = HoneycombTrigger.Receiver.list(json["recipients"], &findings) }
    try findings.settle()
  }

  private mutating func readCondition(_ json: JSONValue, _ isNew: Bool, _ findings: inout Findings) {
    // The Go client writes an empty text where none is set.
    let named = findings.text(json["alert_type"], "alert_type") ?? ""
    let asked = named.isEmpty ? isNew ? "exhaustion_time" : type : named
    guard ["exhaustion_time", "budget_rate"].contains(asked) else { return findings.add("alert_type", .invalid, "exhaustion_time or budget_rate") }
    if !isNew, asked != type { return findings.add("alert_type", .invalid, "the type of a burn alert cannot change") }
    let isExhaustion = asked == "exhaustion_time"
    for name in isExhaustion ? [Self.window, Self.threshold] : [Self.minutes] where Findings.present(json[name]) != nil {
      findings.add(name, .invalid, "must not be specified when alert_type is \(asked)")
    }
    let needed = { (name: String, range: ClosedRange<Int64>, before: Int64?, findings: inout Findings) -> Int64 in
      if Findings.present(json[name]) == nil, before == nil { findings.add(name, .missing, "is required when alert_type is \(asked)") }
      return findings.integer(json[name], name, in: range) ?? before ?? 0
    }
    if isExhaustion {
      var before: Int64?
      if !isNew, case .exhaustion(let minutes) = condition { before = minutes }
      condition = .exhaustion(minutes: needed(Self.minutes, 0...Int64(HoneycombSLO.periodDaysMax) * 1440, before, &findings))
    } else {
      var before: (Int64, Int64)?
      if !isNew, case .rate(let window, let perMillion) = condition { before = (window, perMillion) }
      condition = .rate(
        windowMinutes: needed(Self.window, 60...Int64(HoneycombSLO.periodDaysMax) * 1440, before?.0, &findings),
        perMillion: needed(Self.threshold, 1...1_000_000, before?.1, &findings))
    }
  }

  /// Writes the alert as one object.
  public func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("alert_type", type)
    switch condition {
    case .exhaustion(let minutes): writer.member(Self.minutes, minutes)
    case .rate(let window, let perMillion):
      writer.member(Self.window, window)
      writer.member(Self.threshold, perMillion)
    }
    writer.member("description", description)
    writer.key("slo")
    writer.beginObject()
    writer.member("id", slo)
    writer.endObject()
    writer.member("triggered", isTriggered)
    writer.objects("recipients", receivers) { $0.write(&$1) }
    writer.member("created_at", RFC3339.text(unixNanoseconds: createdUnixNanoseconds))
    writer.member("updated_at", RFC3339.text(unixNanoseconds: updatedUnixNanoseconds))
    writer.endObject()
  }
}
