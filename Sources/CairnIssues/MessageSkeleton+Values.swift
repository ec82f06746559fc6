// SPDX-License-Identifier: Apache-2.0

// Each function answers where a value of its kind ends that starts at an index, or nil. None looks back further than one byte and none
// goes over a byte more than a fixed number of times, but for the unit of a long number, which the 512 characters bound.

func matchURL(_ text: borrowing [UInt8], _ index: Int) -> Int? {
  guard text[index] &- 97 < 26, index == 0 || !isWord(text[index - 1]) else { return nil }
  let scheme = text.run(index) { $0 &- 97 < 26 || isDigit($0) || $0 == 0x2B || $0 == 0x2E || $0 == 0x2D }
  guard text.has("://", at: scheme) else { return nil }
  let end = text.run(scheme + 3) { !isSpace($0) && $0 != 0x22 && $0 != 0x27 && $0 != 0x3C && $0 != 0x3E }
  return end > scheme + 3 ? end : nil
}

func matchUUID(_ text: borrowing [UInt8], _ index: Int) -> Int? {
  guard isHex(text[index]), index == 0 || !isWord(text[index - 1]) else { return nil }
  var end = index
  for (position, length) in [8, 4, 4, 4, 12].enumerated() {
    if position > 0, end < text.count, text[end] == 0x2D { end += 1 }
    guard end + length <= text.count else { return nil }
    for offset in end..<(end + length) where !isHex(text[offset]) { return nil }
    end += length
  }
  return end == text.count || !isWord(text[end]) ? end : nil
}

/// `2026-01-31`, with a time and a zone where they follow.
func matchDate(_ text: borrowing [UInt8], _ index: Int) -> Int? {
  guard fits(text, index, "dddd-dd-dd") else { return nil }
  var end = index + 10
  guard end < text.count, text[end] == 0x54 || text[end] == 0x20, fits(text, end + 1, "dd:dd") else { return end }
  end += 6
  if fits(text, end, ":dd") { end += 3 }
  if end + 1 < text.count, text[end] == 0x2E, isDigit(text[end + 1]) { end = text.run(end + 1, isDigit) }
  guard end < text.count else { return end }
  if text[end] == 0x5A { return end + 1 }
  guard text[end] == 0x2B || text[end] == 0x2D, fits(text, end + 1, "dd") else { return end }
  if fits(text, end + 3, ":dd") { return end + 6 }
  return fits(text, end + 3, "dd") ? end + 5 : end
}

/// True if the text from `index` has the form: `d` is a digit, anything else itself.
private func fits(_ text: borrowing [UInt8], _ index: Int, _ form: StaticString) -> Bool {
  guard index + form.utf8CodeUnitCount <= text.count else { return false }
  for offset in 0..<form.utf8CodeUnitCount {
    let wanted = unsafe form.utf8Start[offset]
    guard wanted == 0x64 ? isDigit(text[index + offset]) : text[index + offset] == wanted else { return false }
  }
  return true
}

/// Four numbers with dots between, and a port.
func matchAddress(_ text: borrowing [UInt8], _ index: Int) -> Int? {
  guard isDigit(text[index]), index == 0 || !isWord(text[index - 1]) else { return nil }
  var end = index
  for part in 0..<4 {
    if part > 0 {
      guard end < text.count, text[end] == 0x2E else { return nil }
      end += 1
    }
    let next = text.run(end, isDigit)
    guard (1...3).contains(next - end) else { return nil }
    end = next
  }
  if end + 1 < text.count, text[end] == 0x3A, isDigit(text[end + 1]) {
    let port = text.run(end + 1, isDigit)
    if port == text.count || !isWord(text[port]) { return port }
  }
  return end == text.count || !isWord(text[end]) ? end : nil
}

func matchPrefixedHex(_ text: borrowing [UInt8], _ index: Int) -> Int? {
  guard text[index] == 0x30, text.has("0x", at: index), index == 0 || !isWord(text[index - 1]) else { return nil }
  let end = text.run(index + 2, isHex)
  return end > index + 2 && (end == text.count || !isWord(text[end])) ? end : nil
}

func matchHex(_ text: borrowing [UInt8], _ index: Int) -> Int? {
  guard isLowerHex(text[index]), index == 0 || !isWord(text[index - 1]) else { return nil }
  let end = text.run(index, isLowerHex)
  guard end - index >= 7, end == text.count || !isWord(text[end]) else { return nil }
  for offset in index..<end where isDigit(text[offset]) { return end }
  return nil
}

/// Up to 200 characters between two quotes of a kind.
func matchQuoted(_ text: borrowing [UInt8], _ index: Int) -> Int? {
  let quote = text[index]
  guard quote == 0x22 || quote == 0x27 || quote == 0x60 else { return nil }
  var characterCount = 0
  var end = index + 1
  while end < text.count {
    if text[end] == quote { return end + 1 }
    if text[end] & 0xC0 != 0x80 { characterCount += 1 }
    if characterCount > 200 { return nil }
    end += 1
  }
  return nil
}

/// Two or more segments that each begin with a slash.
func matchPath(_ text: borrowing [UInt8], _ index: Int) -> Int? {
  var end = index
  var segments = 0
  while end < text.count, text[end] == 0x2F {
    let next = text.run(end + 1) { isWord($0) || $0 == 0x2E || $0 == 0x40 || $0 == 0x2D }
    if next == end + 1 { break }
    end = next
    segments += 1
  }
  return segments > 1 ? end : nil
}

/// A number with a unit of time or size.
func matchQuantity(_ text: borrowing [UInt8], _ index: Int) -> Int? {
  guard isDigit(text[index]) else { return nil }
  var end = text.run(index, isDigit)
  if end + 1 < text.count, text[end] == 0x2E, isDigit(text[end + 1]) { end = text.run(end + 1, isDigit) }
  if end < text.count, isSpace(text[end]) { end += 1 }
  guard end < text.count else { return nil }
  if text[end] == 0x25 { return end + 1 < text.count && isWord(text[end + 1]) ? end + 1 : nil }
  let unit = text.run(end) { ($0 | 0x20) &- 97 < 26 }
  guard (1...7).contains(unit - end), unit == text.count || !isWord(text[unit]) else { return nil }
  let lower = text[end..<unit].map { $0 | 0x20 }
  let units: [StaticString] = ["ms", "us", "ns", "s", "sec", "seconds", "kb", "mb", "gb"]
  return units.contains { lower.equals($0) } ? unit : nil
}

func matchNumber(_ text: borrowing [UInt8], _ index: Int) -> Int? {
  let isSigned = text[index] == 0x2D || text[index] == 0x2B
  let start = isSigned ? index + 1 : index
  guard start < text.count, isDigit(text[start]), isSigned || index == 0 || !isWord(text[index - 1]) else { return nil }
  let end = text.run(start, isDigit)
  if end + 1 < text.count, text[end] == 0x2E, isDigit(text[end + 1]) {
    let fraction = text.run(end + 1, isDigit)
    if fraction == text.count || !isWord(text[fraction]) { return fraction }
  }
  return end == text.count || !isWord(text[end]) ? end : nil
}

/// A whole word with a digit in it.
func matchIdentifier(_ text: borrowing [UInt8], _ index: Int) -> Int? {
  guard isWord(text[index]), index == 0 || !isWord(text[index - 1]) else { return nil }
  let end = text.run(index, isWord)
  for offset in index..<end where isDigit(text[offset]) { return end }
  return nil
}
