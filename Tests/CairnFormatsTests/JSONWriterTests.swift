// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import Testing

@Suite struct JSONWriterTests {
  static func text(_ body: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    body(&writer)
    return String(decoding: writer.finish(), as: UTF8.self)
  }

  @Test func setsCommasAndColons() {
    let text = Self.text { (writer) in
      writer.beginObject()
      writer.member("a", 1)
      writer.key("b")
      writer.beginArray()
      writer.integer(Int64.min)
      writer.beginObject()
      writer.endObject()
      writer.beginArray()
      writer.endArray()
      writer.null()
      writer.boolean(true)
      writer.endArray()
      writer.member("c", ["x", "y"])
      writer.member("d", orNull: nil as String?)
      writer.member("e", orNull: 2.5)
      writer.endObject()
    }
    #expect(text == #"{"a":1,"b":[-9223372036854775808,{},[],null,true],"c":["x","y"],"d":null,"e":2.5}"#)
  }

  @Test(arguments: [
    (0.0, "0.0"), (-0.0, "-0.0"), (1, "1.0"), (-1.5, "-1.5"), (0.1, "0.1"), (12.345, "12.345"), (0.001, "0.001"), (0.0001, "0.0001"),
    (123456.789012, "123456.789012"), (999_999_999.999999, "999999999.999999"), (1e9, "1000000000.0"), (1e21, "1e+21"),
    (.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"), (0.1 + 0.2, "0.30000000000000004"),
    (.nan, "null"), (.infinity, "null"), (-.infinity, "null"), (100, "100.0"), (0.000001, "1e-06"),
    (3.14159265358979, "3.14159265358979"),
  ])
  func writesTheShortestDecimal(value: Double, expected: String) {
    #expect(Self.text { $0.double(value) } == expected)
  }

  @Test(arguments: [
    ("plain", #""plain""#), ("\"\\/", #""\"\\/""#), ("\u{8}\u{c}\n\r\t", #""\b\f\n\r\t""#),
    ("\u{0}\u{1f}\u{7f}", "\"\\u0000\\u001f\u{7f}\""),
    ("\u{2027}\u{2028}\u{2029}\u{202a}", "\"\u{2027}\\u2028\\u2029\u{202a}\""), ("</script>&", #""</script>&""#), ("é€😀", "\"é€😀\""),
  ])
  func escapesWhatMustBeEscaped(value: String, expected: String) {
    #expect(Self.text { $0.string(value) } == expected)
    #expect(Self.text { (writer) in unsafe writer.string(utf8: Array(value.utf8).span.bytes) } == expected)
    let long = "0123456789abcdef" + value
    #expect(Self.text { $0.string(long) } == "\"0123456789abcdef" + expected.dropFirst())
  }

  @Test func repairsInvalidUTF8() {
    let bytes: [UInt8] = [0x61, 0xff, 0x62]
    #expect(Self.text { (writer) in unsafe writer.string(utf8: bytes.span.bytes) } == "\"a\u{FFFD}b\"")
  }

  @Test func markupLeavesNothingThatEndsAScript() {
    var writer = JSONWriter(escaping: .markup)
    writer.string("</script>&\u{2028}")
    #expect(String(decoding: writer.finish(), as: UTF8.self) == #""\u003c/script\u003e\u0026\u2028""#)
  }

  @Test func valuesAnswerForTheirKindOnly() throws {
    let value = try JSONValue(parsing: #"{"a":1,"a":2,"b":1.0,"c":"x","d":[1],"e":true,"f":1.5,"g":18446744073709551615}"#)
    #expect(value["a"]?.integer == 2)
    #expect(value["b"]?.integer == 1)
    #expect(value["f"]?.integer == nil)
    #expect(value["f"]?.number == 1.5)
    #expect(value["c"]?.string == "x")
    #expect(value["c"]?.number == nil)
    #expect(value["d"]?.array == [.integer(1)])
    #expect(value["e"]?.boolean == true)
    #expect(value["g"] == .double(0x1p64))
    #expect(value["z"] == nil)
    #expect(value.members?.count == 8)
  }
}
