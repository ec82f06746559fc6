// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnColumns
import CairnIssues
import CairnRollbar
import Testing

@testable import CairnServer

/// A program with another version of grouping takes a folder over: two algorithms that see the same error differently, the real decoders,
/// the real catalog.
@Suite struct GroupingTransitionTests {
  /// Looks at the class and at the innermost function.
  private static let first = GroupingVersion(name: "first") { (report) in
    guard case .chain(let chain) = report.body, let trace = chain.last else { return [] }
    return [
      GroupingComponent(name: "class", value: .text(trace.className), contributes: true, reason: "class"),
      GroupingComponent(name: "function", value: .text(trace.frames.last?.function ?? ""), contributes: true, reason: "function"),
    ]
  }
  /// Looks at the class and at the number of frames.
  private static let second = GroupingVersion(name: "second") { (report) in
    guard case .chain(let chain) = report.body, let trace = chain.last else { return [] }
    return [
      GroupingComponent(name: "class", value: .text(trace.className), contributes: true, reason: "class"),
      GroupingComponent(name: "depth", value: .text(String(trace.frames.count)), contributes: true, reason: "depth"),
    ]
  }
  private static let day: Int64 = 86_400

  /// One start of a server on the folder: what it knows and how it groups.
  private struct Program {
    let book: IssueBook
    let plan: GroupingPlan
    let now: Int64

    init(_ catalog: Catalog, _ versions: [GroupingVersion], now: Int64, chosen: String? = nil) throws {
      let (plan, history) = try GroupingHistory.plan(catalog: catalog, chosen: chosen, versions: versions, nowUnixSeconds: now)
      try history.save(in: catalog)
      book = IssueBook(catalog: catalog, groupingVersion: plan.current.name)
      self.plan = plan
      self.now = now
    }

    /// Takes an item in by Rollbar's door and lets it happen.
    func take(_ name: String, function: String, depth: Int) throws -> [TurnedItem] {
      let frames = (0..<depth).map { #"{"filename":"/srv/a.py","method":"\#($0 == depth - 1 ? function : "outer")"}"# }.joined(separator: ",")
      let body = #"{"data":{"environment":"test","body":{"trace":{"frames":[\#(frames)],"exception":{"class":"\#(name)"}}}}}"#
      let context = IntakeContext(
        environment: "default", datasetHint: RollbarHint(project: "shop").text, receivedUnixNanoseconds: now * 1_000_000_000)
      var batch = Batch()
      _ = try unsafe decodeRollbarItem(Array(body.utf8).span.bytes, context, groupings: plan, into: &batch)
      let pending = PendingOccurrences()
      pending.add(markOccurrences(&batch, from: 0, context, door: .rollbar, plan))
      return try book.apply(pending.take().items, nowUnixSeconds: now)
    }
  }

  @Test func anItemOfTheFormerVersionGoesOn() throws {
    let catalog = try Catalog()
    let before = try Program(catalog, [Self.first], now: 100)
    #expect(before.plan.former.isEmpty)
    let begun = try #require(try before.take("Lost", function: "pay", depth: 3).first)
    #expect(begun.turns.contains(.new))

    let after = try Program(catalog, [Self.first, Self.second], now: 200)
    #expect(after.plan.current.name == "second" && after.plan.former.map(\.name) == ["first"])
    #expect(after.plan.formerUntilUnixNanoseconds == (200 + 30 * Self.day) * 1_000_000_000)
    let again = try #require(try after.take("Lost", function: "pay", depth: 3).first)
    #expect(again.item.id == begun.item.id && again.item.totalCount == 2)
    #expect(!again.turns.contains(.new))
    #expect(again.item.aliases?.count == 1 && again.item.history.contains { $0.kind == "joined" })
    // The folder remembers: a further start needs no former hash for it.
    let later = try Program(catalog, [Self.first, Self.second], now: 200 + 31 * Self.day)
    #expect(later.plan.former.isEmpty)
    let known = try #require(try later.take("Lost", function: "pay", depth: 3).first)
    #expect(known.item.id == begun.item.id && !known.turns.contains(.new))
  }

  @Test func whatTheFormerVersionNeverSawIsNew() throws {
    let catalog = try Catalog()
    let before = try Program(catalog, [Self.first], now: 100)
    _ = try before.take("Lost", function: "pay", depth: 3)
    let after = try Program(catalog, [Self.first, Self.second], now: 200)
    let other = try #require(try after.take("Lost", function: "refund", depth: 4).first)
    #expect(other.turns.contains(.new))
    #expect(after.book.explanation(itemID: other.item.id)?.version == "second")
  }

  @Test func anUnknownItemIsNewAfterTheTransition() throws {
    let catalog = try Catalog()
    _ = try Program(catalog, [Self.first], now: 100).take("Lost", function: "pay", depth: 3)
    _ = try Program(catalog, [Self.first, Self.second], now: 200)
    let later = try Program(catalog, [Self.first, Self.second], now: 200 + 31 * Self.day)
    #expect(try later.take("Lost", function: "pay", depth: 3).first?.turns.contains(.new) == true)
  }

  @Test func goingBackIsATransitionToo() throws {
    let catalog = try Catalog()
    let newer = try Program(catalog, [Self.first, Self.second], now: 100)
    #expect(newer.plan.former.isEmpty)
    let begun = try #require(try newer.take("Lost", function: "pay", depth: 3).first)
    let back = try Program(catalog, [Self.first, Self.second], now: 200, chosen: "first")
    #expect(back.plan.current.name == "first" && back.plan.former.map(\.name) == ["second"])
    #expect(try back.take("Lost", function: "pay", depth: 3).first?.item.id == begun.item.id)
  }

  @Test func aFolderThatSaysNothingIsOfTheFirstVersion() throws {
    let catalog = try Catalog()
    let book = IssueBook(catalog: catalog)
    let note = OccurrenceNote(item: ItemIdentity(tenant: "default", project: "shop", environment: "test", hash: "h"))
    _ = try book.apply([note.item: PendingItem(note)], nowUnixSeconds: 1)
    let plan = try GroupingHistory.plan(catalog: catalog, chosen: nil, versions: [Self.first, Self.second], nowUnixSeconds: 100).plan
    #expect(plan.former.map(\.name) == ["first"])
  }
}
