// SPDX-License-Identifier: Apache-2.0

/// What `JSONReader.next` found.
public enum JSONToken: Sendable, Hashable {
  case objectStart
  case objectEnd
  case arrayStart
  case arrayEnd
  /// A member's name; the colon behind it is read too.
  case key(JSONText)
  case string(JSONText)
  /// A number without fraction and exponent that fits.
  case integer(Int64)
  /// A number without fraction and exponent above `Int64.max` that fits.
  case unsigned(UInt64)
  /// Any other number, rounded to the nearest double.
  case double(Double)
  case boolean(Bool)
  case null
  /// The document is over and nothing but white space follows it; every further call gives this again.
  case end
}

/// Where a string or a name stands in the document: the bytes between its quotes, still with their escapes.
///
/// Without escapes these bytes are the text, valid UTF-8; otherwise `JSONReader.unescape` makes it.
public struct JSONText: Sendable, Hashable {
  /// The first byte behind the opening quote.
  public var offset: Int
  /// The bytes up to the closing quote.
  public var byteCount: Int
  /// True if there is a backslash among them.
  public var hasEscapes: Bool

  /// A text at a place that the caller knows.
  @inlinable public init(offset: Int, byteCount: Int, hasEscapes: Bool) {
    self.offset = offset
    self.byteCount = byteCount
    self.hasEscapes = hasEscapes
  }

  /// The bytes between the quotes.
  @inlinable public var range: Range<Int> { offset..<offset &+ byteCount }
}
