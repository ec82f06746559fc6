// SPDX-License-Identifier: Apache-2.0

/// What lines have in common: texts in which what varies is `<*>`, with how many lines have each.
///
/// ```
/// [INFO] Request time: 327 ms   ─┐
/// [INFO] Request time: 12 ms    ─┴─ [INFO] Request time: <*> ms     2
/// ```
/// A word (letters, digits, `_`, what is not ASCII) that holds a digit varies; such words with one of `- . : , +` between them are one
/// varying part, as are the groups of hexadecimal digits of a UUID. Lines with equal constant words share a template. `patterns` then
/// joins templates that differ in one word, where that word has many values or values that hardly repeat: names are found so.
///
/// `add` takes about a nanosecond a byte and hashes each line once; at most `templateCountMax` templates are told apart, lines beyond
/// share the template of their first word. A value; parts of a text may be counted by several and put together by `merge`.
public struct LineTemplates: Sendable {
  public static let templateCountMax = 1 << 16
  /// First words told apart beyond; all lines behind these are one.
  static let firstWordCountMax = 4096
  /// Longer lines are told apart by their beginning.
  public static let lineByteCountMax = 4096

  private struct Entry: Sendable {
    var hash: UInt64
    var count: Int
    var sample: [UInt8]
  }
  private var entries: [Entry] = []
  // Open addressing: entry index + 1, or 0.
  private var slots = [UInt32](repeating: 0, count: 1 << 12)
  /// The lines counted.
  public private(set) var lineCount = 0

  public init() {}

  /// About how many bytes of memory are kept.
  public private(set) var byteCount = 0

  /// Counts a line `count` times.
  public mutating func add(_ bytes: Span<UInt8>, _ range: Range<Int>, count: Int) {
    lineCount += count
    let end = min(range.upperBound, range.lowerBound + Self.lineByteCountMax)
    var hash = Self.hash(bytes, range.lowerBound..<end)
    var slot = find(hash)
    if slots[slot] == 0, entries.count >= Self.templateCountMax {
      hash = Self.firstWordHash(bytes, range.lowerBound..<end)
      slot = find(hash)
      if slots[slot] == 0, entries.count >= Self.templateCountMax + Self.firstWordCountMax {
        hash = 0
        slot = find(hash)
      }
    }
    if slots[slot] != 0 {
      entries[Int(slots[slot]) - 1].count += count
      return
    }
    var sample: [UInt8] = []
    sample.reserveCapacity(end - range.lowerBound)
    for index in range.lowerBound..<end { sample.append(bytes[index]) }
    insert(Entry(hash: hash, count: count, sample: sample), slot)
  }

  /// Counts a text.
  public mutating func add(_ text: String, count: Int = 1) {
    let bytes = Array(text.utf8)
    add(bytes.span, 0..<bytes.count, count: count)
  }

  /// Adds what another one counted.
  public mutating func merge(_ other: LineTemplates) {
    lineCount += other.lineCount
    for entry in other.entries {
      let slot = find(entry.hash)
      if slots[slot] != 0 { entries[Int(slots[slot]) - 1].count += entry.count } else { insert(entry, slot) }
    }
  }

  private mutating func insert(_ entry: Entry, _ slot: Int) {
    entries.append(entry)
    byteCount += entry.sample.count + 56
    slots[slot] = UInt32(entries.count)
    guard entries.count * 2 > slots.count else { return }
    slots = [UInt32](repeating: 0, count: slots.count * 4)
    for (index, entry) in entries.enumerated() { slots[find(entry.hash)] = UInt32(index + 1) }
  }

  /// The slot of a hash, or the free one where it belongs.
  private func find(_ hash: UInt64) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash >> 20) & mask
    while slots[slot] != 0, entries[Int(slots[slot]) - 1].hash != hash { slot = (slot + 1) & mask }
    return slot
  }

  // MARK: Reading a line

  @inline(__always) static func isWord(_ byte: UInt8) -> Bool {
    byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte >= 0x80 || byte == 0x5f
  }

  @inline(__always) static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  @inline(__always) private static func isJoint(_ byte: UInt8) -> Bool { byte == 0x2d || byte == 0x2e || byte == 0x3a || byte == 0x2c || byte == 0x2b }

  @inline(__always) private static func mix(_ hash: UInt64, _ value: UInt64) -> UInt64 {
    let mixed = (hash ^ value) &* 0x9e37_79b9_7f4a_7c15
    return mixed ^ (mixed >> 29)
  }

  private static let variable: UInt64 = 0x517c_c1b7_2722_0a95

  private static func hash(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
    var hash: UInt64 = 0x243f_6a88_85a3_08d3
    var at = range.lowerBound
    let end = range.upperBound
    while at < end {
      var byte = bytes[at]
      if !isWord(byte) {
        hash = mix(hash, UInt64(byte))
        at += 1
        if byte == 0x20 { while at < end, bytes[at] == 0x20 { at += 1 } }
        continue
      }
      var word: UInt64 = 0xcbf2_9ce4_8422_2325
      var digits: UInt8 = 0
      repeat {
        word = (word ^ UInt64(byte)) &* 0x100_0000_01b3
        digits |= isDigit(byte) ? 1 : 0
        at += 1
        if at >= end { break }
        byte = bytes[at]
      } while isWord(byte)
      if digits == 0 {
        hash = mix(hash, word)
      } else {
        hash = mix(hash, variable)
        at = endOfVariable(bytes, at, end)
      }
    }
    return hash
  }

  /// Where a varying part that goes on at `start` ends: behind the last word that belongs to it.
  static func endOfVariable(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    var last = start
    while last + 1 < end, isJoint(bytes[last]), isWord(bytes[last + 1]) {
      var at = last + 1
      var hasDigit = false
      var isHex = true
      while at < end, isWord(bytes[at]) {
        let byte = bytes[at]
        if isDigit(byte) { hasDigit = true } else if (byte | 0x20) &- 0x61 >= 6 { isHex = false }
        at += 1
      }
      guard hasDigit || (isHex && bytes[last] == 0x2d && at - last > 4) else { return last }
      last = at
    }
    return last
  }

  private static func firstWordHash(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
    var end = range.lowerBound
    while end < range.upperBound, !isWord(bytes[end]) { end += 1 }
    while end < range.upperBound, isWord(bytes[end]) { end += 1 }
    return mix(hash(bytes, range.lowerBound..<end), 1)
  }

  // MARK: Patterns

  /// The patterns, the most frequent first, at most `limit`.
  public func patterns(limit: Int = 10_000) -> [LinePattern] {
    var joiner = TemplateJoiner(entries.map { ($0.sample, $0.count) })
    joiner.run()
    let found = joiner.templates.map { (template) in
      LinePattern(text: joiner.text(template), count: template.count, sample: String(decoding: template.sample, as: UTF8.self))
    }
    return Array(
      found.sorted { $0.count != $1.count ? $0.count > $1.count : $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }.prefix(limit))
  }
}
