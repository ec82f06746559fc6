// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import NIOCore
import Testing

@testable import CairnKit

struct WireBufferTests {
  /// Whatever was expected of its length, a message has the shortest one that protobuf allows.
  @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, 100_000, 2_097_151, 2_097_152])
  func aMessageHasItsLength(_ byteCount: Int) {
    for expected in [0, 100, 128, 20_000, 3_000_000] {
      var bytes = WireBuffer()
      bytes.byte(0xff)
      let message = bytes.beginMessage(2, about: expected)
      bytes.fill(0x61, count: byteCount)
      bytes.endMessage(message)
      bytes.byte(0xfe)
      let length = WireBuffer.varintByteCount(UInt64(byteCount))
      #expect(bytes.count == byteCount + length + 3)
      var written = bytes.bytes[...]
      #expect(written.popFirst() == 0xff && written.popFirst() == 0x12 && written.popLast() == 0xfe)
      var read = 0
      for place in 0..<length { read |= Int((written.popFirst() ?? 0) & 0x7f) << (7 * place) }
      #expect(read == byteCount && written.count == byteCount && written.allSatisfy { $0 == 0x61 })
    }
  }

  @Test func aBodyIsWrittenWhereTheOneBeforeStood() {
    let memory = BodyMemory()
    let first = memory.write { $0.fill(0x61, count: 100_000) }
    let place = address(first)
    // Somebody still sends it: it must not change.
    let second = memory.write { $0.fill(0x62, count: 50_000) }
    #expect(first.bytes == [UInt8](repeating: 0x61, count: 100_000))
    #expect(second.bytes == [UInt8](repeating: 0x62, count: 50_000) && address(second) != place)
  }

  @Test func itsMemoryIsUsedAgainWhenItWasSent() {
    let memory = BodyMemory()
    let places = (0..<5).map { number in address(memory.write { $0.fill(UInt8(number), count: 100_000) }) }
    #expect(Set(places).count == 1)
    #expect(memory.write { _ in }.readableBytes == 0)
  }

  private func address(_ body: ByteBuffer) -> UInt { unsafe body.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) } }

  @Test func partsOfAStringAreOneString() {
    var bytes = WireBuffer()
    bytes.joined { writer in
      writer.part("a\"")
      writer.part("")
      writer.part("\\b")
    }
    #expect(String(decoding: bytes.bytes, as: UTF8.self) == #""a\"\\b""#)
  }

  @Test func numbersHaveTheirDigits() {
    var numbers: [UInt64] = [0, .max, UInt64(Int64.max)]
    for power in 0..<20 {
      let ten = (0..<power).reduce(1 as UInt64) { product, _ in product * 10 }
      numbers += [ten - 1, ten, ten + 1, ten / 7 * 6]
    }
    for number in numbers {
      for width in [1, 2, 9, 20] {
        var bytes = WireBuffer()
        bytes.decimal(number, width: width)
        let text = String(number)
        #expect(String(decoding: bytes.bytes, as: UTF8.self) == String(repeating: "0", count: max(0, width - text.utf8.count)) + text)
      }
    }
  }

  /// Words of eight bytes and what is left of them are copied at once where nothing in them is escaped.
  @Test func textsOfEveryLengthAreEscapedWhereTheyMustBe() throws {
    for length in 0...26 {
      for (place, special) in (0...length).flatMap({ place in ["\"", "\\", "\n", "\u{1}", "!", "é"].map { (place, $0) } }) {
        let text = String(repeating: "a", count: place) + (place < length ? special : "") + String(repeating: "#", count: max(0, length - place - 1))
        var bytes = WireBuffer()
        bytes.string(text)
        #expect(try JSONValue(parsing: bytes.bytes) == .string(text))
      }
    }
  }
}
