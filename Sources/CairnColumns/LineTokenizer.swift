// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// Finds in a line what varies from line to line: the slots of its template. What lies between them is constant.
///
/// A word (letters, digits, `_`, what is not ASCII) that holds a digit varies, and nothing else does, but for the groups of a UUID that happen
/// to have letters alone. So the template tells of each word whether it varies: patterns of texts (`CairnPatterns.LineTemplates`) follow from it.
///
/// ```
/// GET /api/users/7 200 15.85 ms u=dora_34908 req=e8e20ed90475
///                n   n     d        l    n       n             n number, d decimal, l letters
/// ```
struct LineTokenizer {
  enum Kind: UInt64 {
    /// Digits and `a` to `f`.
    case number = 1
    /// Digits, a point, digits.
    case decimal
    /// Letters at the side of a number, in one word with it.
    case letters
    /// A word in which letters and digits take turns.
    case word
  }

  struct Slot {
    var start: UInt32
    var end: UInt32
    var kind: Kind
    /// Of the constant text in front: slots with equal kinds and keys share a column.
    var key: UInt64
  }

  /// Longer lines are kept as they are.
  static let lineByteCountMax = 4_096
  static let slotCountMax = 200
  private static let numberByteCountMax = 32
  private static let integerDigitCountMax = 12
  private static let fractionDigitCountMax = 6
  /// Letters up to this many at the side of a number are constant: units, `T` and `Z` of times.
  private static let unitByteCountMax = 3
  private static let runCountMax = 4
  /// Of the text in front of a slot, so much tells its column.
  private static let contextByteCountMax = 24

  private(set) var slots: [Slot] = []
  private var hash: UInt64 = 0
  /// Where the constant text in front of the next slot begins.
  private var constantStart = 0

  /// Reads a line into `slots`; the hash of its constant text and of its slots' kinds, or nil where it has too many or is too long.
  mutating func read(_ bytes: Span<UInt8>, _ line: Range<Int>) -> UInt64? {
    slots.removeAll(keepingCapacity: true)
    guard line.count <= Self.lineByteCountMax else { return nil }
    hash = 0x243f_6a88_85a3_08d3
    constantStart = line.lowerBound
    var position = line.lowerBound
    while position < line.upperBound {
      if Self.kind(bytes[position]) == 0 { position &+= 1 } else { position = readWord(bytes, position, line) }
      if slots.count > Self.slotCountMax { return nil }
    }
    let rest = unsafe hashBytes(bytes.bytes, constantStart, line.upperBound &- constantStart, seed: hash)
    return mix(rest, 0x9e37_79b9_7f4a_7c15)
  }

  /// 1 a digit, 2 a letter of hexadecimal numbers, 4 any other part of a word, 0 what ends one.
  @inline(__always) private static func kind(_ byte: UInt8) -> UInt8 {
    if byte &- 0x30 < 10 { return 1 }
    if byte &- 0x61 < 6 { return 2 }
    return (byte | 0x20) &- 0x61 < 26 || byte >= 0x80 || byte == 0x5f ? 4 : 0
  }

  /// Reads the word at `start`; where the next one may begin.
  private mutating func readWord(_ bytes: Span<UInt8>, _ start: Int, _ line: Range<Int>) -> Int {
    var end = start
    var kinds: UInt8 = 0
    while end < line.upperBound {
      let kind = Self.kind(bytes[end])
      if kind == 0 { break }
      kinds |= kind
      end &+= 1
    }
    if kinds & 1 == 0 {
      // A group of a UUID may have letters alone.
      if kinds == 2, end &- start >= 4, let last = slots.last, Int(last.end) &+ 1 == start, bytes[start &- 1] == 0x2d,
        end &- start <= Self.numberByteCountMax
      {
        add(.number, start, end, bytes)
      }
      return end
    }
    guard kinds & 4 == 0, end &- start <= Self.numberByteCountMax else {
      readMixed(bytes, start, end)
      return end
    }
    if kinds == 1, let fractionEnd = Self.fractionEnd(bytes, start, end, line) {
      add(.decimal, start, fractionEnd, bytes)
      return fractionEnd
    }
    add(.number, start, end, bytes)
    return end
  }

  /// Where the fraction ends that goes on from the whole number `start ..< end`; nil where there is none, or where points go on, as in addresses.
  private static func fractionEnd(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ line: Range<Int>) -> Int? {
    guard end &+ 1 < line.upperBound, bytes[end] == 0x2e, kind(bytes[end &+ 1]) == 1 else { return nil }
    guard end &- start <= integerDigitCountMax, end &- start == 1 || bytes[start] != 0x30 else { return nil }
    if start > line.lowerBound, bytes[start &- 1] == 0x2e { return nil }
    var position = end &+ 1
    while position < line.upperBound, kind(bytes[position]) == 1 { position &+= 1 }
    guard position &- end &- 1 <= fractionDigitCountMax else { return nil }
    if position &+ 1 < line.upperBound, bytes[position] == 0x2e, kind(bytes[position &+ 1]) == 1 { return nil }
    return position
  }

  /// A word of letters and digits: its runs, if these are few, else the whole.
  private mutating func readMixed(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) {
    var runCount = 1
    var position = start &+ 1
    while position < end, runCount <= Self.runCountMax {
      if (Self.kind(bytes[position]) == 1) != (Self.kind(bytes[position &- 1]) == 1) { runCount &+= 1 }
      position &+= 1
    }
    guard runCount <= Self.runCountMax else { return add(.word, start, end, bytes) }
    var runStart = start
    while runStart < end {
      let isNumber = Self.kind(bytes[runStart]) == 1
      var runEnd = runStart &+ 1
      while runEnd < end, (Self.kind(bytes[runEnd]) == 1) == isNumber { runEnd &+= 1 }
      if isNumber {
        add(runEnd &- runStart <= Self.numberByteCountMax ? .number : .word, runStart, runEnd, bytes)
      } else if runEnd &- runStart > Self.unitByteCountMax {
        add(.letters, runStart, runEnd, bytes)
      }
      runStart = runEnd
    }
  }

  private mutating func add(_ kind: Kind, _ start: Int, _ end: Int, _ bytes: Span<UInt8>) {
    let constantCount = start &- constantStart
    let raw = unsafe bytes.bytes
    hash = mix(hashBytes(raw, constantStart, constantCount, seed: hash), kind.rawValue &+ 0x517c_c1b7_2722_0a95)
    let contextCount = min(constantCount, Self.contextByteCountMax)
    // Groups of one number, such as those of a UUID, are told apart by those in front.
    let seed = constantCount <= 2 ? slots.last?.key ?? 1 : 0
    let context = hashBytes(raw, start &- contextCount, contextCount, seed: seed)
    slots.append(Slot(start: UInt32(start), end: UInt32(end), kind: kind, key: mix(context, kind.rawValue)))
    constantStart = end
  }
}
