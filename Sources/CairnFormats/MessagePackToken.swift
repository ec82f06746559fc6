// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// What `MessagePackReader.next` found. Ranges are places in the bytes.
public enum MessagePackToken: Sendable, Hashable {
  /// A map of so many names and values.
  case mapStart(count: Int)
  case mapEnd
  /// An array of so many values.
  case arrayStart(count: Int)
  case arrayEnd
  /// A member's name, from a string or from binary data; not checked to be UTF-8.
  case key(Range<Int>)
  /// Text that is not checked to be UTF-8, as clients in Go send what they have.
  case string(Range<Int>)
  case binary(Range<Int>)
  case integer(Int64)
  /// An integer above `Int64.max`.
  case unsigned(UInt64)
  /// May be NaN or infinite.
  case double(Double)
  case boolean(Bool)
  case null
  /// An extension of a type that the application defines, or, below 0, MessagePack itself.
  case other(type: Int8, Range<Int>)
  /// The document is over and nothing follows it; every further call gives this again.
  case end
}

/// The big-endian number in up to eight bytes.
func bigEndian(_ bytes: RawSpan, _ range: Range<Int>) -> UInt64 {
  if range.count == 8 { return loadWord(bytes, range.lowerBound).byteSwapped }
  var value: UInt64 = 0
  for index in range { value = value &<< 8 | UInt64(loadByte(bytes, index)) }
  return value
}

extension MessagePackToken {
  /// The instant of a timestamp (an extension of type -1 with 4, 8 or 12 bytes) in Unix nanoseconds.
  ///
  /// nil for every other token, for more than 999,999,999 nanoseconds, and outside the years 1677 to 2262.
  public func unixNanoseconds(_ bytes: RawSpan) -> Int64? {
    guard case .other(-1, let range) = self, range.upperBound <= bytes.byteCount else { return nil }
    let seconds: Int64
    let nanoseconds: UInt64
    switch range.count {
    case 4:
      seconds = Int64(bigEndian(bytes, range))
      nanoseconds = 0
    case 8:
      let value = bigEndian(bytes, range)
      seconds = Int64(value & 0x3_ffff_ffff)
      nanoseconds = value >> 34
    case 12:
      nanoseconds = bigEndian(bytes, range.lowerBound..<range.lowerBound + 4)
      seconds = Int64(bitPattern: bigEndian(bytes, range.lowerBound + 4..<range.upperBound))
    default: return nil
    }
    guard nanoseconds < 1_000_000_000 else { return nil }
    let (product, isBeyond) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflow) = product.addingReportingOverflow(Int64(nanoseconds))
    return isBeyond || overflow ? nil : sum
  }
}
