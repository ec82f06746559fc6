// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

extension SlotColumn {
  /// More distinct texts than this, or more than half as many as values, are no dictionary.
  private static let entryCountMax = 1 << 16
  /// Whole numbers of so many digits fit into 64 bits with room to spare.
  private static let integerDigitCountMax = 18

  /// A column of the values that lie at `starts ..< ends`; the form is chosen by looking at all of them.
  static func make(_ bytes: [UInt8], starts: [UInt32], ends: [UInt32], kind: LineTokenizer.Kind) -> SlotColumn {
    let made: SlotColumn? =
      switch kind {
      case .number: numbers(bytes, starts, ends)
      case .decimal: decimals(bytes, starts, ends)
      case .letters, .word: nil
      }
    return made ?? entries(bytes, starts, ends) ?? texts(bytes, starts, ends)
  }

  private static func numbers(_ bytes: [UInt8], _ starts: [UInt32], _ ends: [UInt32]) -> SlotColumn? {
    var least = Int.max
    var most = 0
    var isDecimal = true
    var isCanonical = true
    for index in starts.indices {
      let start = Int(starts[index])
      let count = Int(ends[index]) - start
      least = min(least, count)
      most = max(most, count)
      if isDecimal { for place in start..<start + count where bytes[place] > 0x39 { isDecimal = false } }
      if count > 1, bytes[start] == 0x30 { isCanonical = false }
    }
    guard most <= 32 else { return nil }
    if isDecimal, most <= integerDigitCountMax, isCanonical || least == most {
      var column = SlotColumn(isCanonical ? .integer : .padded, digits: isCanonical ? 0 : most)
      column.words = SlotWords(starts.indices.map { decimal(bytes, Int(starts[$0]), Int(ends[$0])) })
      return column
    }
    if most <= 16 {
      var column = SlotColumn(least == most ? .hex : .hexOfLength, digits: least == most ? most : 0)
      column.words = SlotWords(starts.indices.map { hex(bytes, Int(starts[$0]), Int(ends[$0])) })
      if least != most { column.lengths = starts.indices.map { UInt8(ends[$0] - starts[$0]) } }
      return column
    }
    guard least == most else { return nil }
    var column = SlotColumn(.longHex, digits: most)
    column.high = starts.indices.map { hex(bytes, Int(starts[$0]), Int(ends[$0]) - 16) }
    column.words = SlotWords(starts.indices.map { hex(bytes, Int(ends[$0]) - 16, Int(ends[$0])) })
    return column
  }

  /// As the tokenizer finds them: at most 12 digits, a point, 1 to 6 digits.
  private static func decimals(_ bytes: [UInt8], _ starts: [UInt32], _ ends: [UInt32]) -> SlotColumn? {
    var least = Int.max
    var most = 0
    var isShort = true
    var lengths: [UInt8] = []
    lengths.reserveCapacity(starts.count)
    for index in starts.indices {
      var place = Int(ends[index])
      while place > Int(starts[index]), bytes[place - 1] != 0x2e { place -= 1 }
      let count = Int(ends[index]) - place
      least = min(least, count)
      most = max(most, count)
      if count > 1, bytes[Int(ends[index]) - 1] == 0x30 { isShort = false }
      lengths.append(UInt8(count))
    }
    guard (1...6).contains(least), most <= 6 else { return nil }
    var column = SlotColumn(least == most ? .decimal : isShort ? .shortDecimal : .decimalOfLength, digits: most)
    column.words = SlotWords(
      starts.indices.map { (index) in
        var value = decimal(bytes, Int(starts[index]), Int(ends[index]))
        if column.form == .shortDecimal { for _ in Int(lengths[index])..<most { value *= 10 } }
        return value
      })
    if column.form == .decimalOfLength {
      column.digits = 0
      column.lengths = lengths
    }
    return column
  }

  private static func entries(_ bytes: [UInt8], _ starts: [UInt32], _ ends: [UInt32]) -> SlotColumn? {
    var interner = ByteInterner(slotCount: 256, arenaByteCount: 1 << 10)
    var codes: [UInt64] = []
    codes.reserveCapacity(starts.count)
    let source = unsafe bytes.span.bytes
    for index in starts.indices {
      codes.append(UInt64(interner.intern(source, Int(starts[index]), Int(ends[index] - starts[index]))))
      // Near-unique texts are noticed early.
      if interner.count > entryCountMax || (interner.count > 1024 && interner.count * 2 > codes.count) { return nil }
    }
    guard interner.count * 2 <= codes.count else { return nil }
    var column = SlotColumn(.entries)
    column.words = SlotWords(codes)
    for entry in 0..<interner.count { column.ends.append(UInt32(interner.bounds(entry).upperBound)) }
    interner.withArena { (arena) in
      unsafe arena.extracting(0..<Int(column.ends.last ?? 0)).withUnsafeBytes { unsafe column.text.append(contentsOf: $0) }
    }
    return column
  }

  private static func texts(_ bytes: [UInt8], _ starts: [UInt32], _ ends: [UInt32]) -> SlotColumn {
    var column = SlotColumn(.texts)
    column.ends.reserveCapacity(starts.count)
    for index in starts.indices {
      column.text.append(contentsOf: bytes[Int(starts[index])..<Int(ends[index])])
      column.ends.append(UInt32(column.text.count))
    }
    return column
  }

  /// Digits, points left out.
  private static func decimal(_ bytes: [UInt8], _ start: Int, _ end: Int) -> UInt64 {
    var value: UInt64 = 0
    for place in start..<end where bytes[place] != 0x2e { value = value &* 10 &+ UInt64(bytes[place] &- 0x30) }
    return value
  }

  private static func hex(_ bytes: [UInt8], _ start: Int, _ end: Int) -> UInt64 {
    var value: UInt64 = 0
    for place in start..<end {
      let byte = bytes[place]
      value = value &<< 4 | UInt64(byte < 0x3a ? byte &- 0x30 : byte &- 0x57)
    }
    return value
  }
}
