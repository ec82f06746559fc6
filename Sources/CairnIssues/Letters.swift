// SPDX-License-Identifier: Apache-2.0

// Classes of bytes, and searches in them. Everything beyond ASCII counts as a letter: names in other scripts stay whole words.

@inline(__always) func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }

@inline(__always) func isHex(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- 97 < 6 }

@inline(__always) func isLowerHex(_ byte: UInt8) -> Bool { isDigit(byte) || byte &- 97 < 6 }

@inline(__always) func isWord(_ byte: UInt8) -> Bool {
  isDigit(byte) || (byte | 0x20) &- 97 < 26 || byte == 0x5F || byte >= 0x80
}

@inline(__always) func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 9 < 5 }

extension Array where Element == UInt8 {
  /// True if `word` stands at `index`.
  @inline(__always)
  func has(_ word: StaticString, at index: Int) -> Bool {
    let count = word.utf8CodeUnitCount
    guard index >= 0, index &+ count <= self.count else { return false }
    for offset in 0..<count where unsafe self[index &+ offset] != word.utf8Start[offset] { return false }
    return true
  }

  /// True if the text ends with `word`.
  func ends(with word: StaticString) -> Bool { has(word, at: count - word.utf8CodeUnitCount) }

  /// The first place of `word` at or behind `start`.
  func first(_ word: StaticString, from start: Int = 0) -> Int? {
    let last = count - word.utf8CodeUnitCount
    guard start <= last else { return nil }
    let head = unsafe word.utf8Start[0]
    for index in start...last where self[index] == head && has(word, at: index) { return index }
    return nil
  }

  /// True if the text is this word.
  func equals(_ word: StaticString) -> Bool { count == word.utf8CodeUnitCount && has(word, at: 0) }

  /// True between two bytes of which one belongs to a word and the other does not, and at an end of the text beside a word.
  @inline(__always)
  func isBoundary(_ index: Int) -> Bool {
    let before = index > 0 && isWord(self[index &- 1])
    let behind = index < count && isWord(self[index])
    return before != behind
  }

  /// Behind the run of bytes from `index` that pass.
  @inline(__always)
  func run(_ index: Int, _ passes: (UInt8) -> Bool) -> Int {
    var end = index
    while end < count, passes(self[end]) { end &+= 1 }
    return end
  }

  mutating func append(_ word: StaticString) {
    for offset in 0..<word.utf8CodeUnitCount { unsafe append(word.utf8Start[offset]) }
  }

  var text: String { String(decoding: self, as: UTF8.self) }

  /// Every match becomes `word`. `match` gives the end of a match that starts at an index, or nil; matches do not overlap.
  @inline(__always)
  func replacing(with word: StaticString, _ match: (borrowing [UInt8], Int) -> Int?) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    var copied = 0
    while index < count {
      if let end = match(self, index), end > index {
        if copied == 0, result.isEmpty { result.reserveCapacity(count) }
        result.append(contentsOf: self[copied..<index])
        result.append(word)
        index = end
        copied = end
      } else {
        index &+= 1
      }
    }
    if copied == 0 { return self }
    result.append(contentsOf: self[copied...])
    return result
  }
}
