// SPDX-License-Identifier: Apache-2.0
import CairnBytes

/// The parameters behind a path's `?`, decoded; of repeated names the first counts.
struct QueryString: Sendable {
  private let values: [String: String]

  init(_ text: String) {
    var values: [String: String] = [:]
    for part in text.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = percentDecoded(plusDecoded(pair[0])), values[name] == nil else { continue }
      values[name] = pair.count == 2 ? percentDecoded(plusDecoded(pair[1])) : ""
    }
    self.values = values
  }

  /// The value, or nil where the parameter is absent or empty.
  subscript(_ name: String) -> String? {
    guard let value = values[name], !value.isEmpty else { return nil }
    return value
  }
}

/// `+` as a space, as forms write it.
private func plusDecoded(_ text: Substring) -> String {
  text.contains("+") ? String(text.map { $0 == "+" ? " " : $0 }) : String(text)
}

/// The text with its `%XX` decoded; nil where an escape is broken or the bytes are not UTF-8.
func percentDecoded(_ text: String) -> String? {
  guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
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

/// The text with everything but letters, digits and `-._~` as `%XX`.
func percentEncoded(_ text: String) -> String {
  var bytes: [UInt8] = []
  let digits = Array("0123456789ABCDEF".utf8)
  for byte in text.utf8 {
    switch byte {
    case 48...57, 65...90, 97...122, 45, 46, 95, 126: bytes.append(byte)
    default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }
  return String(decoding: bytes, as: UTF8.self)
}
