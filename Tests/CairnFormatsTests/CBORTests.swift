// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import TestSupport
import Testing

@Suite struct CBORTests {
  static func read(_ bytes: [UInt8], depthMax: Int = 64) throws(DecodeError) -> JSONValue {
    try unsafe JSONValue(cbor: bytes.span.bytes, depthMax: depthMax)
  }

  /// Examples of RFC 8949, appendix A, and what JSON has no form for.
  @Test(arguments: [
    ([0x00], .integer(0)), ([0x17], .integer(23)), ([0x18, 0x64], .integer(100)), ([0x19, 0x03, 0xe8], .integer(1000)),
    ([0x1a, 0, 0x0f, 0x42, 0x40], .integer(1_000_000)), ([0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], .integer(.max)),
    ([0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], .double(18_446_744_073_709_551_616)), ([0x20], .integer(-1)), ([0x38, 0x63], .integer(-100)),
    ([0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], .integer(.min)), ([0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], .double(-18_446_744_073_709_551_616)),
    ([0xf9, 0x3c, 0x00], .double(1)), ([0xf9, 0x7b, 0xff], .double(65_504)), ([0xf9, 0x00, 0x01], .double(5.960464477539063e-8)), ([0xf9, 0xc4, 0x00], .double(-4)),
    ([0xfa, 0x47, 0xc3, 0x50, 0x00], .double(100_000)), ([0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a], .double(1.1)),
    ([0xf9, 0x7c, 0x00], .string("Infinity")), ([0xf9, 0xfc, 0x00], .string("-Infinity")), ([0xf9, 0x7e, 0x00], .string("NaN")),
    ([0xf4], .boolean(false)), ([0xf5], .boolean(true)), ([0xf6], .null), ([0xf7], .null),
    ([0xc1, 0x1a, 0x51, 0x4b, 0x67, 0xb0], .integer(1_363_896_240)), ([0x44, 1, 2, 3, 4], .string("AQIDBA==")), ([0x60], .string("")),
    ([0x62, 0xc3, 0xbc], .string("\u{fc}")), ([0x7f, 0x61, 0x61, 0x62, 0x62, 0x63, 0xff], .string("abc")), ([0x80], .array([])),
    ([0x82, 0x01, 0x9f, 0x02, 0x03, 0xff], .array([.integer(1), .array([.integer(2), .integer(3)])])),
    ([0xa1, 0x61, 0x61, 0x01], .object([JSONMember("a", .integer(1))])), ([0xbf, 0x61, 0x61, 0xf5, 0xff], .object([JSONMember("a", .boolean(true))])),
  ] as [([UInt8], JSONValue)])
  func readsEveryType(bytes: [UInt8], expected: JSONValue) throws {
    #expect(try Self.read(bytes) == expected)
    for count in 0..<bytes.count { #expect(throws: DecodeError.self) { try Self.read(Array(bytes[..<count])) } }
    #expect(throws: DecodeError.self) { try Self.read(bytes + [0]) }
  }

  @Test(arguments: [
    [0x1c], [0x1f], [0xf8, 0x20], [0xff], [0x61, 0xff], [0x7f, 0x41, 0x61, 0xff], [0x7f, 0x7f, 0xff, 0xff], [0xa1, 0x01, 0x01], [0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0xbf, 0x61, 0x61, 0xff],
  ] as [[UInt8]])
  func refusesWhatIsNone(bytes: [UInt8]) { #expect(throws: DecodeError.self) { try Self.read(bytes) } }

  @Test func refusesWhatIsTooDeep() throws {
    #expect(throws: DecodeError.self) { try Self.read([UInt8](repeating: 0x81, count: 100_000)) }
    #expect(throws: DecodeError.self) { try Self.read([UInt8](repeating: 0xc1, count: 100_000)) }
    #expect(try Self.read([0x81, 0x81, 0x01], depthMax: 3) == .array([.array([.integer(1)])]))
  }

  @Test func mutantsEndInAValueOrAnError() throws {
    let good: [UInt8] = [0xa2, 0x61, 0x61, 0x82, 0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a, 0xc1, 0x1a, 0x51, 0x4b, 0x67, 0xb0, 0x61, 0x62, 0x7f, 0x61, 0x61, 0xff]
    _ = try Self.read(good)
    for place in good.indices {
      for byte in UInt8.min ... .max {
        var bytes = good
        bytes[place] = byte
        _ = try? Self.read(bytes)
      }
    }
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let text = #"{"a": [0, 23, 24, 255, 256, 65535, 65536, 4294967296, -1, -24, -25, -9223372036854775808], "b": {"c": 1.5, "d": "ü", "e": null, "f": [true, false]}}"#
    let value = try JSONValue(parsing: text)
    #expect(try Self.read(value.cbor(CBORNumbers(times: [], doubles: []))) == value)
  }

  @Test func timesAreTaggedAndDoublesAreDoubles() throws {
    let value = try JSONValue(parsing: #"{"T": [1], "D": {"p90": 2}, "N": 3}"#)
    #expect(
      value.cbor(CBORNumbers(times: ["T"], doubles: ["D"])) == [
        0xa3, 0x61, 0x54, 0x81, 0xc1, 0x01, 0x61, 0x44, 0xa1, 0x63, 0x70, 0x39, 0x30, 0xfb, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x61, 0x4e, 0x03,
      ])
  }
}
