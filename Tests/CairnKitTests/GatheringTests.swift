// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing
import Tracing

@testable import CairnKit

struct GatheringTests {
  final class Written: Sendable {
    let items = Mutex<[String]>([])
    func add(_ texts: [String]) { items.withLock { $0 += texts } }
    var all: [String] { items.withLock { $0 } }
  }

  @Test func writesAFewAtATimeOneWriterAfterTheOther() {
    let gathering = Gathering<Int>(batchLimit: 512), written = Written()
    #expect(gathering.isEmpty)
    gathering.add { numbers in written.add(numbers.map { "a\($0)" }) }
    gathering.add { numbers in written.add(numbers.map { "b\($0)" }) }
    #expect(!gathering.isEmpty)
    for number in 0..<15 { gathering.accept(number) }
    #expect(written.all.isEmpty)
    gathering.accept(15)
    #expect(written.all == (0..<16).map { "a\($0)" } + (0..<16).map { "b\($0)" })
    gathering.accept(16)
    #expect(written.all.count == 32)
    gathering.write()
    #expect(written.all.suffix(2) == ["a16", "b16"])
    gathering.write()
    #expect(written.all.count == 34)
  }

  @Test func aFullBatchWaitsForNothing() {
    let gathering = Gathering<Int>(batchLimit: 2), written = Written()
    gathering.add { numbers in written.add(numbers.map { "\($0)" }) }
    gathering.accept(0)
    gathering.accept(1)
    #expect(written.all == ["0", "1"])
  }

  @Test func losesNothingAndDoublesNothingUnderManyHands() async {
    let gathering = Gathering<Int>(batchLimit: 512), written = Mutex<[Int: Int]>([:])
    gathering.add { numbers in written.withLock { for number in numbers { $0[number, default: 0] += 1 } } }
    await withTaskGroup { group in
      for hand in 0..<8 {
        group.addTask { for number in 0..<1_001 { gathering.accept(hand * 10_000 + number) } }
        group.addTask { for _ in 0..<50 { gathering.write() } }
      }
    }
    gathering.write()
    let counts = written.withLock { $0 }
    #expect(counts.count == 8 * 1_001 && counts.values.allSatisfy { $0 == 1 })
  }

  /// What is on its way when a queue is asked to send is sent with it, and what comes when it is closed is counted.
  /// What a value is called is said by the program's code, which may do anything: never behind a lock of the kit's.
  @Test func valuesOfEventsAreAskedWhenTheSpanEnds() async {
    let transport = FakeTransport(.success(IncomingResponse(status: 200)))
    let kit = Kit(KitSettings(), transports: Transports(transport), clock: ContinuousClock())
    let asked = Asked()
    kit.tracer.withSpan("work") { span in
      span.addEvent(SpanEvent(name: "event", attributes: ["value": .stringConvertible(asked)]))
      span.addLink(SpanLink(context: span.context, attributes: ["value": .stringConvertible(asked)]))
    }
    #expect(asked.count.load(ordering: .relaxed) == 2)
    await kit.flush()
    #expect(asked.count.load(ordering: .relaxed) == 2)
  }

  private final class Asked: CustomStringConvertible, Sendable {
    let count = Atomic<Int>(0)
    var description: String { "asked \(count.wrappingAdd(1, ordering: .relaxed).newValue) times" }
  }

  @Test(.timeLimit(.minutes(1))) func queueTakesWhatIsOnItsWay() async {
    let gathering = Gathering<Int>(batchLimit: 512), sent = Mutex<[Int]>([]), losses = LossCounter()
    let queue = BatchQueue<ItemBatch<Int>>(
      name: "test", settings: BatchSettings(delay: .seconds(3_600)), warn: { _ in }, losses: losses, gather: { gathering.write() }
    ) { batch in sent.withLock { $0 += batch.items } }
    gathering.add { numbers in queue.offer(numbers) { $1.append($0) } }
    for number in 0..<3 { gathering.accept(number) }
    await queue.drain()
    #expect(sent.withLock { $0 } == [0, 1, 2])
    gathering.accept(3)
    queue.close()
    gathering.accept(4)
    await queue.run(ContinuousClock())
    #expect(sent.withLock { $0 } == [0, 1, 2, 3])
    #expect(losses.counts == ["test": 1])
  }
}
