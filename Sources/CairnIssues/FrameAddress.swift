// SPDX-License-Identifier: Apache-2.0

// Addresses, which are others in every build. What stands before one may stay.
//
//   module+0x1a2b    symbol + 12    symbol + 0x1c       module, symbol
//   0x00007f12a4b0   [0x55d5c6]   <0x10f2>              nothing

/// A name without the offset at its end; nil where it has none.
func withoutOffset(_ name: [UInt8]) -> [UInt8]? {
  guard let last = name.last, isHex(last), let plus = name.lastIndex(of: 0x2B), plus > 0 else { return nil }
  let isSpaced = name[plus - 1] == 0x20
  let start = name.run(plus + 1) { $0 == 0x20 }
  let isHexadecimal = name.has("0x", at: start) && start + 2 < name.count
  guard isHexadecimal ? name.run(start + 2, isHex) == name.count : isSpaced && name.run(start, isDigit) == name.count else { return nil }
  return Array(name[..<(isSpaced ? plus - 1 : plus)])
}

/// True for a name that is an address alone.
func isAddress(_ name: [UInt8]) -> Bool {
  var digits = name[...]
  if let first = digits.first, let last = digits.last, digits.count > 2, (first == 0x5B && last == 0x5D) || (first == 0x3C && last == 0x3E) {
    digits = digits.dropFirst().dropLast()
  }
  guard digits.count > 2, digits.starts(with: [0x30, 0x78]) else { return false }
  return digits.dropFirst(2).allSatisfy(isHex)
}
