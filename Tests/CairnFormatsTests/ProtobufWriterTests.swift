// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import Testing

struct ProtobufWriterTests {
  /// Lengths that need one, two and three bytes, alone and inside each other.
  @Test(arguments: [0, 1, 127, 128, 200, 16_383, 16_384, 70_000]) func aMessageWrittenInPlaceIsTheSame(byteCount: Int) {
    let text = String(repeating: "x", count: byteCount)
    var inner = ProtobufWriter()
    inner.text(1, text)
    var outer = ProtobufWriter()
    outer.message(2, inner)
    outer.varint(3, 7)
    var expected = ProtobufWriter()
    expected.message(20, outer)

    var written = ProtobufWriter()
    let start = written.beginMessage(20)
    let nested = written.beginMessage(2)
    written.text(1, text)
    written.endMessage(nested)
    written.varint(3, 7)
    written.endMessage(start)
    #expect(written.bytes == expected.bytes)
  }
}
