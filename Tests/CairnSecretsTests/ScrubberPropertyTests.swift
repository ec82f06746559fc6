// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnSecrets
import TestSupport
import Testing

/// The scrubber goes from one suspicious place to the next; a walk over the whole document is what it has to agree with.
@Suite struct ScrubberPropertyTests {
  private func json(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    return unsafe JSONScrubber.scrubbed(bytes.span.bytes).map { String(decoding: $0, as: UTF8.self) }
  }

  private static let names = ["a", "password", "x_Token", "Authorization", "api-key", "author", "credentials", "db_password_old", #"to"token"#, "é auth"]
  private static let texts = [
    "", "x", "hunter2", "1234", "***", "[redacted]", "true", "token=abc", "https://x.org/?token=abc&b=2", "a, 4111111111111111, b", "4111111111111111",
    "card 5500 0055 5555 5559.", #"say "password": "x""#, #"ends in \"#, #"\" token: z"#, "got bearer abcdefgh", #"{"a":[4111111111111111]}"#, "line\npassword=é",
  ]
  private static let others: [JSONValue] = [.integer(0), .double(-1.5e30), .integer(4111111111111111), .boolean(true), .null, .double(1795671311.123456)]

  private func value(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
    switch random.below(depth > 0 ? 6 : 4) {
    case 0, 1, 2: .string(Self.texts[random.below(Self.texts.count)])
    case 3: Self.others[random.below(Self.others.count)]
    case 4: .array((0..<random.below(4)).map { _ in value(&random, depth: depth - 1) })
    default:
      .object((0..<random.below(5)).map { _ in JSONMember(Self.names[random.below(Self.names.count)], value(&random, depth: depth - 1)) })
    }
  }

  private enum Promise { case nothing, secret, always }

  private func promise(_ name: String) -> Promise {
    if name.hasSuffix("password") || name.hasSuffix("credentials") { return .always }
    return ["token", "Token", "Authorization", "api-key", "auth"].contains(where: name.hasSuffix) ? .secret : .nothing
  }

  /// What a walk over the whole tree takes out.
  private func walked(_ value: JSONValue, _ promise: Promise = .nothing, isBelow: Bool = false) -> JSONValue {
    switch value {
    case .string(let text):
      let isPlain = ["", "***", "[redacted]", "true"].contains(text) || Double(text) != nil
      if promise == .always, !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return .string("[redacted]") }
      if promise != .nothing || isBelow, !isPlain { return .string("[redacted]") }
      return .string(SecretText.scrubbed(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) } ?? text)
    case .array(let values): return .array(values.map { walked($0, isBelow: isBelow || promise != .nothing) })
    case .object(let members):
      return .object(members.map { JSONMember($0.name, walked($0.value, self.promise($0.name), isBelow: isBelow || promise != .nothing)) })
    default: return value
    }
  }

  /// Going from place to place finds what a walk over the tree finds, and leaves everything else byte for byte.
  @Test func findsWhatAWalkFinds() {
    var random = SeededGenerator(seed: 23)
    for _ in 0..<5_000 {
      let document = value(&random, depth: 4)
      let text = String(decoding: document.bytes, as: UTF8.self)
      let wanted = String(decoding: walked(document).bytes, as: UTF8.self)
      #expect(json(text) ?? text == wanted, "\(text)")
    }
  }
}
