// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import Testing

@Suite struct JSONReaderTests {
  /// All tokens of a document, texts resolved.
  static func tokens(_ text: String, depthMax: Int = 64) throws(DecodeError) -> [String] {
    try tokens(Array(text.utf8), depthMax: depthMax)
  }

  static func tokens(_ bytes: [UInt8], depthMax: Int = 64) throws(DecodeError) -> [String] {
    var reader = JSONReader(depthMax: depthMax)
    var found: [String] = []
    while true {
      let token = try unsafe reader.next(bytes.span.bytes)
      switch token {
      case .objectStart: found.append("{")
      case .objectEnd: found.append("}")
      case .arrayStart: found.append("[")
      case .arrayEnd: found.append("]")
      case .key(let text): unsafe found.append("key " + reader.string(text, bytes.span.bytes))
      case .string(let text): unsafe found.append("text " + reader.string(text, bytes.span.bytes))
      case .integer(let value): found.append("integer \(value)")
      case .unsigned(let value): found.append("unsigned \(value)")
      case .double(let value): found.append("double \(value)")
      case .boolean(let value): found.append("\(value)")
      case .null: found.append("null")
      case .end: return found
      }
    }
  }

  @Test func readsEveryKindOfToken() throws {
    let text = " {\"a\" : [1, -2.5,true,false,null,\"x\"],\"a\":{}, \"\":[] }\r\n\t"
    #expect(
      try Self.tokens(text) == [
        "{", "key a", "[", "integer 1", "double -2.5", "true", "false", "null", "text x", "]", "key a", "{", "}", "key ", "[", "]",
        "}",
      ])
  }

  @Test(arguments: ["true", "false", "null", "0", "\"\"", "[]", "{}", "[[],[[]]]", "[\"\u{1F600}\u{0436}\"]"])
  func acceptsDocumentsOfOneValue(text: String) throws {
    _ = try Self.tokens(text)
  }

  @Test(arguments: [
    "", " ", "{", "[", "]", "}", ",", ":", "[1,]", "[,1]", "[1 2]", "[1,,2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{1:2}",
    "{\"a\" 1}", "{\"a\":1 \"b\":2}", "[1}", "{\"a\":1]", "nul", "nulL", "True", "tru", "truefalse", "true false", "1 2", "{} {}",
    "[] ,",
    "'a'", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\n\"", "\"\u{1}\"", "NaN", "Infinity", "-Infinity", "// x\n1",
    "\u{FEFF}1", "{\"a\":1}x", "[1]\u{0}", "undefined",
  ])
  func refusesWhatIsNotJSON(text: String) {
    #expect(throws: DecodeError.self) { try Self.tokens(text) }
  }

  @Test(arguments: [
    ("0", "integer 0"), ("-0", "integer 0"), ("7", "integer 7"), ("-7", "integer -7"),
    ("9223372036854775807", "integer 9223372036854775807"),
    ("-9223372036854775808", "integer -9223372036854775808"), ("9223372036854775808", "unsigned 9223372036854775808"),
    ("18446744073709551615", "unsigned 18446744073709551615"), ("18446744073709551616", "double 1.8446744073709552e+19"),
    ("18446744073709551619", "double 1.8446744073709552e+19"), ("184467440737095516150", "double 1.844674407370955e+20"),
    ("-9223372036854775809", "double -9.223372036854776e+18"), ("0.0", "double 0.0"), ("-0.0", "double -0.0"), ("1.0", "double 1.0"),
    ("1e2", "double 100.0"), ("1E+2", "double 100.0"), ("1e-2", "double 0.01"), ("0e9999999999", "double 0.0"), ("0.1", "double 0.1"),
    ("123456789012345678", "integer 123456789012345678"), ("1.7976931348623157e308", "double 1.7976931348623157e+308"),
    ("4.9e-324", "double 5e-324"), ("1e-400", "double 0.0"), ("-1e-400", "double -0.0"),
    ("2.2250738585072011e-308", "double 2.225073858507201e-308"),
    ("9007199254740993.0", "double 9007199254740992.0"), ("0.30000000000000004", "double 0.30000000000000004"),
    ("1e22", "double 1e+22"),
    ("1e23", "double 1e+23"), ("12345678901234567890123e-22", "double 1.2345678901234567"),
  ])
  func readsNumbersToTheLastBit(text: String, expected: String) throws {
    #expect(try Self.tokens(text) == [expected])
    #expect(try Self.tokens("[\(text)]") == ["[", expected, "]"])
  }

  @Test(arguments: [
    "00", "01", "-01", "-", "+1", ".5", "5.", "5.e1", "1e", "1e+", "1e-", "--1", "1.2.3", "1e1.5", "0x10", "1_000", "-a", "1e999",
    "-1e999",
    "1e99999999999999999999", String(repeating: "9", count: 400), String(repeating: "1", count: 5000),
    "0." + String(repeating: "1", count: 5000),
  ])
  func refusesNumbersThatJSONOrADoubleDoesNotHave(text: String) {
    #expect(throws: DecodeError.self) { try Self.tokens(text) }
    #expect(throws: DecodeError.self) { try Self.tokens("[\(text)]") }
  }

  @Test func readsNumbersOfFourHundredDigitsWhereADoubleHoldsThem() throws {
    let text = String(repeating: "9", count: 300) + "." + String(repeating: "9", count: 100)
    #expect(try Self.tokens(text) == ["double 1e+300"])
    let small = "0." + String(repeating: "0", count: 300) + String(repeating: "3", count: 100)
    #expect(try Self.tokens(small) == ["double \(1e-300 / 3)"])
  }

  @Test(arguments: [
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "A\u{e9}\u{20ac}"),
    (#""\ud83d\ude00""#, "\u{1F600}"),
    (#""\ud83d""#, "\u{FFFD}"), (#""\ude00x""#, "\u{FFFD}x"), (#""\ud83d\ud83d\ude00""#, "\u{FFFD}\u{1F600}"),
    (#""\ud83dx""#, "\u{FFFD}x"),
    (#""\ud83d\n""#, "\u{FFFD}\n"), (#""\u0000""#, "\0"), (#""\udbff\udfff""#, "\u{10FFFF}"), (#""\ud83d\u0041""#, "\u{FFFD}A"),
  ])
  func resolvesEscapesAndRepairsHalfPairs(text: String, expected: String) throws {
    #expect(try Self.tokens(text) == ["text " + expected])
  }

  @Test(arguments: [
    [0x80], [0xff], [0xc0, 0x80], [0xc1, 0xbf], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x80, 0x80, 0x80], [0xf4, 0x90, 0x80, 0x80],
    [0xf5, 0x80, 0x80, 0x80], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xc3, 0x28],
  ] as [[UInt8]])
  func refusesInvalidUTF8(bytes: [UInt8]) {
    for padding in [0, 1, 7, 8, 20] {
      let pad = [UInt8](repeating: 0x61, count: padding)
      #expect(throws: DecodeError.self) { try Self.tokens([0x22] + pad + bytes + [0x22]) }
      #expect(unsafe !isValidUTF8((pad + bytes).span.bytes))
    }
  }

  @Test func everyScalarIsAcceptedAndComesBack() throws {
    var scalar: UInt32 = 0x20
    while scalar < 0x110000 {
      defer { scalar += scalar < 0x3000 ? 1 : 61 }
      guard let value = Unicode.Scalar(scalar), scalar != 0x22, scalar != 0x5c else { continue }
      let text = String(Character(value))
      #expect(try Self.tokens("\"abc\(text)\"") == ["text abc" + text])
    }
  }

  @Test func depthIsLimitedAndTenThousandLevelsAreAnError() throws {
    let open = String(repeating: "[", count: 64)
    let close = String(repeating: "]", count: 64)
    #expect(try Self.tokens(open + close).count == 128)
    #expect(throws: DecodeError(.tooDeep, at: 64)) { try Self.tokens("[" + open + close + "]") }
    for unit in ["[", "{\"a\":", "[{\"a\":"] {
      let deep = String(repeating: unit, count: 10_000)
      #expect(throws: DecodeError.self) { try Self.tokens(deep) }
      #expect(throws: DecodeError.self) { try Self.tokens(deep, depthMax: 512) }
      #expect(throws: DecodeError.self) { try JSONValue(parsing: deep, depthMax: 512) }
    }
    let mixed = String(repeating: "[{\"a\":", count: 256) + "1" + String(repeating: "}]", count: 256)
    #expect(try Self.tokens(mixed, depthMax: 512).count == 256 * 5 + 1)
    #expect(try JSONValue(parsing: mixed, depthMax: 512).bytes == Array(mixed.utf8))
  }

  @Test func skipsValuesWholeButChecksThem() throws {
    let body = Array(#"{"a":[1,{"b":[]}],"c":"x","d":5}"#.utf8)
    var reader = JSONReader()
    var seen: [String] = []
    _ = try unsafe reader.next(body.span.bytes)
    while case .key(let name) = try unsafe reader.next(body.span.bytes) {
      unsafe seen.append(reader.string(name, body.span.bytes))
      if unsafe reader.matches(name, body.span.bytes, "d") {
        #expect(try unsafe reader.next(body.span.bytes) == .integer(5))
      } else {
        try unsafe reader.skipValue(body.span.bytes)
      }
    }
    #expect(seen == ["a", "c", "d"])
    #expect(try unsafe reader.next(body.span.bytes) == .end)
    #expect(throws: DecodeError.self) {
      var other = JSONReader()
      try unsafe other.skipValue(Array(#"{"a":[1,}"#.utf8).span.bytes)
    }
  }

  @Test func skipRestLeavesTheOpenContainer() throws {
    let body = Array(#"[[1,[2],{"a":3}],4]"#.utf8)
    var reader = JSONReader()
    _ = try unsafe reader.next(body.span.bytes)
    _ = try unsafe reader.next(body.span.bytes)
    try unsafe reader.skipRest(body.span.bytes)
    #expect(try unsafe reader.next(body.span.bytes) == .integer(4))
  }

  @Test func offsetsFrameTheToken() throws {
    let body = Array(#"{ "data" : {"a":1} }"#.utf8)
    var reader = JSONReader()
    _ = try unsafe reader.next(body.span.bytes)
    _ = try unsafe reader.next(body.span.bytes)
    #expect(reader.tokenOffset == 2)
    _ = try unsafe reader.next(body.span.bytes)
    let start = reader.tokenOffset
    try unsafe reader.skipRest(body.span.bytes)
    #expect(String(decoding: body[start..<reader.offset], as: UTF8.self) == #"{"a":1}"#)
  }

  @Test func namesMatchWithEscapesResolved() throws {
    let body = Array(#"{"tr\u0061ce":1,"trac":2}"#.utf8)
    var reader = JSONReader()
    _ = try unsafe reader.next(body.span.bytes)
    guard case .key(let first) = try unsafe reader.next(body.span.bytes) else { return #expect(Bool(false)) }
    #expect(unsafe reader.matches(first, body.span.bytes, "trace"))
    #expect(unsafe !reader.matches(first, body.span.bytes, "trac"))
    _ = try unsafe reader.next(body.span.bytes)
    guard case .key(let second) = try unsafe reader.next(body.span.bytes) else { return #expect(Bool(false)) }
    #expect(unsafe !reader.matches(second, body.span.bytes, "trace"))
  }
}
