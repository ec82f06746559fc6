// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import TestSupport
import Testing

@testable import CairnStorage

/// Fields that stand in the lines of their rows, to bytes and back.
struct DrawnColumnTests {
  private struct Event {
    var line: String?
    var level: String?
    var status: Int64?
    var latency: Double?
    var trace: TraceID?
    var isNew: Bool?
  }

  private static func events(_ count: Int, _ generator: inout SeededGenerator) -> [Event] {
    (0..<count).map { (_) -> Event in
      if generator.oneIn(9) { return Event(line: nil, level: generator.oneIn(300) ? "odd" : nil) }
      let level = ["info", "info", "info", "warn", "warn", "error"][generator.below(6)]
      guard generator.chance(70) else { return Event(line: "[\(level.uppercased())] \(generator.below(1 << 30)) things", level: level) }
      let latency = Double(generator.below(200_000)) / 100
      let id = TraceID(high: generator.next() | 1, low: generator.next())
      // Of errors, some fields say something else than the line.
      let status = Int64(200 + generator.below(4) * 100)
      let line = "{\"level\":\"\(level)\",\"status\":\(status),\"latency\":\(latency),\"new\":\(level == "warn"),\"trace_id\":\"\(id.hex)\"}"
      return Event(line: line, level: level, status: level == "error" && generator.oneIn(3) ? nil : status, latency: latency, trace: id, isNew: level == "warn")
    }
  }

  private static func text(_ name: String, _ values: [String?]) -> FlatColumn {
    var interner = ByteInterner(slotCount: 64, arenaByteCount: 64)
    let stored = values.map { $0.map { interner.intern($0) + 1 } ?? 0 }
    return .coded(ColumnKey(name, .string), .dictionary(ValueDictionary(interner.texts((0..<UInt32(interner.count)).map { $0 }))), stored: stored)
  }

  private static func columns(_ events: [Event]) -> [FlatColumn] {
    let latencies = events.map { $0.latency?.bitPattern ?? 0 }
    var codes: [UInt32] = []
    var ids: [TraceID] = []
    for event in events {
      if let id = event.trace { ids.append(id) }
      codes.append(event.trace == nil ? 0 : UInt32(ids.count))
    }
    return [
      text("level", events.map(\.level)),
      ColumnFreezer.integers(ColumnKey("status", .integer), (events.map { UInt64(bitPattern: $0.status ?? 0) }, events.map { $0.status != nil })),
      ColumnFreezer.floats(ColumnKey("latency", .float), (latencies, events.map { $0.latency != nil })),
      .coded(ColumnKey("new", .boolean), .booleans, stored: events.map { $0.isNew.map { $0 ? 2 : 1 } ?? 0 }),
      .coded(.traceID, .dictionary(ValueDictionary(.traceIDs(ids, sorted: sortedEntries(ids)))), stored: codes),
      text("trace_id", events.map { $0.trace?.hex }),
    ]
  }

  private static func lines(_ events: [Event]) throws -> LineSource {
    let column = text(FieldName.body, events.map(\.line))
    var encoder = ColumnEncoder()
    let found = encoder.templated(column.scanColumn())
    let templated = try #require(found)
    guard case .narrow(let codes) = column.values else { throw FormatDamage(what: "no codes", offset: 0) }
    return LineSource(column.key, templated, codes: codes)
  }

  private static func source(_ lines: LineSource) -> ScanColumn {
    .coded(lines.key, .dictionary(ValueDictionary(.templated(lines.text))), stored: lines.codes)
  }

  @Test(arguments: [3_500, 40_000]) func fieldsOfLinesComeBack(_ rowCount: Int) throws {
    var generator = SeededGenerator(seed: UInt64(rowCount))
    let events = Self.events(rowCount, &generator)
    let lines = try Self.lines(events)
    let source = Self.source(lines)
    var encoder = ColumnEncoder()
    var decoder = ColumnDecoder()
    for column in Self.columns(events) {
      let name = column.key.name
      let drawn = try #require(ColumnDrawer(lines: lines).drawn(column), "\(name)")
      let encoded = encoder.encode(drawn)
      #expect(encoded.bytes.count < 2_500, "\(name)")
      #expect(try DerivedHeader.source(encoded.bytes) == lines.key)
      let read = try decoder.decode(
        drawn: encoded.bytes, key: column.key, headerByteCount: encoded.headerByteCount, rowCount: rowCount, source: source)
      let wanted = column.scanColumn()
      #expect(read.presentCount == wanted.presentCount, "\(name)")
      for row in 0..<rowCount where read.value(at: row) != wanted.value(at: row) {
        Issue.record("\(name), row \(row)")
        break
      }
    }
  }

  @Test func whatDoesNotStandInTheLinesIsNotDrawn() throws {
    var generator = SeededGenerator(seed: 5)
    let events = Self.events(20_000, &generator)
    let drawer = ColumnDrawer(lines: try Self.lines(events))
    let random = events.indices.map { _ in generator.next() >> 40 }
    #expect(drawer.drawn(ColumnFreezer.integers(ColumnKey("n", .integer), (random, nil))) == nil)
    #expect(drawer.drawn(Self.text("same", events.map { _ in "always" })) == nil)
    #expect(drawer.drawn(.numbers(.time, .integers, words: random, present: nil)) == nil)
  }

  @Test func noFlippedBitOrByteTrapsOrGoesUnnoticed() throws {
    var generator = SeededGenerator(seed: 6)
    let events = Self.events(3_000, &generator)
    let lines = try Self.lines(events)
    let source = Self.source(lines)
    var encoder = ColumnEncoder()
    for column in Self.columns(events) {
      let drawn = try #require(ColumnDrawer(lines: lines).drawn(column))
      let encoded = encoder.encode(drawn)
      for bit in stride(from: encoded.headerByteCount * 8, to: encoded.bytes.count * 8, by: 3) {
        var bytes = encoded.bytes
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        var decoder = ColumnDecoder()
        let read = try? decoder.decode(
          drawn: bytes, key: column.key, headerByteCount: encoded.headerByteCount, rowCount: events.count, source: source)
        #expect(read == nil, "bit \(bit) of \(column.key.name) went unnoticed")
      }
      for _ in 0..<300 {
        var bytes = encoded.bytes
        for _ in 0...generator.below(3) { bytes[generator.below(bytes.count)] = UInt8(truncatingIfNeeded: generator.next()) }
        var decoder = ColumnDecoder(.ignored)
        _ = try? decoder.decode(
          drawn: bytes, key: column.key, headerByteCount: encoded.headerByteCount, rowCount: events.count, source: source)
      }
    }
  }
}
