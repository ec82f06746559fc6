// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import TestSupport
import Testing

struct ByteInternerTests {
  func expect(_ interner: inout ByteInterner, _ text: String, code: Int) {
    let found = interner.intern(text)
    #expect(Int(found) == code)
  }

  func expect(_ interner: borrowing ByteInterner, _ code: Int, _ text: String) {
    let found = interner.text(code)
    #expect(found == text)
  }

  func expect(_ interner: borrowing ByteInterner, count: Int) {
    let found = interner.count
    #expect(found == count)
  }

  @Test func givesCodesInOrderAndFindsThemAgain() {
    var interner = ByteInterner()
    let words = (0..<5_000).map { "word \($0 % 1_000) \(String(repeating: "x", count: $0 % 40))" }
    var codes: [String: UInt32] = [:]
    for word in words {
      let code = interner.intern(word)
      if let known = codes[word] { #expect(code == known) } else { #expect(Int(code) == codes.count) }
      codes[word] = code
    }
    expect(interner, count: codes.count)
    for (word, code) in codes { expect(interner, Int(code), word) }
  }

  @Test func keepsEveryLengthApart() {
    var interner = ByteInterner()
    let bytes = [UInt8](repeating: 0, count: 64)
    withEvery(0...64) { count in
      let code = unsafe interner.intern(bytes.span.bytes, 0, count)
      #expect(Int(code) == count)
    }
    withEvery(0...64) { count in
      let (code, length) = unsafe (interner.find(bytes.span.bytes, 0, count), interner.length(count))
      #expect(code == UInt32(count) && length == count)
    }
  }

  @Test func readsNothingBehindTheEndOfItsInput() {
    var interner = ByteInterner()
    withEvery(0..<20) { count in
      let bytes = [UInt8](repeating: 7, count: count)
      let code = unsafe interner.intern(bytes.span.bytes, 0, count)
      #expect(Int(code) == count)
    }
  }

  @Test func truncatesToAnyCount() {
    withEvery([0, 1, 7, 99, 100]) { kept in
      var interner = ByteInterner()
      for index in 0..<100 { _ = interner.intern("entry \(index)") }
      interner.truncate(to: kept)
      expect(interner, count: kept)
      for index in 0..<100 { expect(&interner, "entry \(index)", code: index) }
    }
  }

  /// Removing the newest entry, at any size and so on both sides of each growth of the table, loses no other.
  @Test func removesOnlyTheLast() {
    var generator = SeededGenerator(seed: 1)
    var interner = ByteInterner()
    var entries: [String] = []
    for round in 0..<4_000 {
      if entries.isEmpty || !generator.oneIn(3) {
        let entry = "entry \(round)"
        expect(&interner, entry, code: entries.count)
        entries.append(entry)
      } else {
        interner.removeLast()
        entries.removeLast()
      }
      guard round % 97 == 0 else { continue }
      for (code, entry) in entries.enumerated() { expect(&interner, entry, code: code) }
      expect(interner, count: entries.count)
    }
  }

  @Test func givesUpOnNearlyUniqueValues() {
    var interner = ByteInterner()
    for index in 0..<8_192 { _ = interner.intern("id \(index)") }
    interner.adapt(valueCount: 8_192)
    let isExact = interner.isExact
    #expect(!isExact)
    expect(&interner, "id 0", code: 8_192)
    interner.removeLast()
    expect(interner, count: 8_192)
    expect(interner, 8_191, "id 8191")
  }
}
