// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Testing

@testable import CairnServer

@Suite struct DatagramInboxTests {
  private func pile(_ text: String) -> DatagramPile {
    var pile = DatagramPile()
    pile.append(ByteBuffer(string: text).readableBytesView, sender: 1)
    return pile
  }

  @Test func whatIsPutComesOutInOrder() async throws {
    let inbox = DatagramInbox()
    for number in 0..<10 { inbox.put(pile("datagram \(number)")) }
    inbox.close()
    let taken = try #require(await inbox.take())
    #expect(taken.ends.count == 10)
    #expect(String(decoding: taken.bytes[taken.range(9)], as: UTF8.self) == "datagram 9")
    #expect(await inbox.take() == nil)
  }

  @Test func largePilesAreTakenOneByOne() async throws {
    let inbox = DatagramInbox()
    let text = String(repeating: "x", count: 3 << 20)
    for _ in 0..<100 { inbox.put(pile(text)) }
    inbox.close()
    var counts: [Int] = []
    while let taken = await inbox.take() { counts.append(taken.ends.count) }
    #expect(counts.allSatisfy { $0 == 1 })
    #expect(counts.count + inbox.droppedCount == 100 && inbox.droppedCount > 0, "the bound holds, and what it costs is counted")
  }

  @Test func whoWaitsGetsTheNextPile() async throws {
    let inbox = DatagramInbox()
    async let taken = inbox.take()
    inbox.put(pile("a"))
    #expect(await taken?.bytes == [97])
  }

  @Test func theKernelsTableIsRead() {
    let table = """
         sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
        1: 0100007F:07D0 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 11 2 0 7
        2: 0100007F:07D1 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 12 2 0 9
      """
    #expect(KernelDrops.count(port: 2000, table: table) == 7)
    #expect(KernelDrops.count(port: 1, table: table) == nil)
    #expect(KernelDrops.count(port: 2000, table: "") == nil)
  }
}
