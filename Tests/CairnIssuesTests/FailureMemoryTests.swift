// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import CairnIssues

@Suite struct FailureMemoryTests {
  private static let start: Int64 = 1_795_000_000_000_000_000
  private static let identity = ItemIdentity(tenant: "t", project: "p", environment: "production", hash: "h")

  private func report(_ door: ReportingDoor, trace: Int64 = 0, at milliseconds: Int64 = 0, count: Int = 1) -> FailureReport {
    FailureReport(door, failure: trace, unixNanoseconds: Self.start + milliseconds * 1_000_000, count: count)
  }

  private func count(_ reports: [FailureReport]) -> Int { failureBursts(reports).reduce(0) { $0 + $1.count } }

  @Test func oneFailureThroughAllDoorsCountsOnce() {
    #expect(count(ReportingDoor.allCases.map { report($0, trace: 7) }) == 1)
    #expect(count(ReportingDoor.allCases.enumerated().map { report($1, at: Int64($0) * 300) }) == 1)
  }

  @Test func aLoopThroughOneDoorCountsEachTime() {
    #expect(count((0..<5).map { report(.rollbar, trace: 7, at: $0) } + [report(.span, trace: 7)]) == 5)
    #expect(count((0..<5).map { report(.rollbar, at: $0 * 60_000) }) == 5)
    #expect(count([report(.rollbar, count: 1_000_000), report(.span, trace: 7)]) == 1_000_000)
  }

  @Test func failuresOfSeveralTracesAtOneTimeAreSeveral() {
    // One door told of each: nothing says that they are one.
    #expect(count([report(.rollbar, trace: 1), report(.span, trace: 2)]) == 2)
    // Doors without traces told of the same.
    #expect(count([report(.span, trace: 1), report(.span, trace: 2), report(.rollbar), report(.line), report(.rollbar)]) == 2)
    // A door without traces told of more than those with traces.
    #expect(count([report(.span, trace: 1), report(.rollbar), report(.rollbar), report(.rollbar)]) == 3)
  }

  @Test func tracesOfAnotherRecorderAreNotOthersFailures() {
    #expect(count([report(.span, trace: 1), report(.document, trace: 100), report(.rollbar)]) == 1)
    #expect(count([report(.span, trace: 1), report(.document, trace: 1), report(.document, trace: 2), report(.span, trace: 2)]) == 2)
    #expect(count([report(.document, trace: 1), report(.document, trace: 2)]) == 2)
  }

  @Test func aFailureThatIsLoggedOnItsWayUpIsOne() {
    let logged = [report(.record, trace: 1), report(.record, trace: 1, at: 3), report(.line, trace: 1, at: 4), report(.line, trace: 1, at: 5)]
    #expect(count(logged + [report(.span, trace: 1)]) == 1)
    #expect(failureEntries(logged + [report(.span, trace: 1, at: 1)]) == [FailureEntry(place: 4, others: [.init(place: 0, isSure: true), .init(place: 2, isSure: true)])])
    // The attempts that spans told of are several, and so is what nothing but logs told of.
    #expect(count(logged + [report(.span, trace: 1), report(.span, trace: 1, at: 9)]) == 2)
    #expect(count(logged) == 2)
    #expect(count(logged + [report(.span, trace: 1), report(.record, trace: 2), report(.record)]) == 2)
  }

  @Test func farApartIsNotTheSame() {
    #expect(count([report(.span, trace: 1), report(.rollbar, at: 2_001)]) == 2)
    #expect(count([report(.span, trace: 1), report(.rollbar, trace: 1, at: 60_000)]) == 1)
  }

  /// Failures told by some doors, some of them several times, some without a trace.
  private func story(_ random: inout SeededGenerator) -> [FailureReport] {
    var reports: [FailureReport] = []
    for number in 1...(1 + random.below(25)) {
      let time = Int64(random.below(90_000))
      for door in ReportingDoor.allCases where random.chance(45) {
        let trace = door == .line || random.chance(30) ? 0 : door == .document && random.chance(50) ? Int64(1_000 + number) : Int64(number)
        for _ in 0..<(random.chance(80) ? 1 : 1 + random.below(4)) {
          reports.append(report(door, trace: trace, at: time + Int64(random.below(1_500))))
        }
      }
    }
    return reports
  }

  @Test func noOrderAndNoRestartChangesACount() {
    for seed in 0..<300 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let told = story(&random)
      var hours: [Int64: Int] = [:]
      for burst in failureBursts(told) { hours[burst.hour, default: 0] += burst.count }
      for _ in 0..<4 {
        let order = told.shuffled(using: &random)
        var memory = FailureMemory()
        var counted: [Int64: Int] = [:]
        var next = 0
        while next < order.count {
          let end = min(order.count, next + 1 + random.below(6))
          for (hour, more) in memory.add(Array(order[next..<end]), of: Self.identity, item: 1, nowUnixSeconds: 1) { counted[hour, default: 0] += more }
          next = end
          guard random.chance(25) else { continue }
          // A restart: what is counted is read again, in any order, and counts nothing.
          memory = FailureMemory()
          _ = memory.add(order[..<next].shuffled(using: &random), of: Self.identity, item: 1, nowUnixSeconds: 1)
        }
        #expect(counted.filter { $0.value != 0 } == hours, "seed \(seed)")
      }
    }
  }

  @Test func aListShowsAsManyAsAreCounted() {
    for seed in 1_000..<1_400 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let told = story(&random)
      let entries = failureEntries(told)
      #expect(entries.count == count(told), "seed \(seed)")
      #expect(Set(entries.map(\.place)).count == entries.count)
      for entry in entries { #expect(Set(entry.others.map { told[$0.place].door }).isDisjoint(with: [told[entry.place].door])) }
    }
  }

  @Test func aListSaysWhichReportsBelongTogether() {
    // By their trace, whatever the times.
    let traced = [report(.rollbar, trace: 1), report(.rollbar, trace: 2), report(.span, trace: 2, at: 10), report(.span, trace: 1, at: 20)]
    #expect(failureEntries(traced).map(\.others) == [[.init(place: 3, isSure: true)], [.init(place: 2, isSure: true)]])
    // Notifiers cut their times to seconds: the order of arrival says it, and no more.
    let cut = [report(.rollbar), report(.rollbar), report(.span, trace: 1, at: 100), report(.span, trace: 2, at: 600)]
    #expect(failureEntries(cut).map(\.others) == [[.init(place: 2, isSure: false)], [.init(place: 3, isSure: false)]])
    #expect(failureEntries([report(.rollbar), report(.span, trace: 1, at: 100)]).map(\.others) == [[.init(place: 1, isSure: true)]])
  }

  @Test func itemsThatBecomeOneCountTheirFailuresOnce() {
    for seed in 0..<200 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let told = story(&random)
      var memory = FailureMemory()
      var sums: [Int64: Int] = [:]
      for report in told {
        let item = Int64(1 + random.below(2))
        sums[item, default: 0] += memory.add([report], of: Self.identity, item: item, nowUnixSeconds: 1).values.reduce(0, +)
      }
      let counted = memory.unite(2, into: 1)
      #expect(counted.own.values.reduce(0, +) == sums[1] ?? 0 && counted.moved.values.reduce(0, +) == sums[2] ?? 0)
      #expect(counted.together.values.reduce(0, +) == count(told), "seed \(seed)")
      #expect(memory.add([report(.rollbar, at: 600_000)], of: Self.identity, item: 1, nowUnixSeconds: 2).values.reduce(0, +) == 1)
    }
  }

  @Test func theMemoryIsBoundedAndForgets() {
    var memory = FailureMemory()
    var sum = 0
    for number in 0..<40_000 as Range<Int64> {
      sum += memory.add([report(.rollbar, trace: number + 1, at: number)], of: Self.identity, item: number % 3, nowUnixSeconds: number / 100)
        .values.reduce(0, +)
      if number % 5_000 == 0 { memory.prune(nowUnixSeconds: number / 100) }
    }
    #expect(sum == 40_000)
    #expect(memory.reportCount <= 3 * FailureMemory.itemReportCountMax)
    memory.prune(nowUnixSeconds: 10_000)
    #expect(memory.reportCount == 0)
  }

  @Test func aLoopIsOneReport() {
    var note = OccurrenceNote(item: Self.identity)
    note.door = .rollbar
    var pending = PendingItem(note)
    var listed = 0
    for number in 0..<100_000 as Range<Int64> {
      note.unixNanoseconds = Self.start + number * 1_000
      pending.add(note)
      listed += pending.list(note)
    }
    #expect(listed == 1 && pending.reports.map(\.count) == [100_000])
  }
}

@Suite struct FailureKeyTests {
  private let identity = { (hash: String) in ItemIdentity(tenant: "t", project: "p", environment: "e", hash: hash) }

  @Test func doorsNameAClassWithOrWithoutItsModule() {
    let trace: [UInt8] = Array(0..<16)
    let key = failureKey(trace: trace, className: "shop.Lost", message: "gone")
    #expect(key == failureKey(trace: trace, className: "Lost", message: "gone") && key > 0 && key < 1 << 53)
    #expect(key == failureKey(trace: trace, className: "Shop\\Lost", message: "gone"))
    #expect(key != failureKey(trace: trace, className: "Lost", message: "gone away"))
    #expect(key != failureKey(trace: trace.reversed(), className: "Lost", message: "gone"))
    #expect(failureKey(trace: trace, className: "", message: "gone") == 0)
    let long = String(repeating: "m", count: 256)
    #expect(failureKey(trace: trace, className: "L", message: long + "a") == failureKey(trace: trace, className: "L", message: long + "b"))
  }

  @Test func theSameLineIsTheSamePlaceBelowAnyFolder() {
    let stack = """
      Traceback (most recent call last):
        File "/venv/lib/python3.11/site-packages/flask/app.py", line 9, in dispatch
          return view()
        File "/srv/app/shop.py", line 12, in pay
          charge()
        File "/venv/lib/python3.11/site-packages/bank.py", line 3, in charge
          raise Lost()
      shop.Lost: gone
      """
    let printed = exceptionChain(className: "shop.Lost", message: "gone", stack: stack)[0]
    let sent = ErrorTrace(
      className: "Lost", message: "gone",
      frames: [
        ErrorFrame(file: "/app/shop.py", function: "pay", line: 12),
        ErrorFrame(file: "/usr/lib/python3.11/site-packages/bank.py", function: "charge", line: 3),
      ])
    var report = ErrorReport(.chain([sent]))
    report.root = "/app"
    let key = placeKey(of: printed, ErrorReport(.chain([printed])))
    #expect(key != 0 && key == placeKey(of: sent, report))
    var moved = sent
    moved.frames[0].line = 13
    #expect(key != placeKey(of: moved, report))
    moved.frames[0].line = 0
    #expect(placeKey(of: moved, report) == 0)
  }

  private func report(_ door: ReportingDoor, failure: Int64 = 0, place: Int64 = 0, words: Int64 = 0, service: String = "", seconds: Int64 = 0) -> FailureReport {
    var report = FailureReport(door, failure: failure, unixNanoseconds: seconds * 1_000_000_000)
    (report.place, report.words, report.service) = (place, words, service)
    return report
  }

  @Test func doorsMeetByTraceByPlaceAndByWords() {
    var memory = FailureMemory()
    memory.see([report(.rollbar, failure: 5, place: 6)], of: identity("a"), nowUnixSeconds: 0)
    memory.see([report(.document, failure: 50, words: 8, service: "shop")], of: identity("x"), nowUnixSeconds: 0)
    let ties = { (report: FailureReport) in memory.meetings(report, of: identity("b")).map(\.tie) }
    #expect(ties(report(.span, failure: 5)) == [.trace])
    #expect(ties(report(.span, failure: 5, seconds: 500)) == [.trace])
    #expect(ties(report(.span, failure: 9, place: 6, seconds: 2)) == [.place])
    #expect(ties(report(.span, failure: 9, place: 6, seconds: 3)).isEmpty)
    #expect(ties(report(.rollbar, failure: 5, place: 6)).isEmpty, "one door twice is no meeting")
    #expect(ties(report(.span, words: 8, service: "shop", seconds: 1)) == [.words])
    #expect(ties(report(.span, failure: 50, words: 8, service: "bank")).isEmpty, "two services are two")
    memory.see([report(.span, words: 9, service: "shop")], of: identity("o"), nowUnixSeconds: 0)
    #expect(ties(report(.rollbar, words: 9, service: "shop")).isEmpty, "words alone say enough of X-Ray only")
    #expect(memory.meetings(report(.span, failure: 5), of: ItemIdentity(tenant: "other", project: "p", environment: "e", hash: "b")).isEmpty)
  }
}

@Suite struct PassedOnTests {
  private func raised(_ row: Int, _ start: Int64, _ end: Int64, failure: Int64 = 1, dataset: UInt32 = 0, span: UInt64? = nil) -> RaisedInSpan {
    RaisedInSpan(row: row, failure: failure, dataset: dataset, span: span ?? UInt64(row + 1), startUnixNanoseconds: start, endUnixNanoseconds: end)
  }

  @Test func nestedSpansPassOnOneFailure() {
    #expect(passedOn([raised(0, 20, 30), raised(1, 10, 31), raised(2, 0, 31)]) == [1, 2])
    #expect(passedOn([raised(0, 0, 31), raised(1, 10, 31), raised(2, 20, 30)]) == [0, 1], "whatever the order")
    #expect(passedOn([raised(0, 10, 30), raised(1, 10, 30)]) == [1], "one of two that are alike stays")
  }

  @Test func attemptsAndStrangersCount() {
    #expect(passedOn([raised(0, 0, 10), raised(1, 10, 20), raised(2, 20, 30)]).isEmpty, "one after the other")
    #expect(passedOn([raised(0, 1, 10), raised(1, 11, 20), raised(2, 0, 21)]) == [2], "and the last goes on through the outer span")
    #expect(passedOn([raised(0, 0, 30, span: 7), raised(1, 0, 20, span: 7)]).isEmpty, "one span twice")
    #expect(passedOn([raised(0, 20, 30), raised(1, 0, 31, failure: 2)]).isEmpty)
    #expect(passedOn([raised(0, 20, 30), raised(1, 0, 31, dataset: 1)]).isEmpty, "another service")
    #expect(passedOn([raised(0, 20, 30, failure: 0), raised(1, 0, 31, failure: 0)]).isEmpty)
  }
}
