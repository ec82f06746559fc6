// SPDX-License-Identifier: Apache-2.0
internal import CairnPatterns

/// Cairn's own rules against secrets in lines: values behind names that promise one, bearer tokens, keys of AWS, private keys and
/// numbers of credit cards.
///
/// A name promises a secret where it ends in `password`, `passwd`, `mysql_pwd`, `secret`, `api_key`, `apikey`, `auth`, `authorization`,
/// `credentials`, `private_key`, `privatekey`, `token` or `bearer`, in any case, with `_` or `-` between words. Numbers, booleans and null
/// stay. What is taken out leaves `[redacted]`.
public enum SecretScrubber {
  private static let names =
    "(?:password|passwd|mysql[_-]?pwd|secret|secret[_-]?key|api[_-]?key|auth|authorization|credentials?|private[_-]?key|access[_-]?key|token|bearer)"
  private static let redacted = LineMask.Replacement.text(Array("[redacted]".utf8))

  /// The rules; made once.
  public static let mask: LineMask = {
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
      (Self.cardPattern, 0, CardNumber.isValid),
    ]
    let rules = texts.compactMap { entry -> LineMask.Rule? in
      guard let pattern = try? Pattern(entry.pattern) else { return nil }
      return LineMask.Rule(pattern: pattern, group: entry.group, replacement: redacted, isReal: entry.isReal)
    }
    let hint = "(?i)" + names + "|AKIA|ASIA|PRIVATE KEY|" + cardPattern.replacing("\\b", with: "")
    return LineMask(rules: rules, hint: try? Pattern(hint))
  }()

  static let cardPattern =
    #"\b(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|6011|65\d{2})[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b|\b3[47]\d{2}[ -]?\d{6}[ -]?\d{5}\b"#

  /// Numbers, booleans, null and what was redacted before are no secrets.
  @Sendable private static func isValue(_ bytes: ArraySlice<UInt8>) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    if ["true", "false", "null", "nil", "none", "None", "[redacted]", "bearer", "Bearer", "basic", "Basic"].contains(text) {
      return false
    }
    return Double(text) == nil && !text.allSatisfy { $0 == "*" }
  }
}

/// Numbers of credit cards.
enum CardNumber {
  /// Luhn's sum over the digits.
  @Sendable static func isValid(_ bytes: ArraySlice<UInt8>) -> Bool {
    var sum = 0
    var isSecond = false
    var count = 0
    for byte in bytes.reversed() where byte >= 0x30 && byte <= 0x39 {
      var digit = Int(byte - 0x30)
      if isSecond { digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2 }
      sum += digit
      isSecond.toggle()
      count += 1
    }
    return count >= 13 && sum % 10 == 0
  }
}
