// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import CairnPlan

extension HoneycombTrigger {
  private static let members = [
    "id", "dataset_slug", "name", "description", "query", "query_id", "threshold", "frequency", "alert_type", "disabled", "triggered", "recipients",
    "evaluation_schedule_type", "evaluation_schedule", "baseline_details", "auto_investigate", "tags", "created_at", "updated_at",
  ]
  private static let frequencies: ClosedRange<Int64> = 60...86_400

  mutating func read(_ json: JSONValue, isNew: Bool) throws(HoneycombError) {
    var findings = Findings()
    guard findings.isObject(json, "", known: Self.members) else { return try findings.settle() }
    readWords(json, &findings)
    readThreshold(json["threshold"], isNew, &findings)
    if let seconds = findings.integer(json["frequency"], "frequency", in: Self.frequencies) {
      if seconds % 60 == 0 { frequencySeconds = seconds } else { findings.add("frequency", .invalid, "must be whole minutes, in seconds") }
    }
    if let word = findings.text(json["alert_type"], "alert_type") {
      if let type = AlertType(rawValue: word) { alertType = type } else { findings.add("alert_type", .invalid, "on_change or on_true") }
    }
    isDisabled = findings.truth(json["disabled"], "disabled") ?? isDisabled
    if Findings.present(json["recipients"]) != nil { receivers = Receiver.list(json["recipients"], &findings) }
    readWindow(json, &findings)
    if Findings.present(json["tags"]) != nil { tags = Tag.list(json["tags"], &findings) }
    readBaseline(json["baseline_details"], &findings)
    if findings.truth(json["auto_investigate"], "auto_investigate") == true { findings.add("auto_investigate", .invalid, "is not supported") }
    try findings.settle()
    try readQuery(json["query"], isNew)
  }

  private mutating func readWords(_ json: JSONValue, _ findings: inout Findings) {
    if let text = findings.text(json["name"], "name") { name = text }
    if !(1...120).contains(name.count) { findings.add("name", name.isEmpty ? .missing : .invalid, "must have 1 to 120 characters") }
    if let text = findings.text(json["description"], "description") { description = text }
    if description.count > 1023 { findings.add("description", .invalid, "may have at most 1023 characters") }
  }

  private mutating func readThreshold(_ json: JSONValue?, _ isNew: Bool, _ findings: inout Findings) {
    guard let json = Findings.present(json) else {
      if isNew { findings.add("threshold", .missing, "a trigger needs a threshold") }
      return
    }
    guard findings.isObject(json, "threshold", known: ["op", "value", "exceeded_limit"]) else { return }
    let names = [">", ">=", "<", "<="]
    if let word = findings.text(json["op"], "threshold.op"), names.contains(word) {
      threshold.comparison = HoneycombQuery.comparisons.first { $0.name == word }?.comparison ?? .greater
    } else {
      findings.add("threshold.op", .invalid, "must be one of > >= < <=")
    }
    if let value = json["value"]?.number, value.isFinite { threshold.value = value } else { findings.add("threshold.value", .invalid, "must be a number") }
    threshold.exceededLimit = findings.integer(json["exceeded_limit"], "threshold.exceeded_limit", in: 1...5).map { Int($0) } ?? 1
  }

  /// An empty object takes the baseline away, as Terraform's client does.
  private mutating func readBaseline(_ json: JSONValue?, _ findings: inout Findings) {
    if let json = Findings.present(json), findings.isObject(json, "baseline_details", known: ["type", "offset_minutes"]) {
      baseline = nil
      if json.members?.isEmpty == false {
        let kind = Baseline.Kind(rawValue: json["type"]?.string ?? "")
        if kind == nil { findings.add("baseline_details.type", .invalid, "value or percentage") }
        let minutes = json["offset_minutes"]?.integer ?? 0
        if !Self.baselineMinutes.contains(minutes) { findings.add("baseline_details.offset_minutes", .invalid, "must be one of 60, 1440, 10080, 40320") }
        baseline = kind.map { Baseline(kind: $0, offsetMinutes: minutes) }
      }
    }
    guard baseline != nil else { return }
    switch threshold.comparison {
    case .greaterOrEqual:
      if threshold.value < 0 { findings.add("threshold.value", .invalid, "must not be negative beside >= and a baseline: it is an increase") }
    case .lessOrEqual:
      if threshold.value > 0 { findings.add("threshold.value", .invalid, "must not be positive beside <= and a baseline: it is a decrease") }
    default: findings.add("threshold.op", .invalid, "must be >= or <= beside a baseline")
    }
  }

  /// An hour, a day, a week, four weeks.
  private static let baselineMinutes: [Int64] = [60, 1440, 10_080, 40_320]

  private mutating func readWindow(_ json: JSONValue, _ findings: inout Findings) {
    let type = findings.text(json["evaluation_schedule_type"], "evaluation_schedule_type")
    if let type, !["frequency", "window"].contains(type) { findings.add("evaluation_schedule_type", .invalid, "frequency or window") }
    if type == "frequency" { window = nil }
    guard let schedule = Findings.present(json["evaluation_schedule"]) else {
      if type == "window", window == nil { findings.add("evaluation_schedule", .missing, "a window needs its days and times") }
      return
    }
    guard type != "frequency", findings.isObject(schedule, "evaluation_schedule", known: ["window"]), let given = schedule["window"],
      findings.isObject(given, "evaluation_schedule.window", known: ["days_of_week", "start_time", "end_time"])
    else { return }
    let words = findings.items(given["days_of_week"], "evaluation_schedule.window.days_of_week").map { $0.string ?? "" }
    let days = words.compactMap { Self.days.firstIndex(of: $0) }
    if days.isEmpty || days.count != words.count { findings.add("evaluation_schedule.window.days_of_week", .invalid, "must name days: monday") }
    let start = Self.minute(given["start_time"], "evaluation_schedule.window.start_time", &findings)
    let end = Self.minute(given["end_time"], "evaluation_schedule.window.end_time", &findings)
    window = Window(days: Set(days).sorted(), startMinute: start, endMinute: end)
  }

  /// `HH:MM` as minutes of the day.
  private static func minute(_ json: JSONValue?, _ field: String, _ findings: inout Findings) -> Int {
    let digits = Array((json?.string ?? "").utf8)
    let numbers = digits.map { Int($0) - 48 }
    guard digits.count == 5, digits[2] == UInt8(ascii: ":"), [0, 1, 3, 4].allSatisfy({ (0...9).contains(numbers[$0]) }),
      numbers[0] * 10 + numbers[1] < 24, numbers[3] < 6
    else {
      findings.add(field, .invalid, "must be a time of the day in UTC: 09:30")
      return 0
    }
    return (numbers[0] * 10 + numbers[1]) * 60 + numbers[3] * 10 + numbers[4]
  }

  /// A trigger's query is a narrow one: one formula or one calculation, of a time that ends now and is not longer than four times the frequency.
  private mutating func readQuery(_ json: JSONValue?, _ isNew: Bool) throws(HoneycombError) {
    var findings = Findings()
    if let json = Findings.present(json) {
      query = try HoneycombQuery(json, rules: .honeycomb)
      queryID = ""
    } else if isNew {
      findings.add("query", .missing, "a trigger needs a query or a query_id")
    }
    if query.time.startUnixNanoseconds != nil || query.time.endUnixNanoseconds != nil {
      findings.add("query", .invalid, "the time of a trigger's query ends now: start_time and end_time cannot be given")
    }
    if query.time.rangeNanoseconds == nil { query.time.rangeNanoseconds = frequencySeconds * HoneycombTime.nanosecondsPerSecond }
    if query.time.durationNanoseconds / HoneycombTime.nanosecondsPerSecond > frequencySeconds * 4 {
      findings.add("query", .invalid, "the time_range cannot be more than four times the frequency")
    }
    if !isNew || json != nil { checkResults(&findings) }
    try findings.settle()
  }

  private func checkResults(_ findings: inout Findings) {
    for calculation in query.calculations {
      switch calculation.operation {
      case .heatmap, .concurrency, .rateAverage, .rateSum, .rateMaximum:
        findings.add("query", .invalid, "\(calculation.operation.name) has no value to compare")
      default: break
      }
    }
    if query.weighting == .asKept { findings.add("query", .invalid, "usage_mode is not supported for triggers") }
    if query.formulas.count > 1 { findings.add("query", .invalid, "may have at most one formula") }
    if query.formulas.isEmpty, query.watched == nil { findings.add("query", .invalid, "must have one calculation") }
    if query.havings.count > 1 { findings.add("query", .invalid, "may have at most one having") }
    if query.compareOffsetNanoseconds != nil {
      findings.add("query", .invalid, "the threshold is not about an earlier time: compare_time_offset_seconds cannot be given")
    }
  }
}

extension HoneycombQuery {
  /// The result that a trigger holds against its threshold: the formula, or the one calculation that no having is about.
  var watched: Having.Term? {
    if let formula = formulas.first { return .formula(formula.name) }
    if calculations.count == 1 { return .calculation(calculations[0]) }
    let left = calculations.filter { (calculation) in !havings.contains { $0.term == .calculation(calculation) } }
    return left.count == 1 ? .calculation(left[0]) : nil
  }

  /// True if that is how many events there are, which is 0 where there are none.
  var isCountWatched: Bool {
    guard case .calculation(let calculation)? = watched else { return false }
    return calculation.operation == .count
  }
}

extension HoneycombTrigger.Receiver {
  private static let countMax = 50

  /// Reads `recipients`.
  static func list(_ json: JSONValue?, _ findings: inout Findings) -> [Self] {
    var receivers: [Self] = []
    for (index, item) in findings.items(json, "recipients").enumerated() {
      let field = "recipients[\(index)]"
      guard findings.isObject(item, field, known: ["id", "type", "target", "details"]) else { continue }
      var receiver = Self(
        id: findings.text(item["id"], "\(field).id") ?? "", type: findings.text(item["type"], "\(field).type") ?? "",
        target: findings.text(item["target"], "\(field).target") ?? "")
      receiver.readDetails(item["details"], "\(field).details", &findings)
      if receiver.id.isEmpty, receiver.type.isEmpty || receiver.target.isEmpty {
        findings.add(field, .missing, "a recipient needs an id, or a type and a target")
      }
      receivers.append(receiver)
    }
    if receivers.count > countMax { findings.add("recipients", .invalid, "may have at most \(countMax) items") }
    return receivers
  }

  private mutating func readDetails(_ json: JSONValue?, _ field: String, _ findings: inout Findings) {
    guard let json = Findings.present(json), findings.isObject(json, field, known: ["pagerduty_severity", "variables"]) else { return }
    severity = findings.text(json["pagerduty_severity"], "\(field).pagerduty_severity")
    if let severity, !["critical", "error", "warning", "info"].contains(severity) {
      findings.add("\(field).pagerduty_severity", .invalid, "must be critical, error, warning or info")
    }
    if !findings.items(json["variables"], "\(field).variables").isEmpty {
      findings.add("\(field).variables", .invalid, "variables are for templates of payloads, which are not supported yet")
    }
  }

  /// Writes the members of one of `recipients`.
  func write(_ writer: inout JSONWriter) {
    writer.member("id", id)
    writer.member("type", type)
    writer.member("target", target)
    guard let severity else { return }
    writer.key("details")
    writer.beginObject()
    writer.member("pagerduty_severity", severity)
    writer.endObject()
  }
}

extension HoneycombTrigger.Tag {
  private static let countMax = 10

  /// Reads `tags`.
  static func list(_ json: JSONValue?, _ findings: inout Findings) -> [Self] {
    var tags: [Self] = []
    for (index, item) in findings.items(json, "tags").enumerated() {
      guard findings.isObject(item, "tags[\(index)]", known: ["key", "value"]) else { continue }
      let (key, value) = (findings.text(item["key"], "tags[\(index)].key") ?? "", findings.text(item["value"], "tags[\(index)].value") ?? "")
      if !(1...32).contains(key.count) || !(1...128).contains(value.count) {
        findings.add("tags[\(index)]", .invalid, "needs a key of 1 to 32 and a value of 1 to 128 characters")
      }
      tags.append(Self(key: key, value: value))
    }
    if tags.count > countMax { findings.add("tags", .invalid, "may have at most \(countMax) items") }
    return tags
  }
}
