// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// A service level objective: which share of the events that count has to be good over the last days.
///
/// ```json
/// {"id": "1c9e04f2", "name": "carts open fast", "description": "…", "sli": {"alias": "cart_ok"}, "time_period_days": 30,
///  "target_per_million": 999000, "dataset_slugs": ["shop"], "tags": [{"key": "team", "value": "web"}], "reset_at": null, "created_at": "…",
///  "updated_at": "…", "compliance": 99.95, "budget_remaining": 50.2}
/// ```
/// Source: the `SLO` and `SLODetailedResponse` schemas of Honeycomb's OpenAPI document; its tags are those of the Terraform provider.
public struct HoneycombSLO: Sendable, Hashable {
  public var id: String
  /// The path's: a dataset's slug, or `__all__`.
  public var dataset: String
  public internal(set) var name = ""
  public internal(set) var description = ""
  /// The name of the derived column that is true for good events, false for bad ones and null for those that do not count.
  public internal(set) var sli = ""
  public internal(set) var periodDays = 0
  /// 0 to 999,999; -1 until it is named.
  public internal(set) var targetPerMillion = -1
  /// Slugs; at least one.
  public internal(set) var datasets: [String] = []
  public internal(set) var tags: [HoneycombTrigger.Tag] = []
  public var createdUnixNanoseconds: Int64
  public var updatedUnixNanoseconds: Int64

  /// The longest period.
  public static let periodDaysMax = 90
  /// The most datasets of one.
  public static let datasetCountMax = 10
  static let environmentWide = "__all__"

  /// Reads what a client sends.
  public init(parsing json: JSONValue, id: String, dataset: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    self.id = id
    self.dataset = dataset
    (createdUnixNanoseconds, updatedUnixNanoseconds) = (nowUnixNanoseconds, nowUnixNanoseconds)
    try change(json, nowUnixNanoseconds: nowUnixNanoseconds)
  }

  private static let members = [
    "id", "name", "description", "sli", "time_period_days", "target_per_million", "dataset_slugs", "tags", "reset_at", "created_at", "updated_at",
    "compliance", "budget_remaining",
  ]

  /// The objective with what a client sends in its place; what it does not name stays.
  public mutating func change(_ json: JSONValue, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    var findings = Findings()
    guard findings.isObject(json, "", known: Self.members) else { return try findings.settle() }
    if let text = findings.text(json["name"], "name") { name = text }
    if !(1...120).contains(name.count) { findings.add("name", name.isEmpty ? .missing : .invalid, "must have 1 to 120 characters") }
    if let text = findings.text(json["description"], "description") { description = text }
    if description.count > 1023 { findings.add("description", .invalid, "may have at most 1023 characters") }
    if let given = Findings.present(json["sli"]), findings.isObject(given, "sli", known: ["alias"]) {
      sli = findings.text(given["alias"], "sli.alias") ?? ""
    }
    if sli.isEmpty { findings.add("sli.alias", .missing, "an SLO needs the alias of a derived column") }
    let (days, target) = ("time_period_days", "target_per_million")
    if let number = findings.integer(json[days], days, in: 1...Int64(Self.periodDaysMax)) { periodDays = Int(number) }
    if periodDays == 0, Findings.present(json[days]) == nil { findings.add(days, .missing, "an SLO needs a time period") }
    if let number = findings.integer(json[target], target, in: 0...999_999) {
      targetPerMillion = Int(number)
    } else if targetPerMillion < 0, Findings.present(json[target]) == nil {
      findings.add(target, .missing, "an SLO needs a target")
    }
    readDatasets(json["dataset_slugs"], &findings)
    if Findings.present(json["tags"]) != nil { tags = HoneycombTrigger.Tag.list(json["tags"], &findings) }
    updatedUnixNanoseconds = nowUnixNanoseconds
    try findings.settle()
  }

  private mutating func readDatasets(_ json: JSONValue?, _ findings: inout Findings) {
    let given = findings.items(json, "dataset_slugs").enumerated().compactMap { findings.text($0.element, "dataset_slugs[\($0.offset)]") }
    if dataset != Self.environmentWide {
      if !given.isEmpty, given != [dataset] { findings.add("dataset_slugs", .invalid, "an SLO of several datasets is made at \(Self.environmentWide)") }
      datasets = [dataset]
      return
    }
    if !given.isEmpty { datasets = given.reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }
    if datasets.isEmpty { findings.add("dataset_slugs", .missing, "an SLO of the environment names its datasets") }
    if datasets.count > Self.datasetCountMax { findings.add("dataset_slugs", .invalid, "may have at most \(Self.datasetCountMax) items") }
  }

  /// Writes the objective as one object, with how it stands where that is asked for.
  public func write(to writer: inout JSONWriter, standing: SLOStanding?) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("name", name)
    writer.member("description", description)
    writer.key("sli")
    writer.beginObject()
    writer.member("alias", sli)
    writer.endObject()
    writer.member("time_period_days", periodDays)
    writer.member("target_per_million", targetPerMillion)
    if let standing {
      writer.member("compliance", standing.compliance)
      writer.member("budget_remaining", standing.budgetRemaining)
    }
    writer.member("dataset_slugs", datasets)
    writer.objects("tags", tags) { (tag, writer) in
      writer.member("key", tag.key)
      writer.member("value", tag.value)
    }
    writer.key("reset_at")
    writer.null()
    writer.member("created_at", RFC3339.text(unixNanoseconds: createdUnixNanoseconds))
    writer.member("updated_at", RFC3339.text(unixNanoseconds: updatedUnixNanoseconds))
    writer.endObject()
  }
}
