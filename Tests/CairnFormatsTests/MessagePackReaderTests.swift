// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import TestSupport
import Testing

@Suite struct MessagePackReaderTests {
  static func tokens(_ bytes: [UInt8], depthMax: Int = 64) throws(DecodeError) -> [MessagePackToken] {
    var reader = MessagePackReader(depthMax: depthMax)
    var found: [MessagePackToken] = []
    while true {
      let token = try unsafe reader.next(bytes.span.bytes)
      if token == .end { return found }
      found.append(token)
    }
  }

  @Test(arguments: [
    ([0x00], .integer(0)), ([0x7f], .integer(127)), ([0xe0], .integer(-32)), ([0xff], .integer(-1)), ([0xc0], .null),
    ([0xc2], .boolean(false)),
    ([0xc3], .boolean(true)), ([0xcc, 0xff], .integer(255)), ([0xcd, 1, 2], .integer(258)),
    ([0xce, 0xff, 0xff, 0xff, 0xff], .integer(4_294_967_295)),
    ([0xcf, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], .integer(.max)), ([0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0], .unsigned(1 << 63)),
    ([0xd0, 0x80], .integer(-128)), ([0xd1, 0x80, 0], .integer(-32768)), ([0xd2, 0xff, 0xff, 0xff, 0xfe], .integer(-2)),
    ([0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], .integer(.min)), ([0xca, 0x3f, 0xc0, 0, 0], .double(1.5)),
    ([0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], .double(1.5)),
    ([0xa2, 0x68, 0x69], .string(1..<3)), ([0xd9, 1, 0x61], .string(2..<3)), ([0xda, 0, 1, 0x61], .string(3..<4)),
    ([0xdb, 0, 0, 0, 1, 0x61], .string(5..<6)),
    ([0xc4, 1, 9], .binary(2..<3)), ([0xc5, 0, 1, 9], .binary(3..<4)), ([0xc6, 0, 0, 0, 1, 9], .binary(5..<6)),
    ([0xd4, 5, 1], .other(type: 5, 2..<3)),
    ([0xd6, 0xff, 0, 0, 0, 1], .other(type: -1, 2..<6)), ([0xc7, 2, 7, 1, 2], .other(type: 7, 3..<5)),
    ([0xc8, 0, 1, 7, 1], .other(type: 7, 4..<5)),
  ] as [([UInt8], MessagePackToken)])
  func readsEveryType(bytes: [UInt8], expected: MessagePackToken) throws {
    #expect(try Self.tokens(bytes) == [expected])
    for count in 0..<bytes.count { #expect(throws: DecodeError.self) { try Self.tokens(Array(bytes[..<count])) } }
    #expect(throws: DecodeError.self) { try Self.tokens(bytes + [0]) }
  }

  @Test func readsMapsAndArraysInsideOneAnother() throws {
    let bytes: [UInt8] = [0x82, 0xa1, 0x61, 0x92, 1, 0x80, 0xc4, 1, 0x62, 0xdc, 0, 1, 0xde, 0, 1, 0xa0, 0xc0]
    #expect(
      try Self.tokens(bytes) == [
        .mapStart(count: 2), .key(2..<3), .arrayStart(count: 2), .integer(1), .mapStart(count: 0), .mapEnd, .arrayEnd, .key(8..<9),
        .arrayStart(count: 1), .mapStart(count: 1), .key(16..<16), .null, .mapEnd, .arrayEnd, .mapEnd,
      ])
    for count in 0..<bytes.count { #expect(throws: DecodeError.self) { try Self.tokens(Array(bytes[..<count])) } }
    var reader = MessagePackReader()
    _ = try unsafe reader.next(bytes.span.bytes)
    _ = try unsafe reader.next(bytes.span.bytes)
    try unsafe reader.skipValue(bytes.span.bytes)
    #expect(try unsafe reader.next(bytes.span.bytes) == .key(8..<9))
  }

  @Test(arguments: [
    [0xc1], [0x81, 0x01, 0x01], [0x81, 0xc0, 0x01], [0x81, 0x90, 0x01], [0xdd, 0xff, 0xff, 0xff, 0xff], [0xdf, 0xff, 0xff, 0xff, 0xff, 0],
    [0xdb, 0xff, 0xff, 0xff, 0xff, 1], [0xc9, 0xff, 0xff, 0xff, 0xff, 1], [],
  ] as [[UInt8]])
  func refusesWhatIsNotMessagePackOrLies(bytes: [UInt8]) {
    #expect(throws: DecodeError.self) { try Self.tokens(bytes) }
  }

  @Test func depthIsLimitedAndTenThousandLevelsAreAnError() throws {
    #expect(try Self.tokens([UInt8](repeating: 0x91, count: 63) + [0x90]).count == 128)
    #expect(throws: DecodeError(.tooDeep, at: 65)) { try Self.tokens([UInt8](repeating: 0x91, count: 64) + [0x90]) }
    #expect(throws: DecodeError.self) { try Self.tokens([UInt8](repeating: 0x91, count: 10_000)) }
  }

  @Test(arguments: [
    ([0xd6, 0xff, 0, 0, 0, 1], 1_000_000_000), ([0xd7, 0xff, 0, 0, 0, 4, 0, 0, 0, 1], 1_000_000_001),
    ([0xc7, 12, 0xff, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -999_999_995), ([0xd6, 0x01, 0, 0, 0, 1], nil),
    ([0xd5, 0xff, 0, 1], nil), ([0xd7, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1], nil),
    ([0xc7, 12, 0xff, 0, 0, 0, 5, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], nil), ([0x05], nil),
  ] as [([UInt8], Int64?)])
  func timestampsAreNanoseconds(bytes: [UInt8], expected: Int64?) throws {
    let token = try #require(try Self.tokens(bytes).first)
    #expect(unsafe token.unixNanoseconds(bytes.span.bytes) == expected)
  }

  @Test(arguments: [UInt64](1...20))
  func noBytesTrap(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<2000 {
      let bytes = generator.bytes(Int.random(in: 0...60, using: &generator))
      do throws(DecodeError) {
        for token in try Self.tokens(bytes) { _ = unsafe token.unixNanoseconds(bytes.span.bytes) }
      } catch { #expect(error.offset <= bytes.count, "seed \(seed)") }
    }
  }
}
