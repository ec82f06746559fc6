// SPDX-License-Identifier: Apache-2.0

/// A text that equals another only where their UTF-8 bytes are the same.
///
/// Swift's own texts are equal where their letters are: one accented letter in two spellings (composed, decomposed) is one key of a dictionary.
/// What was sent in two spellings are two names and two values here, as they are to whoever sent them and to every column.
public struct ExactText: Sendable, Hashable, Comparable {
  public let text: String

  public init(_ text: String) { self.text = text }

  public static func == (left: ExactText, right: ExactText) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }
  public static func < (left: ExactText, right: ExactText) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }

  public func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { (bytes) in unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes)) }
    hasher.combine(UInt8(0xff))
  }
}
