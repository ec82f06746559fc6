// SPDX-License-Identifier: Apache-2.0
import CairnIssues
import Testing

@testable import CairnAlerts

@Suite struct RuleEngineTests {
  private static let levels = ["debug", "info", "warning", "error", "critical"]

  private func item(_ counter: Int64, family: String = "f", level: String = "error") -> Item {
    var note = OccurrenceNote(item: ItemIdentity(tenant: "t", project: "p", environment: "production", hash: "h\(counter)"))
    note.family = family
    note.level = level
    note.title = "Lost: gone"
    return Item(id: counter, projectID: 1, counter: counter, first: note, nowUnixSeconds: 0)
  }

  private func rule(_ trigger: ItemRule.Trigger, _ filters: [ItemRule.Filter] = []) -> ItemRule {
    var rule = ItemRule(id: 7, projectID: 1, channel: .webhook, trigger: trigger, target: ["http://x.example/"])
    rule.filters = filters
    return rule
  }

  private func names(_ engine: inout RuleEngine, _ item: Item, _ turns: [ItemTurn], _ rule: ItemRule, at now: Int64 = 0) -> [String] {
    engine.findings(item, turns, rules: [rule], levels: Self.levels, nowUnixSeconds: now).map { $0.suppression ?? "\($0.eventName) \($0.count)" }
  }

  @Test func tellsOfPowersOfTen() {
    var engine = RuleEngine()
    #expect(names(&engine, item(1), [.occurred(from: 3, to: 9)], rule(.repeatItem)) == [])
    #expect(names(&engine, item(1), [.occurred(from: 9, to: 10)], rule(.repeatItem)) == ["exp_repeat_item 10"])
    #expect(names(&engine, item(1), [.occurred(from: 10, to: 99)], rule(.repeatItem)) == [])
    #expect(names(&engine, item(1), [.occurred(from: 99, to: 5_000)], rule(.repeatItem)) == ["exp_repeat_item 1000"])
  }

  @Test func tellsOfARateOncePerWindow() {
    var engine = RuleEngine()
    var filter = ItemRule.Filter(type: "rate", operation: "gte", value: "")
    filter.period = 60
    filter.count = 10
    let wanted = rule(.occurrenceRate, [filter])
    #expect(names(&engine, item(1), [.occurred(from: 0, to: 6)], wanted, at: 100) == [])
    #expect(names(&engine, item(1), [.occurred(from: 6, to: 12)], wanted, at: 130) == ["item_velocity 12"])
    #expect(names(&engine, item(1), [.occurred(from: 12, to: 40)], wanted, at: 140) == [])
    #expect(names(&engine, item(1), [.occurred(from: 40, to: 41)], wanted, at: 300) == [])
  }

  @Test func aFamilyTellsOnceAnHour() {
    var engine = RuleEngine()
    #expect(names(&engine, item(1), [.new], rule(.newItem), at: 0) == ["new_item 1"])
    #expect(names(&engine, item(2), [.new], rule(.newItem), at: 10) == ["same family as #1, told 10 s before"])
    #expect(names(&engine, item(3, family: "g"), [.new], rule(.newItem), at: 20) == ["new_item 1"])
    #expect(names(&engine, item(4), [.new], rule(.newItem), at: 3_700) == ["new_item 1"])
  }

  @Test func filtersMustAllHold() {
    var engine = RuleEngine()
    let wanted = rule(.newItem, [.init(type: "level", operation: "gte", value: "error"), .init(type: "title", operation: "within", value: "lost")])
    #expect(names(&engine, item(1), [.new], wanted).count == 1)
    #expect(names(&engine, item(2, family: "g", level: "warning"), [.new], wanted) == [])
    #expect(names(&engine, item(3, family: "h"), [.new], rule(.newItem, [.init(type: "environment", operation: "neq", value: "production")])) == [])
  }

  @Test func mutedItemsAreSilent() {
    var engine = RuleEngine()
    var muted = item(1)
    muted.status = .muted
    #expect(names(&engine, muted, [.occurred(from: 9, to: 10)], rule(.repeatItem)) == ["the item is muted"])
  }
}
