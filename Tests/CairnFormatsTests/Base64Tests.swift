// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CairnFormats

/// The vectors are those of RFC 4648, section 10.
struct Base64Tests {
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
  ])
  func writesAndReads(_ plain: String, _ text: String) {
    let bytes = Array(plain.utf8)
    #expect(Base64.text(bytes) == text)
    #expect(Base64.textWithoutPadding(bytes) == text.filter { $0 != "=" })
    #expect(Base64.bytes(of: text) == bytes)
    #expect(Base64.bytes(of: text.filter { $0 != "=" }) == bytes)
  }

  @Test func readsBothAlphabets() {
    #expect(Base64.bytes(of: "-_8") == [0xfb, 0xff])
    #expect(Base64.bytes(of: "+/8") == [0xfb, 0xff])
    #expect(Base64.text([0xfb, 0xff]) == "+/8=")
  }

  @Test(arguments: ["A", "AAAAA", "*", "AA A", "A===", "AAé"])
  func refusesWhatIsNoBase64(_ text: String) { #expect(Base64.bytes(of: text) == nil) }
}
