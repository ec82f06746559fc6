// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// The text with its `%XX` decoded; nil where an escape is broken or the bytes are not UTF-8.
public func percentDecoded(_ text: some StringProtocol) -> String? {
  guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
  var bytes: [UInt8] = []
  var source = text.utf8.makeIterator()
  while let byte = source.next() {
    guard byte == UInt8(ascii: "%") else {
      bytes.append(byte)
      continue
    }
    guard let first = source.next().flatMap(hexNibble), let second = source.next().flatMap(hexNibble) else { return nil }
    bytes.append(first << 4 | second)
  }
  return String(validating: bytes, as: UTF8.self)
}

/// The text with everything but letters, digits and `-._~` as `%XX` (RFC 3986), and but slashes where those are kept.
public func percentEncoded(_ text: String, keepsSlash: Bool = false) -> String {
  var bytes: [UInt8] = []
  let digits = Array("0123456789ABCDEF".utf8)
  for byte in text.utf8 {
    switch byte {
    case 48...57, 65...90, 97...122, 45, 46, 95, 126: bytes.append(byte)
    case UInt8(ascii: "/") where keepsSlash: bytes.append(byte)
    default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }
  return String(decoding: bytes, as: UTF8.self)
}
