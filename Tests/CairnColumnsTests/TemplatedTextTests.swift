// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import CairnColumns

/// Lines to templates and back.
struct TemplatedTextTests {
  private func templated(_ lines: [[UInt8]]) throws -> TemplatedText {
    var end = 0
    let ends = lines.map { (line) in
      end += line.count
      return UInt32(end)
    }
    return try #require(TemplatedText(bytes: lines.flatMap { $0 }, ends: ends))
  }

  private func expectExact(_ lines: [[UInt8]]) throws {
    let text = try templated(lines)
    #expect(text.count == lines.count)
    for entry in lines.indices {
      var line: [UInt8] = []
      text.append(entry, to: &line)
      #expect(line == lines[entry], "entry \(entry)")
    }
    // Some in order, one twice, and out of order.
    let some = lines.indices.filter { $0 % 3 == 0 || $0 % 50 < 2 } + lines.indices.prefix(40).reversed() + lines.indices.suffix(1) + lines.indices.suffix(1)
    var read: [[UInt8]] = []
    text.forEach(some) { (index, line) in
      #expect(index == read.count)
      read.append(line)
    }
    #expect(read == some.map { lines[$0] })
    let plain = text.text(ofRuns: 0..<text.runCount)
    #expect(plain.bytes == lines.flatMap { $0 })
    #expect(plain.ends.count == lines.count)
  }

  @Test(arguments: 0..<12) func everyLineComesBackByteByByte(_ seed: UInt64) throws {
    var lines = HostileLines(seed: seed)
    try expectExact(lines.lines(seed < 10 ? 700 : 9_000))
  }

  @Test func linesThatAreTrapsComeBack() throws {
    try expectExact([])
    for corner in HostileLines.corners { try expectExact([[UInt8]](repeating: corner, count: 5) + [corner + [0x31]]) }
    // Slots of one column that do not agree in their form.
    for left in HostileLines.corners {
      for right in HostileLines.corners { try expectExact((0..<8).map { Array("a=".utf8) + ($0 % 2 == 0 ? left : right) }) }
    }
  }

  private func form(_ values: [String]) throws -> [SlotColumn.Form] {
    try templated(values.map { Array("value=\($0)".utf8) }).columns.dropFirst().map(\.form)
  }

  @Test func eachSlotHasTheNarrowestForm() throws {
    #expect(try form(["1", "20", "300", "0"]) == [.integer])
    #expect(try form(["001", "020", "300", "000"]) == [.padded])
    #expect(try form(["0a", "ff", "1c", "00"]) == [.hex, .hex] || form(["0a", "f1", "1c", "00"]) == [.hex])
    #expect(try form(["0a1", "1", "2c", "3"]) == [.hexOfLength])
    #expect(try form((0..<4).map { "0123456789abcdef0123456789abcde\($0)" }) == [.longHex])
    #expect(try form(["1.5", "2.5", "10.0", "0.1"]) == [.decimal])
    #expect(try form(["1.5", "2.25", "10.0", "0.1"]) == [.shortDecimal])
    #expect(try form(["1.5", "2.50", "10.0", "0.1"]) == [.decimalOfLength])
    #expect(try form((0..<40).map { "user_\($0)" }) == [.entries, .integer])
    #expect(try form(["a1b2c3z", "b1c2d3z", "c1d2e3z", "d1e2f3z"]) == [.texts])
  }

  @Test func partsThatDoNotBelongTogetherAreRefused() {
    var column = SlotColumn(.integer)
    column.words = SlotWords([1, 2])
    let template = TemplatedText.Template(pieces: [[0x61], []], columns: [0])
    #expect(TemplatedText(templates: [template], columns: [column], ids: [0, 0]) != nil)
    #expect(TemplatedText(templates: [template], columns: [column], ids: [0]) == nil)
    #expect(TemplatedText(templates: [template], columns: [column], ids: [0, 1]) == nil)
    #expect(TemplatedText(templates: [TemplatedText.Template(pieces: [[]], columns: [0])], columns: [column], ids: [0, 0]) == nil)
    #expect(TemplatedText(templates: [TemplatedText.Template(pieces: [[], []], columns: [1])], columns: [column], ids: [0, 0]) == nil)
    column.digits = 40
    column.form = .hex
    #expect(TemplatedText(templates: [template], columns: [column], ids: [0, 0]) == nil)
  }
}
