// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnPlan
import TestSupport
import Testing

@testable import CairnStorage

/// Frames, and what a start makes of every beginning of a journal.
struct JournalTests {
  private func header(_ generator: inout SeededGenerator) -> RequestHeader {
    RequestHeader(
      format: RequestFormat(rawValue: UInt16.random(in: 0...UInt16.max, using: &generator)),
      encoding: RequestEncoding(rawValue: UInt8(generator.below(4))) ?? .identity,
      environment: ["", "prod", "ümlaut"][generator.below(3)],
      datasetHint: String(repeating: "d", count: generator.below(300)),
      receivedUnixNanoseconds: Int64(bitPattern: generator.next()))
  }

  @Test func framesComeBackInOrder() {
    var generator = SeededGenerator(seed: 1)
    for number in [UInt64(1), 7, .max] {
      var bytes = JournalHeader.bytes(number: number)
      var written: [(RequestHeader, [UInt8], Int)] = []
      for _ in 0..<100 {
        let header = header(&generator)
        let body = (0..<generator.below(400)).map { _ in UInt8.random(in: 0...255, using: &generator) }
        unsafe JournalFrame.append(
          header, packing: generator.oneIn(2) ? .zstd : .asReceived, plainByteCount: body.count * 3, body: body.span.bytes,
          journal: number,
          to: &bytes)
        written.append((header, body, bytes.count))
      }
      var found: [JournalFrame] = []
      JournalFrames(bytes, number: number).forEach { (frame, _) in
        found.append(frame)
      } onGap: {
        Issue.record("a gap: \($0)")
      }
      #expect(found.map(\.header) == written.map(\.0))
      #expect(found.map(\.body) == written.map(\.1))
      #expect(found.map(\.plainByteCount) == written.map { $0.1.count * 3 })
      var strangers = 0
      JournalFrames(bytes, number: number ^ 1).forEach { (_, _) in
        strangers += 1
      } onGap: { _ in
      }
      #expect(strangers == 0, "frames of another journal are none")
    }
  }

  @Test func everyBeginningOfAJournalGivesTheWholeFramesInIt() async throws {
    let files = MemoryFiles()
    let archive = try openArchive(files, smallSettings(headRowCountMax: 1000))
    var ends: [Int] = [JournalHeader.byteCount]
    var ledger = Ledger()
    for id in 0..<6 {
      let request = TestRequest(id, itemCount: 2)
      ledger.sent[id] = request
      try await archive.ingest(request)
      ends.append(files.bytes(JournalWriter.path(1))?.count ?? 0)
    }
    let bytes = files.bytes(JournalWriter.path(1)) ?? []
    for count in 0...bytes.count {
      let cut = MemoryFiles()
      cut.put(JournalWriter.path(1), Array(bytes[..<count]))
      let next = try openArchive(cut)
      var expected = ledger
      expected.acknowledged = Set((0..<6).filter { ends[$0 + 1] <= count })
      let rows = try next.allRows()
      #expect(expected.faults(rows).isEmpty)
      #expect(rows.count == expected.acknowledged.count * 2, "cut at \(count)")
      #expect(next.damage.entries.isEmpty, "a cut write is no damage")
    }
  }

  @Test func aFrameInsideADamagedBodyIsNotTaken() {
    var generator = SeededGenerator(seed: 2)
    let (one, two): ([UInt8], [UInt8]) = ([1], [2])
    var inner: [UInt8] = []
    unsafe JournalFrame.append(
      header(&generator), packing: .asReceived, plainByteCount: 1, body: one.span.bytes, journal: 5, to: &inner)
    var bytes = JournalHeader.bytes(number: 5)
    let start = bytes.count
    unsafe JournalFrame.append(
      header(&generator), packing: .asReceived, plainByteCount: 1, body: inner.span.bytes, journal: 5, to: &bytes)
    let second = bytes.count
    unsafe JournalFrame.append(
      header(&generator), packing: .asReceived, plainByteCount: 1, body: two.span.bytes, journal: 5, to: &bytes)
    bytes[start + 14] ^= 1
    var found: [[UInt8]] = []
    var gaps: [JournalFrames.Gap] = []
    JournalFrames(bytes, number: 5).forEach { (frame, _) in
      found.append(frame.body)
    } onGap: {
      gaps.append($0)
    }
    #expect(found == [[2]])
    #expect(gaps == [.damage(start..<second)])
  }

  @Test func aLongBodyIsReplayedThoughTheLimitIsLowerNow() async throws {
    let files = MemoryFiles()
    let archive = try openArchive(files, smallSettings(headRowCountMax: 1000))
    let request = TestRequest(1, itemCount: 12)
    try await archive.ingest(request)
    var settings = smallSettings()
    settings.bodyByteCountMax = 10
    #expect(try openArchive(files.copy(), settings).allRows().count == 12)
  }

  @Test func anEmptyBodyIsARequestWithoutEvents() async throws {
    let files = MemoryFiles()
    let archive = try openArchive(files)
    var request = TestRequest(1)
    request.body = []
    try await archive.ingest(request)
    let next = try openArchive(files.copy())
    #expect(try next.allRows().isEmpty)
    #expect(next.damage.entries.isEmpty)
  }
}
