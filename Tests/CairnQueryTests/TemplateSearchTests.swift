// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnPatterns
import CairnPlan
import TestSupport
import Testing

@testable import CairnQuery

/// Tests of templated text agree with those of the same text end to end.
struct TemplateSearchTests {
  private static func dictionaries(_ lines: [[UInt8]]) throws -> (plain: ValueDictionary, templated: ValueDictionary) {
    var bytes: [UInt8] = []
    var ends: [UInt32] = []
    for line in lines {
      bytes += line
      ends.append(UInt32(bytes.count))
    }
    let text = try #require(TemplatedText(bytes: bytes, ends: ends))
    return (ValueDictionary(.text(bytes: bytes, ends: ends)), ValueDictionary(.templated(text)))
  }

  /// A part of a line, sometimes with another byte in it.
  private static func wanted(_ lines: [[UInt8]], _ generator: inout SeededGenerator) -> [UInt8] {
    let line = lines[generator.below(lines.count)]
    guard !line.isEmpty else { return [0x31] }
    let start = generator.below(line.count)
    let count = 1 + generator.below(min(generator.oneIn(3) ? 60 : 9, line.count - start))
    var part = Array(line[start..<start + count])
    if generator.oneIn(4) { part[generator.below(count)] = Array("0123456789abcdef .-=".utf8)[generator.below(20)] }
    return part
  }

  @Test(arguments: 0..<6) func whatContainsATextIsFoundInTemplates(_ seed: UInt64) throws {
    var hostile = HostileLines(seed: seed)
    let lines = hostile.lines(1_500)
    let (plain, templated) = try Self.dictionaries(lines)
    var generator = SeededGenerator(seed: seed &+ 100)
    for _ in 0..<250 {
      let part = Self.wanted(lines, &generator)
      for match in [TextMatch.contains, .startsWith, .endsWith] where match == .contains || generator.oneIn(20) {
        let test = FieldTest.text(match, part)
        #expect(EntryTable.make(test, templated) == EntryTable.make(test, plain), "\(match) \(String(decoding: part, as: UTF8.self))")
      }
    }
  }

  @Test func otherTestsReadTheLines() throws {
    var hostile = HostileLines(seed: 21)
    let lines = hostile.lines(5_000)
    let (plain, templated) = try Self.dictionaries(lines)
    let line = FieldValue.string(String(decoding: lines[4_321], as: UTF8.self))
    let tests: [FieldTest] = [
      .compare(.equal, line), .compare(.greater, line), .oneOf([line, .integer(7)]), .matches(try Pattern("status=[45]00 req=a")), .text(.contains, []), .exists,
    ]
    for test in tests { #expect(EntryTable.make(test, templated) == EntryTable.make(test, plain)) }
  }

  /// More ways to lie in a line than are listed: slots that hold any text, with the same constant text between them.
  @Test func aTextThatCouldLieAnywhereIsFoundInTheLines() throws {
    let word = "a1b2c3z"
    let lines = (0..<300).map { (index) in Array((0..<60).map { "\(word)\($0 * index)" }.joined(separator: " ").utf8) }
    let (plain, templated) = try Self.dictionaries(lines)
    for wanted in ["z8 a1b2c3z12 a1b2c3z16", "1 2 3 4 5 6 7 8 9 a b c d e f", "a1b2c3z0 a1b2c3z7 a1b2c3z14 a1b2c3z21 a1b2c3z28 a1b2c3z35"] {
      let test = FieldTest.text(.contains, Array(wanted.utf8))
      #expect(EntryTable.make(test, templated) == EntryTable.make(test, plain), "\(wanted)")
    }
  }

  @Test(arguments: 0..<4) func linesOfATemplateShareTheirPattern(_ seed: UInt64) throws {
    var hostile = HostileLines(seed: seed &+ 40)
    let (plain, templated) = try Self.dictionaries(hostile.lines(4_000))
    func patterns(_ dictionary: ValueDictionary) -> [String: Int] {
      var templates = LineTemplates()
      let texts = CountedTexts(source: .dictionary(dictionary), counts: [UInt32](repeating: 2, count: dictionary.count))
      for start in stride(from: 0, to: texts.entryCount, by: PatternCounter.entriesAtOnce) { texts.add(from: start, to: &templates) }
      return Dictionary(templates.patterns().map { ($0.text, $0.count) }) { $0 + $1 }
    }
    #expect(patterns(templated) == patterns(plain))
  }
}
