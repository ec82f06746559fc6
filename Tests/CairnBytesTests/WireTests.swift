// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import TestSupport
import Testing

struct WireTests {
  func varint(_ bytes: [UInt8], _ offset: inout Int, _ end: Int) throws(DecodeError) -> UInt64 {
    try readVarint(unsafe bytes.span.bytes, &offset, end)
  }

  func length(_ bytes: [UInt8], _ offset: inout Int, _ end: Int) throws(DecodeError) -> Int {
    try readLength(unsafe bytes.span.bytes, &offset, end)
  }

  func skip(_ bytes: [UInt8], _ offset: inout Int, _ end: Int, tag: UInt64) throws(DecodeError) {
    try skipField(unsafe bytes.span.bytes, &offset, end, tag: tag)
  }

  @Test func readsVarintsOfEveryLength() throws {
    for shift in 0..<64 {
      for value in [UInt64(1) << UInt64(shift), UInt64(1) << UInt64(shift) - 1, .max >> UInt64(shift)] {
        let bytes = Protobuf { $0.rawVarint(value) }.bytes
        var offset = 0
        #expect(try varint(bytes, &offset, bytes.count) == value)
        #expect(offset == bytes.count)
        for end in 0..<bytes.count {
          offset = 0
          #expect(throws: DecodeError(.truncated, at: end)) { try varint(bytes, &offset, end) }
        }
      }
    }
  }

  @Test func refusesAVarintOfElevenBytes() {
    let bytes = [UInt8](repeating: 0x80, count: 1_000_000)
    var offset = 0
    #expect(throws: DecodeError(.badVarint, at: 10)) { try varint(bytes, &offset, bytes.count) }
  }

  @Test func skipsEveryWireType() throws {
    let fields: [(Protobuf, UInt64)] = [
      (Protobuf { $0.rawVarint(300) }, 0), (Protobuf { $0.bytes = [1, 2, 3, 4, 5, 6, 7, 8] }, 1),
      (Protobuf { $0.bytes = [3, 1, 2, 3] }, 2), (Protobuf { $0.bytes = [1, 2, 3, 4] }, 5),
      (Protobuf { $0.bytes = [0x0B, 0x08, 1, 0x0C, 0x14] }, 3),
    ]
    for (field, type) in fields {
      var offset = 0
      try skip(field.bytes, &offset, field.bytes.count, tag: 16 | type)
      #expect(offset == field.bytes.count)
      for end in 0..<field.bytes.count {
        offset = 0
        #expect(throws: DecodeError.self) { try skip(field.bytes, &offset, end, tag: 16 | type) }
      }
    }
    for type: UInt64 in [4, 6, 7] {
      var offset = 0
      #expect(throws: DecodeError.self) { try skip([UInt8](repeating: 0, count: 9), &offset, 9, tag: type) }
    }
  }

  @Test func refusesALengthBeyondItsMessage() {
    let bytes = Protobuf { $0.rawVarint(6) }.bytes + [1, 2, 3, 4, 5]
    var offset = 0
    #expect(throws: DecodeError(.badLength, at: 1)) { try length(bytes, &offset, bytes.count) }
  }

  @Test func loadsTailsAnywhere() {
    let bytes = [UInt8](1...16)
    withEvery(0..<16) { offset in
      withEvery(1...7) { count in
        guard offset + count <= 16 else { return }
        let expected = (0..<count).reduce(UInt64(0)) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
        let tail = unsafe loadTail(bytes.span.bytes, offset, count)
        #expect(tail == expected)
      }
    }
  }
}
