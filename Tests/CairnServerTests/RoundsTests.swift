// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import Synchronization
import Testing

@testable import CairnServer

@Suite struct RoundsTests {
  /// One kind of work that never ends by itself: the other still has its turns, and a stop ends both.
  @Test(.timeLimit(.minutes(1))) func aSlowOneDelaysNoOther() async throws {
    let (turns, turned) = AsyncStream.makeStream(of: Void.self)
    let (ends, ended) = AsyncStream.makeStream(of: Void.self)
    let rounds = Rounds(
      every: .milliseconds(1),
      [
        {
          try? await Task.sleep(for: .seconds(3_600))
          ended.yield()
        }, { turned.yield() },
      ])
    var iterator = turns.makeAsyncIterator()
    for _ in 0..<5 { _ = await iterator.next() }
    rounds.stop()
    var end = ends.makeAsyncIterator()
    _ = await end.next()
  }

  @Test func triggersAreReadAnewOnlyWhenTheirShelfChanged() throws {
    let catalog = try Catalog()
    let collection = "honeycomb_trigger default"
    let before = catalog.changeCount(of: collection)
    try catalog.change(saving: { [CatalogDocument(collection: "honeycomb_trigger other", id: 1, body: [])] })
    #expect(catalog.changeCount(of: collection) == before)
    try catalog.change(saving: { [CatalogDocument(collection: collection, id: 1, body: [])] })
    #expect(catalog.changeCount(of: collection) == before + 1)
    try catalog.change(saving: { [] }, removing: [(collection, 1)])
    #expect(catalog.changeCount(of: collection) == before + 2)
    try catalog.removeEverything()
    #expect(catalog.changeCount(of: collection) == before + 3)
  }
}
