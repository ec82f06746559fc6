// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// The parts of a number in decimal: `mantissa * 10 ^ exponent`, exact unless `isCut`.
private struct Decimal {
  var mantissa: UInt64 = 0
  var exponent = 0
  /// There were more digits than the mantissa holds.
  var isCut = false
  var isNegative = false
  var isInteger = true
}

extension JSONReader {
  /// The longest number that is read, in bytes: more digits than any double needs (767).
  static var numberByteCountMax: Int { 4096 }

  /// Reads the number at `offset`: `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`.
  mutating func readNumber(_ bytes: RawSpan) throws(DecodeError) -> JSONToken {
    let start = offset
    var decimal = Decimal()
    var position = start
    if loadByte(bytes, position) == 0x2d {
      decimal.isNegative = true
      position &+= 1
    }
    try readWhole(bytes, &position, &decimal)
    if position < bytes.byteCount, loadByte(bytes, position) == 0x2e {
      position &+= 1
      decimal.isInteger = false
      let before = position
      readDigits(bytes, &position, &decimal, exponentStep: -1)
      guard position > before else { throw digitsMissing(bytes, position) }
    }
    if position < bytes.byteCount, loadByte(bytes, position) | 0x20 == 0x65 {
      decimal.isInteger = false
      try readExponent(bytes, &position, &decimal)
    }
    guard position &- start <= Self.numberByteCountMax else { throw DecodeError(.value("a number is too long"), at: start) }
    offset = position
    if decimal.isInteger, !decimal.isCut, let token = Self.integer(decimal) { return token }
    return .double(try Self.double(decimal, bytes, start..<position))
  }

  private func readWhole(_ bytes: RawSpan, _ position: inout Int, _ decimal: inout Decimal) throws(DecodeError) {
    let before = position
    guard position < bytes.byteCount else { throw DecodeError(.truncated, at: position) }
    if loadByte(bytes, position) == 0x30 {
      position &+= 1
      if position < bytes.byteCount, loadByte(bytes, position) &- 0x30 < 10 {
        throw DecodeError(.syntax(expected: "a number without leading zeros"), at: before)
      }
      return
    }
    readDigits(bytes, &position, &decimal, exponentStep: 0)
    guard position > before else { throw digitsMissing(bytes, position) }
  }

  /// Takes digits into the mantissa; those that do not fit only count for the exponent.
  @inline(__always)
  private func readDigits(_ bytes: RawSpan, _ position: inout Int, _ decimal: inout Decimal, exponentStep: Int) {
    let end = bytes.byteCount
    while position < end {
      let digit = loadByte(bytes, position) &- 0x30
      guard digit < 10 else { return }
      position &+= 1
      // Up to this bound ten times the mantissa and a digit fit.
      if decimal.mantissa <= 1_844_674_407_370_955_160, !decimal.isCut {
        decimal.mantissa = decimal.mantissa &* 10 &+ UInt64(digit)
        decimal.exponent &+= exponentStep
      } else if decimal.mantissa == 1_844_674_407_370_955_161, digit <= 5, !decimal.isCut {
        decimal.mantissa = decimal.mantissa &* 10 &+ UInt64(digit)
        decimal.exponent &+= exponentStep
      } else {
        decimal.isCut = true
        decimal.exponent &+= exponentStep &+ 1
      }
    }
  }

  private func readExponent(_ bytes: RawSpan, _ position: inout Int, _ decimal: inout Decimal) throws(DecodeError) {
    position &+= 1
    guard position < bytes.byteCount else { throw DecodeError(.truncated, at: position) }
    var sign = 1
    let byte = loadByte(bytes, position)
    if byte == 0x2b || byte == 0x2d {
      sign = byte == 0x2d ? -1 : 1
      position &+= 1
    }
    let before = position
    var exponent = 0
    while position < bytes.byteCount {
      let digit = loadByte(bytes, position) &- 0x30
      guard digit < 10 else { break }
      // Beyond any double; more digits change nothing.
      if exponent < 1_000_000 { exponent = exponent &* 10 &+ Int(digit) }
      position &+= 1
    }
    guard position > before else { throw digitsMissing(bytes, position) }
    decimal.exponent &+= sign &* exponent
  }

  private static func integer(_ decimal: Decimal) -> JSONToken? {
    if !decimal.isNegative {
      if let value = Int64(exactly: decimal.mantissa) { return .integer(value) }
      return .unsigned(decimal.mantissa)
    }
    guard decimal.mantissa <= 1 << 63 else { return nil }
    return .integer(Int64(truncatingIfNeeded: 0 &- decimal.mantissa))
  }

  /// Exact where mantissa and power of ten are both exact doubles (one rounding); otherwise by the standard library.
  private static func double(_ decimal: Decimal, _ bytes: RawSpan, _ range: Range<Int>) throws(DecodeError) -> Double {
    let magnitude: Double
    if !decimal.isCut, decimal.mantissa <= 1 << 53, decimal.exponent >= -22, decimal.exponent <= 22 {
      let exact = Double(decimal.mantissa)
      magnitude = decimal.exponent < 0 ? exact / powersOfTen[-decimal.exponent] : exact * powersOfTen[decimal.exponent]
    } else if decimal.mantissa == 0 {
      magnitude = 0
    } else {
      magnitude = slowDouble(bytes.extracting(range)).magnitude
    }
    guard magnitude.isFinite else { throw DecodeError(.value("a number is beyond the range of a double"), at: range.lowerBound) }
    return decimal.isNegative ? -magnitude : magnitude
  }

  @inline(never)
  private static func slowDouble(_ bytes: RawSpan) -> Double {
    let text = unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    return Double(text) ?? .infinity
  }

  private func digitsMissing(_ bytes: RawSpan, _ position: Int) -> DecodeError {
    DecodeError(position < bytes.byteCount ? .syntax(expected: "a digit") : .truncated, at: position)
  }
}

/// The powers of ten that a double holds exactly.
let powersOfTen: [Double] = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
]
