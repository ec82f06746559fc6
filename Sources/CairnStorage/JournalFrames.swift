// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// The frames of a journal's bytes, in order, and the places that are none.
struct JournalFrames {
  /// Bytes of a journal that are no frame.
  enum Gap: Sendable, Hashable {
    /// Whole frames follow, so these bytes were once acknowledged.
    case damage(Range<Int>)
    /// The file ends here. They are the end of a write that never came to its sync, as a cut leaves it, unless they are damaged.
    case end(Range<Int>)
  }

  private let bytes: [UInt8]
  private let number: UInt64

  private let sums: SumPolicy

  init(_ bytes: [UInt8], number: UInt64, _ sums: SumPolicy = .checked) {
    self.bytes = bytes
    self.number = number
    self.sums = sums
  }

  /// Visits every whole frame, and every gap between and behind them. A damaged header is a gap where frames follow it.
  func forEach(_ body: (JournalFrame, Int) -> Void, onGap: (Gap) -> Void) {
    var offset = min(JournalHeader.byteCount, bytes.count)
    var gapStart: Int? = JournalHeader.number(bytes) == number ? nil : 0
    while offset < bytes.count {
      if let found = unsafe JournalFrame.parse(bytes.span.bytes, at: offset, journal: number, sums) {
        if let start = gapStart { onGap(.damage(start..<offset)) }
        gapStart = nil
        body(found.frame, offset)
        offset += found.byteCount
      } else {
        gapStart = gapStart ?? offset
        offset = next(after: offset)
      }
    }
    if let start = gapStart, !bytes.isEmpty { onGap(.end(start..<bytes.count)) }
  }

  /// Where to look for a frame after `offset`, which holds none: behind the bytes that its length names if a frame stands there, so that
  /// the body of a damaged frame is not searched for frames; else at the next place that begins like one.
  private func next(after offset: Int) -> Int {
    if bytes.count - offset >= JournalFrame.prefixByteCount, unsafe loadHalf(bytes.span.bytes, offset) == JournalFrame.magic {
      let end = offset + JournalFrame.prefixByteCount + Int(unsafe loadHalf(bytes.span.bytes, offset + 4))
      if end < bytes.count, unsafe JournalFrame.parse(bytes.span.bytes, at: end, journal: number, sums) != nil { return end }
    }
    var position = offset + 1
    let first = UInt8(truncatingIfNeeded: JournalFrame.magic)
    while position + 4 <= bytes.count {
      if bytes[position] == first, unsafe loadHalf(bytes.span.bytes, position) == JournalFrame.magic { return position }
      position += 1
    }
    return bytes.count
  }

  /// True if the bytes of the last gap are what an append leaves that was cut off: the beginning of a frame, or nothing but zeros.
  func isCutWrite(_ range: Range<Int>) -> Bool {
    let rest = bytes[range]
    if rest.allSatisfy({ $0 == 0 }) { return true }
    if range.lowerBound < JournalHeader.byteCount {
      return range.count < JournalHeader.byteCount && JournalHeader.bytes(number: number).starts(with: rest)
    }
    guard rest.count >= 8 else {
      let magic = (0..<4).map { UInt8(truncatingIfNeeded: JournalFrame.magic >> UInt32(8 * $0)) }
      return rest.prefix(4).elementsEqual(magic.prefix(rest.count))
    }
    let length = Int(unsafe loadHalf(bytes.span.bytes, range.lowerBound + 4))
    return unsafe loadHalf(bytes.span.bytes, range.lowerBound) == JournalFrame.magic
      && JournalFrame.prefixByteCount + length > rest.count
  }
}
