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
  static let redacted = Array("[redacted]".utf8)

  /// The rules; made once. Each is idle where `SecretScan` finds nothing.
  public static let rules: [TextRule] = {
    let texts: [(pattern: String, group: Int, isReal: @Sendable (ArraySlice<UInt8>) -> Bool)] = [
      // "password": "…" and password="…"; then the same as JSON inside JSON, with its quotes escaped.
      (#"(?i)[\w.-]*"# + names + #"["']?\s*[:=]\s*"((?:[^"\\]|\\.)+)"#, 1, isValue),
      (#"(?i)[\w.-]*"# + names + #"\\"\s*:\s*\\"([^"\\]+)"#, 1, isValue),
      (#"(?i)[\w.-]*"# + names + #"["']?\s*[:=]\s*'([^']+)'"#, 1, isValue),
      // password=… up to a blank or a separator; the scheme of an authorization stays.
      (#"(?i)[\w.-]*"# + names + #"\s*[:=]\s*(?:(?:bearer|basic|digest)\s+)?([^\s"',;&}\])\[\\]+)"#, 1, isValue),
      (#"(?i)\bbearer\s+([\w.~+/=-]{8,})"#, 1, { _ in true }),
      (#"\b((?:AKIA|ASIA)[0-9A-Z]{16})\b"#, 1, { _ in true }),
      (#"(-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?)"#, 1, { _ in true }),
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
    var scrubbed = text
    for rule in rules {
      var out: [UInt8] = []
      rule.mask(scrubbed[...], into: &out)
      scrubbed = out
    }
    return scrubbed == text ? nil : scrubbed
  }

  /// Numbers, booleans, null and what was redacted before are no secrets.
  @Sendable static func isValue(_ bytes: ArraySlice<UInt8>) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    if ["", "true", "false", "null", "nil", "none", "None", "[redacted]", "bearer", "Bearer", "basic", "Basic"].contains(text) {
      return false
    }
    return Double(text) == nil && !text.allSatisfy { $0 == "*" }
  }
}
