// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// Which bytes the values of a column of slots may have, and how many.
struct SlotAlphabet {
  private var has = [Bool](repeating: false, count: 256)
  private var byteCountMax = Int.max
  private var byteCountMin = 1

  init(_ column: SlotColumn) {
    switch column.form {
    case .integer, .padded: add(0x30...0x39)
    case .hex, .longHex, .hexOfLength:
      add(0x30...0x39)
      add(0x61...0x66)
    case .decimal, .shortDecimal, .decimalOfLength:
      add(0x30...0x39)
      add(0x2e...0x2e)
    case .entries, .texts: for byte in column.text { has[Int(byte)] = true }
    }
    switch column.form {
    case .padded, .hex, .longHex: (byteCountMin, byteCountMax) = (column.digits, column.digits)
    case .entries, .texts: break
    default: byteCountMax = column.valueByteCountMax ?? Int.max
    }
  }

  private mutating func add(_ bytes: ClosedRange<UInt8>) { for byte in bytes { has[Int(byte)] = true } }

  func mayHave(_ text: ArraySlice<UInt8>, _ part: SlotTest.Part) -> Bool {
    guard text.count <= byteCountMax, part != .whole || text.count >= byteCountMin else { return false }
    return text.allSatisfy { has[Int($0)] }
  }
}

/// A test of a column's values made ready: the work per text is done.
struct ReadySlotTest {
  private enum Form {
    case never
    case equal(UInt64)
    /// Of the last 16 hexadecimal digits, or of up to 32: some digits of the value, at one of these shifts.
    case digits(UInt64, mask: UInt64, shifts: ClosedRange<UInt64>)
    case longDigits(UInt128, mask: UInt128, shifts: ClosedRange<UInt64>)
    /// By entry, or by value of a column of texts.
    case entries([Bool])
    case texts([Bool])
    case shown(SlotTest.Part, [UInt8])
  }
  private let form: Form

  init(_ test: SlotTest, _ column: SlotColumn) {
    form =
      switch column.form {
      case .integer where test.part == .whole: Self.number(test.text)
      case .hex, .longHex: Self.hex(test, column.digits)
      case .entries: Self.table(test, column).map { .entries($0) } ?? .never
      case .texts: Self.table(test, column).map { .texts($0) } ?? .never
      default: .shown(test.part, test.text)
      }
  }

  private static func number(_ text: [UInt8]) -> Form {
    guard text.count <= 19, text.count == 1 || text.first != 0x30, let value = UInt64(String(decoding: text, as: UTF8.self)) else {
      return .never
    }
    return .equal(value)
  }

  private static func hex(_ test: SlotTest, _ digitCount: Int) -> Form {
    let count = test.text.count
    var value: UInt128 = 0
    for digit in test.text {
      guard let nibble = hexNibble(digit) else { return .never }
      value = value << 4 | UInt128(nibble)
    }
    guard count <= digitCount else { return .never }
    let most = UInt64(digitCount - count)
    let places: ClosedRange<UInt64> =
      switch test.part {
      case .whole: 0...0
      case .start: most...most
      case .end: 0...0
      case .inside: 0...most
      }
    if digitCount > 16 { return .longDigits(value, mask: count == 32 ? .max : 1 << UInt128(count * 4) - 1, shifts: places) }
    return .digits(UInt64(truncatingIfNeeded: value), mask: count == 16 ? .max : 1 << UInt64(count * 4) - 1, shifts: places)
  }

  /// Which of a column's texts pass; nil where none does.
  private static func table(_ test: SlotTest, _ column: SlotColumn) -> [Bool]? {
    var passes = [Bool](repeating: false, count: column.ends.count)
    var isAny = false
    if test.part == .inside {
      var entry = 0
      var position = 0
      while let hit = findBytes(test.text, in: column.text, from: position) {
        while Int(column.ends[entry]) <= hit { entry += 1 }
        let end = Int(column.ends[entry])
        let isWithin = hit + test.text.count <= end
        if isWithin { passes[entry] = true }
        isAny = isAny || isWithin
        position = isWithin ? end : hit + 1
      }
    } else {
      for entry in column.ends.indices where matches(column.text[ValueDictionary.range(column.ends, entry)], test.part, test.text) {
        passes[entry] = true
        isAny = true
      }
    }
    return isAny ? passes : nil
  }

  private static func matches(_ value: ArraySlice<UInt8>, _ part: SlotTest.Part, _ text: [UInt8]) -> Bool {
    guard value.count >= text.count else { return false }
    return switch part {
    case .whole: value.elementsEqual(text)
    case .start: value.starts(with: text)
    case .end: value.suffix(text.count).elementsEqual(text)
    case .inside: (0...value.count - text.count).contains { value.dropFirst($0).starts(with: text) }
    }
  }

  func passes(_ index: Int, _ column: SlotColumn, _ scratch: inout [UInt8]) -> Bool {
    switch form {
    case .never: return false
    case .equal(let wanted): return column.words[index] == wanted
    case .digits(let wanted, let mask, let shifts):
      let value = column.words[index]
      return shifts.contains { value &>> ($0 &* 4) & mask == wanted }
    case .longDigits(let wanted, let mask, let shifts):
      let value = UInt128(column.high[index]) << 64 | UInt128(column.words[index])
      return shifts.contains { value &>> UInt128($0 &* 4) & mask == wanted }
    case .entries(let table): return table[Int(column.words[index])]
    case .texts(let table): return table[index]
    case .shown(let part, let text):
      scratch.removeAll(keepingCapacity: true)
      column.append(index, to: &scratch)
      return Self.matches(scratch[...], part, text)
    }
  }

  /// For each value of the column, 1 where it passes.
  func flags(_ column: SlotColumn) -> [UInt8] {
    switch (form, column.words) {
    case (.never, _): return []
    case (.texts(let table), _): return table.map { $0 ? 1 : 0 }
    case (.longDigits, _): return each(column)
    case (_, .bytes(let list)) where column.lengths.isEmpty: return memoized(list, 1 << 8, column)
    case (_, .shorts(let list)) where column.lengths.isEmpty: return memoized(list, 1 << 16, column)
    case (.equal(let wanted), .words(let list)): return list.map { UInt64($0) == wanted ? 1 : 0 }
    case (.equal(let wanted), .longs(let list)): return list.map { $0 == wanted ? 1 : 0 }
    case (.digits(let wanted, let mask, let shifts), .longs(let list)) where shifts.count == 1:
      let shift = shifts.lowerBound &* 4
      return list.map { $0 &>> shift & mask == wanted ? 1 : 0 }
    default: return each(column)
    }
  }

  private func each(_ column: SlotColumn) -> [UInt8] {
    var scratch: [UInt8] = []
    return (0..<column.count).map { passes($0, column, &scratch) ? 1 : 0 }
  }

  /// Equal words pass alike: each is looked at once.
  private func memoized<Word: FixedWidthInteger & UnsignedInteger>(_ list: [Word], _ count: Int, _ column: SlotColumn) -> [UInt8] {
    var known = [UInt8](repeating: 2, count: count)
    var scratch: [UInt8] = []
    var flags = [UInt8](repeating: 0, count: list.count)
    for index in list.indices {
      let word = Int(list[index])
      if known[word] == 2 { known[word] = passes(index, column, &scratch) ? 1 : 0 }
      flags[index] = known[word]
    }
    return flags
  }
}

/// What the values of a column answer to a test: of all of them, or of those that are asked.
struct SlotAnswers {
  private let test: ReadySlotTest
  private let flags: [UInt8]
  private let isAsked: Bool
  private var scratch: [UInt8] = []
  /// Some value passes; not known of tests that are asked.
  let isAny: Bool

  init(_ test: SlotTest, _ column: SlotColumn, isAsked: Bool) {
    self.test = ReadySlotTest(test, column)
    self.isAsked = isAsked
    flags = isAsked ? [] : self.test.flags(column)
    isAny = flags.contains(1)
  }

  /// Some of these values passes.
  func contains(_ values: Range<Int>) -> Bool {
    for value in values where flags[value] != 0 { return true }
    return false
  }

  mutating func passes(_ value: Int, _ column: SlotColumn) -> Bool {
    if !isAsked { return !flags.isEmpty && flags[value] != 0 }
    return test.passes(value, column, &scratch)
  }
}
