// SPDX-License-Identifier: Apache-2.0

extension RFC3339 {
  /// The instant that a text names, in Unix nanoseconds; nil where it is no such text, or outside the years 1677 to 2262.
  ///
  /// Takes `T`, `t` or a space between date and time, any number of decimals (those beyond nine are cut), and `Z`, `z` or an offset
  /// such as `+01:00`. A second of 60 counts as the next minute's first.
  public static func unixNanoseconds(_ text: some StringProtocol) -> Int64? {
    var reader = DigitReader(Array(text.utf8))
    guard let year = reader.number(4), reader.take(0x2d), let month = reader.number(2), reader.take(0x2d), let day = reader.number(2),
      reader.take(0x54) || reader.take(0x74) || reader.take(0x20), let hour = reader.number(2), reader.take(0x3a),
      let minute = reader.number(2), reader.take(0x3a), let second = reader.number(2)
    else { return nil }
    let days = CivilDate.daysSince1970(year: year, month: month, day: day)
    guard (1...12).contains(month), CivilDate.date(daysSince1970: days) == (year, month, day), hour < 24, minute < 60, second <= 60
    else { return nil }
    var nanoseconds: Int64 = 0
    if reader.take(0x2e) {
      guard let fraction = reader.fraction() else { return nil }
      nanoseconds = fraction
    }
    guard let offset = reader.offsetSeconds(), reader.isAtEnd else { return nil }
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
    let (product, isBeyond) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflow) = product.addingReportingOverflow(nanoseconds)
    return isBeyond || overflow ? nil : sum
  }
}

/// Digits of fixed count, one after the other.
private struct DigitReader {
  private let utf8: [UInt8]
  private var position = 0

  init(_ utf8: [UInt8]) { self.utf8 = utf8 }

  var isAtEnd: Bool { position == utf8.count }

  mutating func take(_ byte: UInt8) -> Bool {
    guard position < utf8.count, utf8[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func digit() -> Int64? {
    guard position < utf8.count, (0x30...0x39).contains(utf8[position]) else { return nil }
    position += 1
    return Int64(utf8[position - 1] - 0x30)
  }

  mutating func number(_ digitCount: Int) -> Int64? {
    var value: Int64 = 0
    for _ in 0..<digitCount {
      guard let digit = digit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  /// One or more decimals as nanoseconds.
  mutating func fraction() -> Int64? {
    var value: Int64 = 0
    var scale: Int64 = 1_000_000_000
    var hasDigit = false
    while let digit = digit() {
      hasDigit = true
      guard scale > 1 else { continue }
      scale /= 10
      value += digit * scale
    }
    return hasDigit ? value : nil
  }

  mutating func offsetSeconds() -> Int64? {
    if take(0x5a) || take(0x7a) { return 0 }
    let sign: Int64 = take(0x2b) ? 1 : -1
    guard sign == 1 || take(0x2d), let hours = number(2), take(0x3a), let minutes = number(2), hours < 24, minutes < 60 else { return nil }
    return sign * (hours * 3600 + minutes * 60)
  }
}
