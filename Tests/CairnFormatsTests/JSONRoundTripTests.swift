// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import TestSupport
import Testing

/// Random trees of every kind of value, with the strings and numbers that break writers.
struct JSONTrees {
  var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func tree(depth: Int = 4) -> JSONValue {
    switch Int.random(in: 0..<(depth == 0 ? 6 : 9), using: &generator) {
    case 0: return .null
    case 1: return .boolean(Bool.random(using: &generator))
    case 2: return .integer(integer())
    case 3, 4: return .double(double())
    case 5: return .string(text())
    case 6: return .array((0..<Int.random(in: 0...4, using: &generator)).map { _ in tree(depth: depth - 1) })
    default:
      return .object((0..<Int.random(in: 0...4, using: &generator)).map { _ in JSONMember(text(), tree(depth: depth - 1)) })
    }
  }

  mutating func integer() -> Int64 {
    Int64(bitPattern: generator.next()) >> Int64.random(in: 0...63, using: &generator)
  }

  mutating func double() -> Double {
    switch Int.random(in: 0...3, using: &generator) {
    case 0: Double(Int64.random(in: -1_000_000_000...1_000_000_000, using: &generator)) / 1000
    case 1: Double(Int64.random(in: -1_000_000...1_000_000, using: &generator))
    case 2: Double.random(in: -1...1, using: &generator)
    default: finite(Double(bitPattern: generator.next()))
    }
  }

  private func finite(_ value: Double) -> Double { value.isFinite ? value : 0.5 }

  mutating func text() -> String {
    let alphabet: [String] = [
      "a", "duration_ms", "\"", "\\", "\n", "\u{0}", "\u{1f}", "\u{7f}", "\u{2028}", "\u{2029}", "\u{2027}", "é", "€", "😀", "<",
      "</script>", "&",
      "/", "\u{FFFF}", "\u{10FFFF}", "\u{FFFD}",
    ]
    return (0..<Int.random(in: 0...12, using: &generator)).map { _ in alphabet.randomElement(using: &generator) ?? "" }.joined()
  }
}

@Suite struct JSONRoundTripTests {
  @Test(arguments: [UInt64](1...40))
  func decodingWhatWasEncodedGivesTheSame(seed: UInt64) throws {
    var trees = JSONTrees(seed: seed)
    for _ in 0..<100 {
      let tree = trees.tree()
      let bytes = tree.bytes
      let again = try JSONValue(parsing: bytes)
      #expect(again == tree, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
      #expect(again.bytes == bytes, "seed \(seed)")
    }
  }

  @Test(arguments: [UInt64](1...10))
  func markupWritingReadsBackTheSameWithoutAngleBrackets(seed: UInt64) throws {
    var trees = JSONTrees(seed: seed)
    for _ in 0..<100 {
      let tree = trees.tree()
      var writer = JSONWriter(escaping: .markup)
      writer.value(tree)
      let bytes = writer.finish()
      #expect(!bytes.contains(0x3c) && !bytes.contains(0x3e) && !bytes.contains(0x26))
      #expect(try JSONValue(parsing: bytes) == tree, "seed \(seed)")
    }
  }

  @Test(arguments: [UInt64](1...10))
  func everyTruncationOfADocumentIsAnErrorAndNeverTraps(seed: UInt64) {
    var trees = JSONTrees(seed: seed)
    for _ in 0..<20 {
      let bytes = JSONValue.array([trees.tree(), trees.tree()]).bytes
      for count in 0..<bytes.count {
        #expect(throws: DecodeError.self, "seed \(seed)") { try JSONValue(parsing: Array(bytes[..<count])) }
      }
    }
  }

  @Test(arguments: [UInt64](1...20))
  func noMutationTrapsAndWhatIsAcceptedIsStable(seed: UInt64) throws {
    var trees = JSONTrees(seed: seed)
    let alphabet = Array("{}[]\",:\\u0123456789abcdefEe+-.tfn \n\u{0}".utf8) + [0x80, 0xbf, 0xc3, 0xe2, 0xed, 0xf0, 0xff]
    for _ in 0..<300 {
      var bytes = trees.tree().bytes
      for _ in 0...Int.random(in: 0...3, using: &trees.generator) {
        let position = Int.random(in: 0..<bytes.count, using: &trees.generator)
        let byte = alphabet.randomElement(using: &trees.generator) ?? 0
        if Bool.random(using: &trees.generator) { bytes[position] = byte } else { bytes.insert(byte, at: position) }
      }
      do throws(DecodeError) {
        let tree = try JSONValue(parsing: bytes)
        #expect(try JSONValue(parsing: tree.bytes) == tree, "seed \(seed)")
      } catch {
        #expect(error.offset >= 0 && error.offset <= bytes.count, "seed \(seed)")
        #expect(!error.message.isEmpty)
      }
    }
  }

  @Test(arguments: [UInt64](1...10))
  func doublesComeBackBitForBit(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<2000 {
      let value = Double(bitPattern: generator.next())
      guard value.isFinite else { continue }
      let scaled = (Double(generator.next() >> 20) / 1e6)
      for number in [value, scaled, -scaled, value.rounded(), Double(Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())))] {
        guard number.isFinite else { continue }
        guard case .double(let again) = try JSONValue(parsing: JSONValue.double(number).bytes) else {
          Issue.record("\(number) did not come back as a double")
          continue
        }
        #expect(again.bitPattern == number.bitPattern, "seed \(seed): \(number)")
      }
    }
  }
}
