// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// What one look at an objective's ledger says of a burn alert.
public struct BurnVerdict: Sendable, Hashable {
  public var isMet: Bool
  /// How the objective stands.
  public var standing: SLOStanding
  /// Minutes until the budget is spent at the present rate, for `exhaustion_time`; nil where nothing is being spent.
  public var minutesLeft: Double?
  /// The part of the budget that was spent in the window, per million, for `budget_rate`.
  public var spentPerMillion: Double?

  /// Holds an objective's ledger against an alert's condition.
  ///
  /// - exhaustion_time: the rate is that of bad events over the last quarter of the alert's minutes, at least one slot. Minutes left =
  ///   (allowed - bad) / rate. It is met within the alert's minutes, and while the budget is spent.
  /// - budget_rate: spent = bad events of the window / allowed events of the whole period.
  public init(_ alert: HoneycombBurnAlert, _ slo: HoneycombSLO, _ ledger: SLOLedger, nowUnixNanoseconds now: Int64) {
    let standing = ledger.standing(slo, atUnixNanoseconds: now)
    self.standing = standing
    let end = SLOLedger.slot(now) + 1
    switch alert.condition {
    case .exhaustion(let minutes):
      let slots = Self.slots(minutes: max(1, minutes / 4))
      let from = end - slots
      let bad = ledger.counts(from..<end).bad
      let elapsedMinutes = max(1, Double(now - SLOLedger.start(of: from)) / 6e10)
      minutesLeft = bad > 0 ? max(0, standing.allowed - standing.counts.bad) / (bad / elapsedMinutes) : nil
      isMet = standing.isExhausted || (minutesLeft ?? .infinity) <= Double(minutes)
    case .rate(let windowMinutes, let perMillion):
      let bad = ledger.counts(end - Self.slots(minutes: windowMinutes)..<end).bad
      let spent = bad == 0 ? 0 : standing.allowed > 0 ? bad / standing.allowed * 1_000_000 : .greatestFiniteMagnitude
      spentPerMillion = spent
      isMet = spent >= Double(perMillion)
    }
  }

  /// So many slots cover the minutes.
  private static func slots(minutes: Int64) -> Int64 { max(1, (minutes * 60 + SLOLedger.slotSeconds - 1) / SLOLedger.slotSeconds) }

  /// What the verdict says, in a line.
  public func text(_ alert: HoneycombBurnAlert) -> String {
    let left = "budget remaining \(Self.short(standing.budgetRemaining)) %"
    switch alert.condition {
    case .exhaustion(let minutes):
      if standing.isExhausted { return "The error budget is spent (\(left))" }
      guard let minutesLeft, isMet else { return "The error budget lasts longer than \(Self.duration(Double(minutes))) (\(left))" }
      return "The error budget will be spent in \(Self.duration(minutesLeft)) at the present rate (\(left))"
    case .rate(let window, let perMillion):
      let spent = min(spentPerMillion ?? 0, 1e12) / 10_000
      return "\(Self.short(spent)) % of the error budget was spent in the last \(Self.duration(Double(window))), \(isMet ? "at least" : "less than") \(Self.short(Double(perMillion) / 10_000)) % (\(left))"
    }
  }

  /// A summary in Honeycomb's words.
  public func summary(_ alert: HoneycombBurnAlert, _ slo: HoneycombSLO) -> String { "\(alert.isTriggered ? "Triggered" : "Resolved"): \(slo.name)" }

  /// The body of a webhook: the members of a trigger's, with what a burn alert has beside them.
  public func webhookBody(
    _ alert: HoneycombBurnAlert, _ slo: HoneycombSLO, environment: String, sloURL: String, nowUnixNanoseconds now: Int64, isTest: Bool
  ) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("version", "v0.1.0")
    writer.member("id", alert.id)
    writer.member("name", slo.name)
    writer.member("trigger_description", alert.description)
    writer.member("trigger_url", sloURL)
    writer.member("status", alert.isTriggered ? "TRIGGERED" : "OK")
    writer.member("alert_type", alert.type)
    writer.member("summary", summary(alert, slo))
    writer.member("description", text(alert))
    writer.member("dataset_name", slo.datasets.joined(separator: ", "))
    writer.member("environment", environment)
    writer.member("result_url", sloURL)
    writer.member("timestamp", RFC3339.text(unixNanoseconds: now))
    writer.key("slo")
    writer.beginObject()
    writer.member("id", slo.id)
    writer.member("name", slo.name)
    writer.member("description", slo.description)
    writer.member("url", sloURL)
    writer.member("target_per_million", slo.targetPerMillion)
    writer.member("time_period_days", slo.periodDays)
    writer.member("compliance", standing.compliance)
    writer.member("budget_remaining", standing.budgetRemaining)
    writer.endObject()
    switch alert.condition {
    case .exhaustion(let minutes):
      writer.member("exhaustion_minutes", minutes)
      writer.key("minutes_until_exhaustion")
      if let minutesLeft { writer.double((minutesLeft * 10).rounded() / 10) } else { writer.null() }
    case .rate(let window, let perMillion):
      writer.member("budget_rate_window_minutes", window)
      writer.member("budget_rate_decrease_threshold_per_million", perMillion)
      writer.member("budget_rate_decrease_per_million", min(spentPerMillion ?? 0, 1e12).rounded())
    }
    writer.member("is_test", isTest)
    writer.endObject()
    return writer.finish()
  }

  private static func duration(_ minutes: Double) -> String {
    let whole = Int(min(minutes, 1e9).rounded())
    if whole < 120 { return "\(whole) minutes" }
    return whole < 2880 ? "\(short(Double(whole) / 60)) hours" : "\(short(Double(whole) / 1440)) days"
  }

  /// With one place, where it says something, and with the sign that the pages write: −2.5.
  private static func short(_ number: Double) -> String {
    let rounded = (number * 10).rounded() / 10
    let digits = Int64(exactly: rounded.magnitude).map { String($0) } ?? String(rounded.magnitude)
    return rounded < 0 ? "−" + digits : digits
  }
}
