// SPDX-License-Identifier: Apache-2.0
public import CairnIssues

/// What a rule has to tell.
public struct RuleFinding: Sendable, Hashable {
  public var rule: ItemRule
  public var item: Item
  /// Rollbar's name of the event.
  public var eventName: String
  /// For `exp_repeat_item` the power of ten, for `item_velocity` the occurrences in the window.
  public var count: Int
  /// Why it is not sent; nil where it is.
  public var suppression: String?

  public init(rule: ItemRule, item: Item, eventName: String, count: Int, suppression: String? = nil) {
    self.rule = rule
    self.item = item
    self.eventName = eventName
    self.count = count
    self.suppression = suppression
  }
}

/// Decides which rules an item's turns concern. Keeps what rates and the throttling of families need; bounded.
///
/// A new item whose family told of a new item within the last hour is not told again: one root cause that comes in twenty shapes is one
/// message. Muted and snoozed items are silent, but for what people do to them.
public struct RuleEngine: Sendable {
  private struct RateKey: Hashable, Sendable {
    var ruleID: Int64
    var itemID: Int64
  }
  private struct Rate: Sendable {
    var arrivals: [(unixSeconds: Int64, count: Int)] = []
    var lastToldUnixSeconds: Int64 = 0
  }
  private var rates: [RateKey: Rate] = [:]
  private var families: [String: (unixSeconds: Int64, counter: Int64)] = [:]
  public static let familyWindowSeconds: Int64 = 3_600
  private static let keptCountMax = 20_000

  public init() {}

  public mutating func findings(
    _ item: Item, _ turns: [ItemTurn], rules: [ItemRule], levels: [String], nowUnixSeconds now: Int64
  ) -> [RuleFinding] {
    var found: [RuleFinding] = []
    let isSilent = item.status == .muted || (item.snoozedUntilUnixSeconds ?? 0) > now
    let familyTold: String? = turns.contains(.new) ? admitFamily(item, now) : nil
    for rule in rules where rule.isEnabled && rule.projectID == item.projectID && rule.accepts(item, levels: levels) {
      for turn in turns {
        guard var finding = finding(rule, item, turn, now) else { continue }
        if case .new = turn { finding.suppression = familyTold }
        if isSilent, case .occurred = turn { finding.suppression = item.status == .muted ? "the item is muted" : "the item is snoozed" }
        found.append(finding)
      }
    }
    return found
  }

  /// nil: tell; else the reason not to.
  private mutating func admitFamily(_ item: Item, _ now: Int64) -> String? {
    let key = "\(item.projectID)\u{0}\(item.identity.environment)\u{0}\(item.family)"
    if let last = families[key], now - last.unixSeconds < Self.familyWindowSeconds, last.counter != item.counter {
      return "same family as #\(last.counter), told \(now - last.unixSeconds) s before"
    }
    if families.count >= Self.keptCountMax { families = families.filter { now - $0.value.unixSeconds < Self.familyWindowSeconds } }
    if families.count < Self.keptCountMax { families[key] = (now, item.counter) }
    return nil
  }

  private mutating func finding(_ rule: ItemRule, _ item: Item, _ turn: ItemTurn, _ now: Int64) -> RuleFinding? {
    switch (rule.trigger, turn) {
    case (.newItem, .new): return RuleFinding(rule: rule, item: item, eventName: "new_item", count: 1)
    case (.reactivated, .reactivated): return RuleFinding(rule: rule, item: item, eventName: "reactivated_item", count: 1)
    case (.reopened, .reopened): return RuleFinding(rule: rule, item: item, eventName: "reopened_item", count: 1)
    case (.resolved, .resolved): return RuleFinding(rule: rule, item: item, eventName: "resolved_item", count: 1)
    case (.occurrence, .occurred(let from, let to)): return RuleFinding(rule: rule, item: item, eventName: "occurrence", count: to - from)
    case (.repeatItem, .occurred(let from, let to)):
      var power = 10
      var crossed = 0
      while power <= to {
        if power > from { crossed = power }
        power = power.multipliedReportingOverflow(by: 10).overflow ? .max : power * 10
        if power == .max { break }
      }
      return crossed > 0 ? RuleFinding(rule: rule, item: item, eventName: "exp_repeat_item", count: crossed) : nil
    case (.occurrenceRate, .occurred(let from, let to)): return rate(rule, item, to - from, now)
    default: return nil
    }
  }

  private mutating func rate(_ rule: ItemRule, _ item: Item, _ count: Int, _ now: Int64) -> RuleFinding? {
    guard let wanted = rule.filters.first(where: { $0.type == "rate" }), wanted.period > 0, wanted.count > 0 else { return nil }
    let key = RateKey(ruleID: rule.id, itemID: item.id)
    if rates[key] == nil, rates.count >= Self.keptCountMax { rates.removeAll() }
    var rate = rates[key] ?? Rate()
    rate.arrivals.removeAll { $0.unixSeconds <= now - Int64(wanted.period) }
    if let last = rate.arrivals.last, last.unixSeconds == now {
      rate.arrivals[rate.arrivals.count - 1].count += count
    } else {
      rate.arrivals.append((now, count))
    }
    let sum = rate.arrivals.reduce(0) { $0 + $1.count }
    defer { rates[key] = rate }
    guard sum >= wanted.count, now - rate.lastToldUnixSeconds >= Int64(wanted.period) else { return nil }
    rate.lastToldUnixSeconds = now
    return RuleFinding(rule: rule, item: item, eventName: "item_velocity", count: sum)
  }
}
