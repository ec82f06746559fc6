// SPDX-License-Identifier: Apache-2.0

// A message without what differs from one occurrence to the next. Values that the logger named are taken out first, then what looks like
// a value, in this order: e-mail, URL, UUID, date, IP address, 0x…, hex of 7 and more digits with a decimal one, quoted text, path,
// quantity with a unit, number, any other word with a digit.

/// The message's first two lines that are not blank, at most 512 characters, with a placeholder for each value.
func messageSkeleton(_ message: [UInt8], arguments: [[UInt8]] = []) -> [UInt8] {
  var text = message.count > messageByteCountMax ? Array(message[..<messageByteCountMax]) : message
  for argument in arguments.sorted(by: { $0.count > $1.count }) where !argument.isEmpty { text = replacingArgument(argument, in: text) }
  text = firstLines(text)
  if text.contains(0x40) { text = replacingEmails(text) }
  if text.contains(0x3A) { text = text.replacing(with: "<url>", matchURL) }
  let hasDigits = text.contains(where: isDigit)
  text = text.replacing(with: "<uuid>", matchUUID)
  if hasDigits { text = text.replacing(with: "<date>", matchDate).replacing(with: "<ip>", matchAddress) }
  if hasDigits { text = text.replacing(with: "<hex>", matchPrefixedHex).replacing(with: "<hex>", matchHex) }
  text = text.replacing(with: "<str>", matchQuoted)
  if text.contains(0x2F) { text = text.replacing(with: "<path>", matchPath) }
  if hasDigits {
    text = text.replacing(with: "<qty>", matchQuantity).replacing(with: "<n>", matchNumber).replacing(with: "<id>", matchIdentifier)
  }
  return collapsingSpace(text)
}

/// Beyond this a message is not looked at: two lines of it count.
private let messageByteCountMax = 16_384
private let lineCharacterCountMax = 512

private func replacingArgument(_ argument: [UInt8], in text: [UInt8]) -> [UInt8] {
  text.replacing(with: "<arg>") { (text, index) in
    let end = index + argument.count
    guard end <= text.count, text[index] == argument[0], text[index..<end].elementsEqual(argument) else { return nil }
    if index > 0, isWord(text[index - 1]) { return nil }
    return end < text.count && isWord(text[end]) ? nil : end
  }
}

/// The first two lines with something in them, cut to so many characters.
private func firstLines(_ text: [UInt8]) -> [UInt8] {
  var result: [UInt8] = []
  var lineCount = 0
  var start = 0
  while start < text.count, lineCount < 2 {
    let end = text.run(start) { !(10...13).contains($0) && !(28...30).contains($0) }
    if !text[start..<end].allSatisfy(isSpace) {
      if lineCount > 0 { result.append(10) }
      result.append(contentsOf: text[start..<end])
      lineCount += 1
    }
    start = end + 1
  }
  guard result.count > lineCharacterCountMax else { return result }
  var characterCount = 0
  for index in result.indices where result[index] & 0xC0 != 0x80 {
    characterCount += 1
    if characterCount > lineCharacterCountMax { return Array(result[..<index]) }
  }
  return result
}

private func replacingEmails(_ text: [UInt8]) -> [UInt8] {
  var result: [UInt8] = []
  var index = 0
  while index < text.count {
    let end = text.run(index) { isWord($0) || $0 == 0x2E || $0 == 0x2B || $0 == 0x2D }
    if end > index, end < text.count, text[end] == 0x40, let domain = matchDomain(text, end + 1) {
      result.append("<email>")
      index = domain
    } else {
      let next = max(end, index + 1)
      result.append(contentsOf: text[index..<next])
      index = next
    }
  }
  return result
}

private func matchDomain(_ text: [UInt8], _ start: Int) -> Int? {
  let isLabel = { (byte: UInt8) in isWord(byte) || byte == 0x2D }
  var end = text.run(start, isLabel)
  guard end > start else { return nil }
  var labels = 1
  while end < text.count, text[end] == 0x2E {
    let next = text.run(end + 1, isLabel)
    if next == end + 1 { break }
    end = next
    labels += 1
  }
  return labels > 1 ? end : nil
}

private func collapsingSpace(_ text: [UInt8]) -> [UInt8] {
  var result: [UInt8] = []
  result.reserveCapacity(text.count)
  for byte in text {
    if !isSpace(byte) { result.append(byte) } else if let last = result.last, last != 0x20 { result.append(0x20) }
  }
  if result.last == 0x20 { result.removeLast() }
  return result
}
