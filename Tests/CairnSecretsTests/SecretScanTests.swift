// SPDX-License-Identifier: Apache-2.0
import CairnSecrets
import TestSupport
import Testing

@Suite struct SecretScanTests {
  private func finds(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return unsafe SecretScan.next(bytes.span.bytes) != nil
  }

  private static let suspicious = [
    "password=x", "db_PASSWORD: y", #"{"api_key": "abc"}"#, #"{"body": "{\"token\":\"abc\"}"}"#, "Authorization: Basic dXNl", "got bearer abcdefgh",
    "x-api-key=1a", "AWS_SECRET_ACCESS_KEY=a", "mysql_pwd = b", "client_secret='z'", "credentials=c", "AKIAIOSFODNN7EXAMPLE",
    "-----BEGIN RSA PRIVATE KEY-----", "5500 0055 5555 5559", "card 4111111111111111.", "378282246310005", "auth\u{12}\u{1}x",
  ]

  /// Wherever it stands: the scan goes by 32 bytes.
  @Test(arguments: suspicious) func findsAtEveryPlace(_ text: String) {
    for before in 0..<70 {
      #expect(finds(String(repeating: ".", count: before) + text + String(repeating: ".", count: 40)), "behind \(before) bytes")
      #expect(finds(String(repeating: "é", count: before) + " " + text), "at the end, behind \(before)")
    }
  }

  @Test(arguments: [
    "author: Bob", "authenticated", "tokens=12", "a secretary and a tokenizer", "monkey: 3", "keyboard=qwerty", "order 4111111111111112",
    "1795671311123456789", "5759e988bd862e3fe1be46a994272793", "passenger", "compass", #"{"total_token": 12}"#, #"{"auth":true}"#, "", "pa",
  ]) func passesOverTheRest(_ text: String) {
    #expect(!finds(text))
    #expect(!finds(String(repeating: "-", count: 37) + text + String(repeating: "-", count: 37)))
  }

  /// What the rules would change is never passed over.
  @Test func rulesFindNothingThatTheScanDoesNot() {
    var random = SeededGenerator(seed: 17)
    let parts = Self.suspicious + ["=", ":", "\"", " ", "'", "1", "4", "key", "-", "é", "{", "pass", "word", "tok", "en", "\n", "auth", "bearer "]
    for _ in 0..<4_000 {
      let text = (0..<Int.random(in: 1...6, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
      var scrubbed = Array(text.utf8)
      for rule in SecretText.rules {
        var out: [UInt8] = []
        rule.mask(scrubbed[...], into: &out)
        scrubbed = out
      }
      #expect(String(decoding: scrubbed, as: UTF8.self) == text || finds(text), "\(text)")
    }
  }
}
