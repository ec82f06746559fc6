// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// Finds a text in bytes in linear time, whatever both are (Knuth, Morris, Pratt; short texts by comparison).
struct TextSearch: Sendable, Hashable {
  let wanted: [UInt8]
  /// By how many bytes that match: how many of them may still be the start of a match.
  private let fallback: [Int]

  init(_ text: String) {
    wanted = Array(text.utf8)
    var fallback = [Int](repeating: 0, count: wanted.count + 1)
    var length = 0
    var index = 1
    while index < wanted.count {
      while length > 0, wanted[index] != wanted[length] { length = fallback[length] }
      if wanted[index] == wanted[length] { length += 1 }
      index += 1
      fallback[index] = length
    }
    self.fallback = fallback
  }

  /// Where the first match from `start` on begins, that ends at or before `end`.
  func first(in bytes: RawSpan, from start: Int, to end: Int) -> Int? {
    guard !wanted.isEmpty else { return start }
    var matched = 0
    var position = start
    while position < end {
      let byte = loadByte(bytes, position)
      while matched > 0, wanted[matched] != byte { matched = fallback[matched] }
      if wanted[matched] == byte { matched += 1 }
      position &+= 1
      if matched == wanted.count { return position - matched }
    }
    return nil
  }
}
