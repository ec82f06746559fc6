// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnPatterns

/// Cairn's own rules against secrets in text: values behind names that promise one, bearer tokens, keys of AWS, private keys and
/// numbers of credit cards.
///
/// A name promises a secret where it ends in `password`, `passwd`, `mysql_pwd`, `secret`, `api_key`, `apikey`, `auth`, `authorization`,
/// `credentials`, `private_key`, `privatekey`, `access_key`, `token` or `bearer`, in any case, with `_` or `-` between words. Numbers,
/// booleans and null stay. What is taken out leaves `[redacted]`.
public enum SecretText {
  static let names =
    "(?:password|passwd|mysql[_-]?pwd|secret|secret[_-]?key|api[_-]?key|auth|authorization|credentials?|private[_-]?key|access[_-]?key|token|bearer)"
  /// Of authorizations, in lower case; the word alone is no secret.
  private static let schemes = ["bearer", "basic", "digest", "token", "apikey", "api-key", "key", "negotiate", "ntlm", "hawk", "splunk", "aws4-hmac-sha256"]
  static let redacted = Array("[redacted]".utf8)

  /// The rules; made once. Each is idle where `SecretScan` finds nothing.
  public static let rules: [TextRule] = {
    let texts: [(pattern: String, group: Int, isReal: @Sendable (ArraySlice<UInt8>) -> Bool)] = [
      // "password": "…" and password="…"; then the same as JSON inside JSON, with its quotes escaped.
      (#"(?i)[\w.-]*"# + names + #"["']?\s*[:=]\s*"((?:[^"\\]|\\.)+)"#, 1, isValue),
      (#"(?i)[\w.-]*"# + names + #"\\"\s*:\s*\\"([^"\\]+)"#, 1, isValue),
      (#"(?i)[\w.-]*"# + names + #"["']?\s*[:=]\s*'([^']+)'"#, 1, isValue),
      // An authorization's scheme, whichever it is, stays; what follows it does not.
      (#"(?i)authorization["']?\s*[:=]\s*["']?[a-z][\w-]*\s+([^\s"',;&}\])\[\\]{8,})"#, 1, isCredential),
      // password=… up to a blank or a separator.
      (#"(?i)[\w.-]*"# + names + #"\s*[:=]\s*(?:(?:"# + schemes.joined(separator: "|") + #")\s+)?([^\s"',;&}\])\[\\]+)"#, 1, isValue),
      (#"(?i)\bbearer\s+([\w.~+/=-]{8,})"#, 1, { _ in true }),
      (#"\b((?:AKIA|ASIA)[0-9A-Z]{16})\b"#, 1, { _ in true }),
      (#"(-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\z))"#, 1, { _ in true }),
      (CardNumber.pattern, 0, CardNumber.isValid),
    ]
    return texts.compactMap { entry -> TextRule? in
      guard let pattern = try? Pattern(entry.pattern) else { return nil }
      return TextRule(pattern: pattern, group: entry.group, replacement: .text(redacted), isReal: entry.isReal)
    }
  }()

  /// The text without its secrets, or nil where it has none.
  public static func scrubbed(_ text: [UInt8]) -> [UInt8]? {
    guard unsafe SecretScan.next(text.span.bytes) != nil else { return nil }
    var scrubbed = structured(text) ?? text
    for rule in rules {
      var out: [UInt8] = []
      rule.mask(scrubbed[...], into: &out)
      scrubbed = out
    }
    return scrubbed == text ? nil : scrubbed
  }

  /// A text that is a list or an object of JSON without what is below names that promise a secret; nil where it is none, or has none.
  public static func structured(_ text: [UInt8]) -> [UInt8]? {
    guard let first = text.first(where: { $0 > 0x20 }), first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return nil }
    return unsafe JSONScrubber.scrubbed(text.span.bytes)
  }

  /// Behind a scheme stands a word of prose, or something that no word is.
  @Sendable private static func isCredential(_ bytes: ArraySlice<UInt8>) -> Bool {
    isValue(bytes) && (bytes.count >= 24 || bytes.contains { ($0 | 0x20) &- 0x61 >= 26 })
  }

  /// As JSON and people write numbers; `0x4c08…` and `12345678e90` may be keys.
  private static func isNumber(_ text: Substring) -> Bool {
    let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
    let mantissa = parts[0].utf8, isFraction = mantissa.contains(0x2e)
    return Double(text) != nil && mantissa.allSatisfy { $0 &- 0x30 < 10 || [0x2b, 0x2d, 0x2e].contains($0) }
      && (parts.count == 1 || (isFraction || parts[1].hasPrefix("-") || parts[1].hasPrefix("+")) && parts[1].utf8.count <= 4)
  }

  /// Numbers, booleans, null and what was redacted before are no secrets.
  @Sendable static func isValue(_ bytes: ArraySlice<UInt8>) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    if ["", "true", "false", "null", "nil", "none", "None", "[redacted]"].contains(text) || schemes.contains(text.lowercased()) { return false }
    return !isNumber(text[...]) && !text.allSatisfy { $0 == "*" }
  }
}
