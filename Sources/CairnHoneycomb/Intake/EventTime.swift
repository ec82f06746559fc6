// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats

/// An event's time in the forms that clients send.
///
/// RFC 3339; an integer, as a number or text, of ten digits or fewer for seconds, of more for the second in its first ten digits and
/// the fraction in the rest; a decimal number of seconds.
/// Source: Refinery's `getEventTime`.
enum EventTime {
  static func unixNanoseconds(_ token: JSONToken, _ bytes: RawSpan, _ reader: inout JSONReader) -> Int64? {
    switch token {
    case .string(let text): unixNanoseconds(text: reader.string(text, bytes))
    case .integer(let value): unixNanoseconds(text: String(value))
    case .double(let value): unixNanoseconds(seconds: value)
    default: nil
    }
  }

  static func unixNanoseconds(text: String) -> Int64? {
    let digits = text.utf8
    guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return RFC3339.unixNanoseconds(text) ?? Double(text).flatMap { unixNanoseconds(seconds: $0) }
    }
    guard digits.count <= 19, let value = Int64(text) else { return nil }
    // Ten digits of seconds reach to the year 2286: what is longer is finer.
    var scaled = value
    for _ in max(10, digits.count)..<19 {
      let (product, overflow) = scaled.multipliedReportingOverflow(by: 10)
      if overflow { return nil }
      scaled = product
    }
    return scaled
  }

  private static func unixNanoseconds(seconds: Double) -> Int64? {
    guard seconds > 0, seconds < 9.2e9 else { return nil }
    // In two parts, so that the fraction keeps what precision the number has.
    let whole = seconds.rounded(.down)
    return Int64(whole) * 1_000_000_000 + Int64(((seconds - whole) * 1e9).rounded())
  }
}
