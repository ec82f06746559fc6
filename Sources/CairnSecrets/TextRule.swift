// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import CairnPatterns

/// Something in text that must not be kept, and what stands there instead.
public struct TextRule: Sendable {
  public var pattern: Pattern
  /// The group that is masked; 0 is the whole match.
  public var group: Int
  public var replacement: Replacement
  /// Says of a match whether it is what it looks like.
  public var isReal: @Sendable (ArraySlice<UInt8>) -> Bool

  public enum Replacement: Sendable {
    /// One for each character, as CloudWatch masks.
    case asterisks
    case text([UInt8])
  }

  public init(
    pattern: Pattern, group: Int = 0, replacement: Replacement = .asterisks,
    isReal: @escaping @Sendable (ArraySlice<UInt8>) -> Bool = { _ in true }
  ) {
    self.pattern = pattern
    self.group = group
    self.replacement = replacement
    self.isReal = isReal
  }

  /// Adds the text as the rule leaves it.
  public func mask(_ line: ArraySlice<UInt8>, into text: inout [UInt8]) {
    let bytes = Array(line)
    var copied = 0
    var position = 0
    while position <= bytes.count, let match = unsafe pattern.firstMatch(in: bytes.span.bytes, from: position) {
      guard let whole = match[0] else { break }
      position = whole.upperBound > position ? whole.upperBound : position + 1
      guard group < match.count, let found = match[group], found.lowerBound >= copied, isReal(bytes[found]) else { continue }
      text += bytes[copied..<found.lowerBound]
      switch replacement {
      case .text(let replacement): text += replacement
      case .asterisks: for byte in bytes[found] where byte & 0xc0 != 0x80 { text.append(0x2a) }
      }
      copied = found.upperBound
    }
    text += bytes[copied...]
  }
}
