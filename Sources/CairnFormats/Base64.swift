// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// Base64 (RFC 4648): written in the standard alphabet, read in the URL-safe one too.
public enum Base64 {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// With padding.
  public static func text(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    unsafe append(bytes.span.bytes, 0..<bytes.count, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Without padding, as gRPC prefers it for binary metadata.
  public static func textWithoutPadding(_ bytes: [UInt8]) -> String { String(text(bytes).prefix { $0 != "=" }) }

  /// Adds the base64 of a range, with padding.
  public static func append(_ bytes: RawSpan, _ range: Range<Int>, to text: inout [UInt8]) {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let left = range.upperBound - offset
      let first = UInt32(loadByte(bytes, offset)) << 16
      let second = left > 1 ? UInt32(loadByte(bytes, offset + 1)) << 8 : 0
      let word = first | second | (left > 2 ? UInt32(loadByte(bytes, offset + 2)) : 0)
      text.append(digits[Int(word >> 18)])
      text.append(digits[Int(word >> 12 & 63)])
      text.append(left > 1 ? digits[Int(word >> 6 & 63)] : 0x3d)
      text.append(left > 2 ? digits[Int(word & 63)] : 0x3d)
      offset += 3
    }
  }

  /// What a text stands for, padded or not, in either alphabet; nil for anything else.
  public static func bytes(of text: String) -> [UInt8]? {
    let text = Array(text.utf8)
    return unsafe bytes(of: text.span.bytes, 0..<text.count)
  }

  public static func bytes(of text: RawSpan, _ range: Range<Int>) -> [UInt8]? {
    var end = range.upperBound
    while end > range.lowerBound, range.upperBound - end < 2, loadByte(text, end - 1) == 0x3d { end -= 1 }
    guard (end - range.lowerBound) % 4 != 1 else { return nil }
    var decoded: [UInt8] = []
    decoded.reserveCapacity((end - range.lowerBound) / 4 * 3 + 2)
    var word: UInt32 = 0
    var bitCount: UInt32 = 0
    for offset in range.lowerBound..<end {
      guard let value = value(ofDigit: loadByte(text, offset)) else { return nil }
      word = word << 6 | UInt32(value)
      bitCount += 6
      guard bitCount >= 8 else { continue }
      bitCount -= 8
      decoded.append(UInt8(truncatingIfNeeded: word >> bitCount))
    }
    return decoded
  }

  private static func value(ofDigit digit: UInt8) -> UInt8? {
    switch digit {
    case 0x41...0x5a: digit - 65
    case 0x61...0x7a: digit - 71
    case 0x30...0x39: digit + 4
    case 0x2b, 0x2d: 62
    case 0x2f, 0x5f: 63
    default: nil
    }
  }
}
