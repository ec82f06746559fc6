// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnXRay
import TestSupport
import Testing

@Suite struct DaemonDatagramTests {
  private func read(_ text: String, known: [UInt8] = []) throws(DaemonDatagram.Refusal) -> DaemonDatagram {
    var known = known
    return try unsafe DaemonDatagram(Array(text.utf8).span.bytes, known: &known)
  }

  @Test(arguments: ["{\"format\": \"json\", \"version\": 1}", "{\"format\":\"JSON\",\"version\":1}", " {\"version\":1,\"format\":\"Json\",\"more\":[]}"])
  func headersInAnySpellingAreTaken(_ header: String) throws {
    let start = header.utf8.count + 1
    #expect(try read(header + "\n{}") == .document(start..<start + 2))
    #expect(try read(header + "\n \n{}\r\n\0", known: Array(header.utf8)) == .document(start + 2..<start + 4))
  }

  @Test func spansAreDecoded() throws {
    for mark in ["T1S", "T1U"] {
      #expect(try read("{\"format\":\"json\",\"version\":1}\n\(mark)AQID/w==") == .spans([1, 2, 3, 255]))
      #expect(try read("{\"format\":\"json\",\"version\":1}\n\(mark)AQID/w") == .spans([1, 2, 3, 255]))
      #expect(try read("{\"format\":\"json\",\"version\":1}\n\(mark)") == .spans([]))
    }
  }

  @Test(arguments: [
    ("", DaemonDatagram.Refusal.noHeader), ("{}", .noHeader), ("x\n{}", .badHeader), ("[]\n{}", .badHeader), ("{}\n{}", .otherFormat),
    ("{\"format\":\"json\",\"version\":2}\n{}", .otherFormat), ("{\"format\":\"json\",\"version\":1}\n", .empty),
    ("{\"format\":\"json\",\"version\":1}\n \n", .empty), ("{\"format\":\"json\",\"version\":1}\nT1S*", .badBase64),
    ("{\"format\":\"json\",\"version\":1}\nT1SAQIDA", .badBase64),
  ])
  func whatIsNoneHasItsReason(_ text: String, _ refusal: DaemonDatagram.Refusal) {
    #expect(throws: refusal) { try read(text) }
  }

  @Test func changedDatagramsNeverTrap() {
    let good = ["{\"format\":\"json\",\"version\":1}\n{\"id\":\"1\"}", "{\"format\":\"json\",\"version\":1}\nT1SAQID/w=="].map { Array($0.utf8) }
    var known: [UInt8] = []
    for datagram in Mutants(of: good, words: ["\n", "T1S", "T1U", "{\"format\":"], count: 10_000) {
      _ = try? unsafe DaemonDatagram(datagram.span.bytes, known: &known)
    }
  }

  @Test func theRuleOfADocumentIsFoundWithoutReadingIt() {
    let cases: [(String, String?)] = [
      (#"{"aws":{"xray":{"sampling_rule_name" : "Default"}}}"#, "Default"), (#"{"sampling_rule_name":5}"#, nil), (#"{"a":"sampling_rule_name"}"#, nil),
      (#""sampling_rule_name":"x"#, nil), ("", nil),
    ]
    for (text, expected) in cases {
      let found = unsafe samplingRuleName(Array(text.utf8).span.bytes)
      #expect(found == expected, "\(text)")
    }
  }
}
