// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CairnIssues

@Suite struct ItemLifeTests {
  private static let identity = ItemIdentity(tenant: "t", project: "p", environment: "production", hash: "h")

  private func pending(_ count: Int, version: String = "", at seconds: Int64 = 3_600) -> PendingItem {
    var note = OccurrenceNote(item: Self.identity)
    note.unixNanoseconds = seconds * 1_000_000_000
    note.codeVersion = version
    note.title = "Lost: gone"
    var pending = PendingItem(note)
    for _ in 0..<count { pending.add(note) }
    return pending
  }

  private func item() -> Item {
    var item = Item(id: 1, projectID: 1, counter: 1, first: pending(1).first, nowUnixSeconds: 3_600)
    _ = item.apply(pending(1), deploys: [], suspect: 7, nowUnixSeconds: 3_600)
    return item
  }

  @Test func theFirstOccurrenceIsNews() {
    var fresh = Item(id: 1, projectID: 1, counter: 1, first: pending(1).first, nowUnixSeconds: 3_600)
    #expect(fresh.apply(pending(2), deploys: [], suspect: 7, nowUnixSeconds: 3_600) == [.new, .occurred(from: 0, to: 2)])
    #expect(fresh.suspectDeployID == 7)
    #expect(fresh.apply(pending(3), deploys: [], suspect: 8, nowUnixSeconds: 3_600) == [.occurred(from: 2, to: 5)])
    #expect(fresh.suspectDeployID == 7)
  }

  @Test(arguments: [
    ("1.3.0", "1.2.9", false), ("1.3.0", "1.3.0", true), ("1.3.0", "1.10.0", true), ("1.3.0", "1.3.0-rc1", false), ("41", "5", false),
    ("1.2", "1.1", false), ("1.2", "1.1.9", false), ("v2", "1.9", false), ("v2", "v2.0.0", true), ("1.2", "1.10", true), ("2", "v1.9", false),
    ("1.", "1.0", true), ("1.2.3.4", "1.2.3", true), ("41", "42", true), ("bbb2222", "aaa1111", false), ("bbb2222", "ccc3333", true),
    ("bbb2222", "unheard", true), ("1.3.0", "", true),
  ])
  func aResolvedItemComesBackFromItsVersionOn(resolved: String, version: String, comesBack: Bool) {
    var item = item()
    #expect(item.setStatus(.resolved, actor: "ana", resolvedInVersion: resolved, nowUnixSeconds: 4_000) == .resolved)
    let turns = item.apply(pending(1, version: version), deploys: ["aaa1111", "bbb2222", "ccc3333"], suspect: 9, nowUnixSeconds: 5_000)
    #expect(turns.contains(.reactivated) == comesBack)
    #expect(item.status == (comesBack ? .active : .resolved))
    #expect(item.countSinceActivation == (comesBack ? 1 : 0) || !comesBack)
  }

  @Test func aMutedItemWaitsForItsCountOrDate() {
    var item = item()
    _ = item.setStatus(.muted, actor: "", nowUnixSeconds: 4_000)
    #expect(item.apply(pending(50), deploys: [], suspect: nil, nowUnixSeconds: 5_000) == [.occurred(from: 1, to: 51)])
    item.muteUntilCount = 60
    #expect(!item.apply(pending(8), deploys: [], suspect: nil, nowUnixSeconds: 5_000).contains(.reactivated))
    #expect(item.apply(pending(1), deploys: [], suspect: nil, nowUnixSeconds: 5_000).contains(.reactivated))
    _ = item.setStatus(.muted, actor: "", nowUnixSeconds: 6_000)
    item.muteUntilUnixSeconds = 7_000
    #expect(!item.apply(pending(1), deploys: [], suspect: nil, nowUnixSeconds: 6_999).contains(.reactivated))
    #expect(item.apply(pending(1), deploys: [], suspect: nil, nowUnixSeconds: 7_000).contains(.reactivated))
  }

  /// An occurrence may come late, of a time before the item was resolved: lists by time must not show it as active before it was resolved.
  @Test func whatComesLateDoesNotActivateInThePast() {
    var item = item()
    _ = item.setStatus(.resolved, actor: "", nowUnixSeconds: 8_000)
    #expect(item.apply(pending(1, at: 7_000), deploys: [], suspect: nil, nowUnixSeconds: 8_005).contains(.reactivated))
    #expect(item.lastActivatedUnixSeconds == 8_000)
  }

  @Test func hoursAreKeptInOrderAndBounded() {
    var item = item()
    for hour in [900, 100, 500, 901, 899, 500] as [Int64] { item.count(pending(2, at: hour * 3_600)) }
    #expect(item.hours.map(\.hour) == item.hours.map(\.hour).sorted())
    #expect(item.hours.allSatisfy { $0.hour > 901 - Int64(Item.hourCountMax) })
    #expect(item.count(hour: 900) == 2)
    #expect(item.totalCount == 13)
    for hour in 0..<2_000 { item.count(pending(1, at: Int64(hour) * 3_600)) }
    #expect(item.hours.count <= Item.hourCountMax)
  }

  @Test func aLoopOfOneErrorIsOneEntry() {
    let waiting = PendingOccurrences()
    let note = pending(1).first
    for _ in 0..<1_000 { waiting.add(Array(repeating: note, count: 100)) }
    let taken = waiting.take()
    #expect(taken.items.count == 1)
    #expect(taken.items[Self.identity]?.count == 100_000)
    #expect(waiting.take().items.isEmpty)
  }
}
