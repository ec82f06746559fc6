// SPDX-License-Identifier: Apache-2.0

/// Whole numbers in the narrowest array that holds all of them.
public enum SlotWords: Sendable, Equatable {
  case bytes([UInt8])
  case shorts([UInt16])
  case words([UInt32])
  case longs([UInt64])

  public init(_ values: [UInt64]) {
    let most = values.reduce(0) { $0 | $1 }
    if most < 1 << 8 {
      self = .bytes(values.map { UInt8($0) })
    } else if most < 1 << 16 {
      self = .shorts(values.map { UInt16($0) })
    } else if most < 1 << 32 {
      self = .words(values.map { UInt32($0) })
    } else {
      self = .longs(values)
    }
  }

  public var count: Int {
    switch self {
    case .bytes(let values): values.count
    case .shorts(let values): values.count
    case .words(let values): values.count
    case .longs(let values): values.count
    }
  }

  @inlinable public subscript(index: Int) -> UInt64 {
    switch self {
    case .bytes(let values): UInt64(values[index])
    case .shorts(let values): UInt64(values[index])
    case .words(let values): UInt64(values[index])
    case .longs(let values): values[index]
    }
  }

  public var values: [UInt64] {
    switch self {
    case .bytes(let values): values.map { UInt64($0) }
    case .shorts(let values): values.map { UInt64($0) }
    case .words(let values): values.map { UInt64($0) }
    case .longs(let values): values
    }
  }

  var byteCount: Int {
    switch self {
    case .bytes(let values): values.count
    case .shorts(let values): values.count * 2
    case .words(let values): values.count * 4
    case .longs(let values): values.count * 8
    }
  }
}

/// The values of one slot of templates (`TemplatedText`), in the order of the lines and, within a line, of its slots.
///
/// The form is the narrowest that gives every value back byte by byte. Immutable.
public struct SlotColumn: Sendable, Equatable {
  public enum Form: UInt8, Sendable, CaseIterable {
    /// A whole number without leading zeros.
    case integer = 0
    /// A whole number of `digits` digits.
    case padded
    /// `digits` hexadecimal digits, at most 16.
    case hex
    /// `digits` hexadecimal digits, 17 to 32: `words` are the last 16, `high` those before.
    case longHex
    /// Hexadecimal digits, at most 16, as many as `lengths` says.
    case hexOfLength
    /// A decimal of `digits` digits behind the point, as a whole number.
    case decimal
    /// The same without zeros at its end, but for one directly behind the point.
    case shortDecimal
    /// A decimal of as many digits behind the point as `lengths` says.
    case decimalOfLength
    /// `words` are indices of texts.
    case entries
    /// Texts that hardly repeat.
    case texts
  }

  public var form: Form
  public var digits = 0
  public var words = SlotWords.bytes([])
  public var high: [UInt64] = []
  public var lengths: [UInt8] = []
  public var text: [UInt8] = []
  public var ends: [UInt32] = []

  public init(_ form: Form, digits: Int = 0) {
    self.form = form
    self.digits = digits
  }

  /// The number of values.
  public var count: Int { form == .texts ? ends.count : words.count }

  /// About how many bytes of memory are held.
  public var byteCount: Int { words.byteCount + high.count * 8 + lengths.count + text.count + ends.count * 4 }

  /// The most bytes that a value has; nil where values tell.
  public var valueByteCountMax: Int? {
    switch form {
    case .padded, .hex, .longHex: digits
    case .integer: 20
    case .hexOfLength: 16
    case .decimal, .shortDecimal, .decimalOfLength: 28
    case .entries, .texts: nil
    }
  }

  /// At least as many bytes as all values have together.
  var plainByteCountMax: Int {
    switch form {
    case .texts: text.count
    case .entries: (0..<words.count).reduce(0) { $0 + range(Int(words[$1])).count }
    default: count * (valueByteCountMax ?? 0)
    }
  }

  /// Whether the fields belong together: what a reader of files must know before it shows a value.
  public var isSound: Bool {
    func areTextsSound() -> Bool {
      var last: UInt32 = 0
      for end in ends {
        if end < last { return false }
        last = end
      }
      return Int(last) == text.count
    }
    switch form {
    case .integer: return true
    case .padded: return (1...20).contains(digits)
    case .hex: return (1...16).contains(digits)
    case .longHex: return (17...32).contains(digits) && high.count == words.count
    case .hexOfLength: return lengths.count == words.count && lengths.allSatisfy { (1...16).contains($0) }
    case .decimal, .shortDecimal: return (1...6).contains(digits)
    case .decimalOfLength: return lengths.count == words.count && lengths.allSatisfy { (1...6).contains($0) }
    case .entries: return areTextsSound() && (0..<words.count).allSatisfy { words[$0] < UInt64(ends.count) }
    case .texts: return areTextsSound()
    }
  }

  /// Appends a value as it stood in its line.
  public func append(_ index: Int, to out: inout [UInt8]) {
    switch form {
    case .integer: Self.append(decimal: words[index], atLeast: 1, to: &out)
    case .padded: Self.append(decimal: words[index], atLeast: digits, to: &out)
    case .hex: Self.append(hex: words[index], digits, to: &out)
    case .longHex:
      Self.append(hex: high[index], digits - 16, to: &out)
      Self.append(hex: words[index], 16, to: &out)
    case .hexOfLength: Self.append(hex: words[index], Int(lengths[index]), to: &out)
    case .decimal: Self.append(fraction: words[index], digits, to: &out)
    case .shortDecimal:
      let start = out.count
      Self.append(fraction: words[index], digits, to: &out)
      let least = out.count - digits + 1
      while out.count > max(least, start), out[out.count - 1] == 0x30 { out.removeLast() }
    case .decimalOfLength: Self.append(fraction: words[index], Int(lengths[index]), to: &out)
    case .entries: out.append(contentsOf: text[range(Int(words[index]))])
    case .texts: out.append(contentsOf: text[range(index)])
    }
  }

  private func range(_ index: Int) -> Range<Int> { ValueDictionary.range(ends, index) }

  private static func append(decimal value: UInt64, atLeast digitCount: Int, to out: inout [UInt8]) {
    var digits = InlineArray<20, UInt8>(repeating: 0x30)
    var rest = value
    var place = 20
    repeat {
      place &-= 1
      let quotient = rest / 10
      digits[place] = 0x30 &+ UInt8(truncatingIfNeeded: rest &- quotient &* 10)
      rest = quotient
    } while rest != 0
    for index in min(place, 20 - digitCount)..<20 { out.append(digits[index]) }
  }

  private static func append(hex value: UInt64, _ digitCount: Int, to out: inout [UInt8]) {
    var shift = UInt64(digitCount &* 4)
    while shift > 0 {
      shift &-= 4
      let nibble = UInt8(truncatingIfNeeded: value &>> shift) & 15
      out.append(nibble < 10 ? 0x30 &+ nibble : 0x57 &+ nibble)
    }
  }

  private static func append(fraction value: UInt64, _ digitCount: Int, to out: inout [UInt8]) {
    append(decimal: value, atLeast: digitCount + 1, to: &out)
    out.append(0x2e)
    // The point goes in front of the last digits.
    for place in 0..<digitCount { out.swapAt(out.count - 1 - place, out.count - 2 - place) }
  }
}
