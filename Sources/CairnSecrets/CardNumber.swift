// SPDX-License-Identifier: Apache-2.0

/// Numbers of credit cards.
public enum CardNumber {
  /// What looks like one; `isValid` decides.
  public static let pattern =
    #"\b(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|6011|65\d{2})[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b|\b3[47]\d{2}[ -]?\d{6}[ -]?\d{5}\b"#

  /// Luhn's sum over the digits.
  @Sendable public static func isValid(_ bytes: ArraySlice<UInt8>) -> Bool {
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
