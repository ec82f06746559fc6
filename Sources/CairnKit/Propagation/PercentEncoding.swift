// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// The text with `%XX` decoded; nil where an escape is broken or the bytes are not UTF-8.
func percentDecoded(_ text: Substring) -> String? {
  var bytes: [UInt8] = []
  var source = text.utf8.makeIterator()
  while let byte = source.next() {
    guard byte == 0x25 else {
      bytes.append(byte)
      continue
    }
    guard let first = source.next().flatMap(hexNibble), let second = source.next().flatMap(hexNibble) else { return nil }
    bytes.append(first << 4 | second)
  }
  return String(validating: bytes, as: UTF8.self)
}

/// The text with all but letters, digits and `-._~` as `%XX` (RFC 3986).
func percentEncoded(_ text: String, keepingSlash: Bool = false) -> String {
  let digits = Array("0123456789ABCDEF".utf8)
  var bytes: [UInt8] = []
  for byte in text.utf8 {
    switch byte {
    case 48...57, 65...90, 97...122, 45, 46, 95, 126: bytes.append(byte)
    case 0x2f where keepingSlash: bytes.append(byte)
    default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }
  return String(decoding: bytes, as: UTF8.self)
}
