// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnIssues
import Synchronization
import TestSupport
import Testing

@testable import CairnServer

@Suite struct IssueBookDoorsTests {
  private func makeBook() throws -> (IssueBook, Catalog) {
    let catalog = try Catalog()
    return (IssueBook(catalog: catalog), catalog)
  }

  private static let second: Int64 = 1_000_000_000
  private static let names: [ReportingDoor: (project: String, environment: String)] = [
    .rollbar: ("shop", "production"), .span: ("checkout", "default"), .document: ("checkout", "default"), .line: ("/checkout", "default"),
  ]

  /// What a door says of a failure; all of them at one place of the program.
  private func note(_ door: ReportingDoor, _ failure: Int64, hash: String? = nil, id: Int64) -> OccurrenceNote {
    let (project, environment) = Self.names[door] ?? ("p", "e")
    var note = OccurrenceNote(item: ItemIdentity(tenant: "t", project: project, environment: environment, hash: hash ?? "\(door)"))
    note.door = door
    note.title = "Lost by \(door)"
    note.failure = failure
    note.id = id
    note.unixNanoseconds = 1_795_000_000 * Self.second + failure * 10 * Self.second
    return note
  }

  private func apply(_ notes: [OccurrenceNote], _ book: IssueBook) throws {
    let pending = PendingOccurrences()
    pending.add(notes)
    _ = try book.apply(pending.take().items, nowUnixSeconds: 1_795_000_000)
  }

  private func items(_ book: IssueBook) -> [Item] { book.state.withLock { Array($0.items.values) }.sorted { $0.id < $1.id } }

  @Test func whateverTheOrderOneFailureIsOneItem() throws {
    for seed in 0..<25 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let (book, catalog) = try makeBook()
      var current = book
      var notes: [OccurrenceNote] = []
      for failure in 1...4 as ClosedRange<Int64> { for door in Self.names.keys.sorted(by: { $0.rank < $1.rank }) { notes.append(note(door, failure, id: Int64(notes.count + 1))) } }
      notes.shuffle(using: &random)
      var next = 0
      while next < notes.count {
        let end = min(notes.count, next + 1 + random.below(7))
        try apply(Array(notes[next..<end]), current)
        next = end
        guard random.chance(20) else { continue }
        // Another process: the catalog is what is left, and the memory is told again of what is counted.
        current = IssueBook(catalog: catalog)
        current.state.withLock { (state) in
          for note in notes[..<next] {
            guard let id = state.itemOfIdentity[note.item] else { continue }
            _ = state.failures.add([FailureReport(note)], of: note.item, item: id, nowUnixSeconds: 1_795_000_000)
            state.failures.see([FailureReport(note)], of: note.item, nowUnixSeconds: 1_795_000_000)
          }
        }
      }
      let found = items(current)
      #expect(found.count == 1, "seed \(seed)")
      guard let item = found.first else { continue }
      #expect(item.totalCount == 4 && item.hours.reduce(0) { $0 + $1.count } == 4, "seed \(seed)")
      #expect(item.identity.project == "shop" && item.identity.hash == "rollbar" && item.title == "Lost by rollbar")
      #expect(item.doors == [.rollbar, .span, .document, .line] && item.identities.count == 4)
      #expect(current.state.withLock { $0.projects[item.projectID]?.name } == "shop")
      #expect(item.history.contains { $0.kind == "joined" && $0.detail.hasPrefix("also seen through ") })
    }
  }

  @Test func twoItemsOfOneDoorStayTwo() throws {
    let (book, _) = try makeBook()
    try apply([note(.rollbar, 1, hash: "one", id: 1), note(.span, 1, id: 2)], book)
    try apply([note(.rollbar, 2, hash: "two", id: 3), note(.span, 2, id: 4)], book)
    #expect(items(book).map(\.identity.hash) == ["one", "two"])
  }

  @Test func whatPeopleDecidedAboutStays() throws {
    let (book, _) = try makeBook()
    try apply([note(.document, 1, id: 1)], book)
    try apply([note(.rollbar, 2, id: 2)], book)
    let ids = items(book).map(\.id)
    _ = try book.changeItem(id: ids[0], tenant: "t") { $0.assignedUserID = 7 }
    try apply([note(.document, 3, id: 3), note(.rollbar, 3, id: 4)], book)
    #expect(items(book).count == 2, "an item that somebody has is not taken in")
    _ = try book.changeItem(id: ids[0], tenant: "t") { $0.assignedUserID = nil }
    try apply([note(.document, 4, id: 5), note(.rollbar, 4, id: 6)], book)
    let item = try #require(items(book).first)
    #expect(items(book).count == 1 && book.item(id: ids[0], tenant: "t")?.id == item.id && item.id == ids[1])
    #expect(item.totalCount == 4)
  }

  @Test func aResolvedItemIsNotReopenedByAnotherDoorsReportOfTheSame() throws {
    let (book, _) = try makeBook()
    try apply([note(.rollbar, 1, id: 1)], book)
    let id = try #require(items(book).first?.id)
    _ = try book.changeItem(id: id, tenant: "t") { $0.setStatus(.resolved, actor: "ana", nowUnixSeconds: 1_795_000_001) }
    try apply([note(.span, 1, id: 2)], book)
    #expect(book.item(id: id, tenant: "t")?.status == .resolved)
    try apply([note(.span, 2, id: 3)], book)
    #expect(book.item(id: id, tenant: "t")?.status == .active)
  }

  @Test func whoeverNamesNoProjectIsShownAsTheService() throws {
    let (book, _) = try makeBook()
    var nameless = note(.rollbar, 1, id: 1)
    nameless.item.project = RollbarAccess.openProject
    try apply([nameless, note(.span, 1, id: 2)], book)
    let item = try #require(items(book).first)
    #expect(item.shownProject == "checkout" && item.identity.project == RollbarAccess.openProject)
  }
}
