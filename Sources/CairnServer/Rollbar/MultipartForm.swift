// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// The parts of a `multipart/form-data` body (RFC 7578), at most `partCountMax`.
struct MultipartForm: Sendable {
  struct Part: Sendable {
    var name: String
    var bytes: [UInt8]
  }
  static let partCountMax = 1_000
  private(set) var parts: [Part] = []

  /// nil where the body is none.
  init?(contentType: String, body: ByteBuffer) {
    guard contentType.lowercased().hasPrefix("multipart/form-data"), let mark = contentType.firstRange(of: "boundary=") else { return nil }
    let boundary = contentType[mark.upperBound...].prefix { $0 != ";" }.filter { $0 != "\"" && $0 != " " }
    guard (1...100).contains(boundary.utf8.count) else { return nil }
    let bytes = Array(body.readableBytesView)[...]
    let delimiter = Array("--\(boundary)".utf8)
    var starts: [Int] = []
    var index = 0
    while let found = Self.find(delimiter, in: bytes, from: index) {
      starts.append(found)
      index = found + delimiter.count
      guard starts.count <= Self.partCountMax else { return nil }
    }
    guard starts.count > 1 else { return nil }
    for (start, end) in zip(starts, starts.dropFirst()) {
      guard let part = Self.part(bytes[(start + delimiter.count)..<end]) else { return nil }
      parts.append(part)
    }
  }

  /// What stands between two delimiters: CRLF, fields, an empty line, the content, CRLF.
  private static func part(_ bytes: ArraySlice<UInt8>) -> Part? {
    guard let head = find([13, 10, 13, 10], in: bytes, from: bytes.startIndex), bytes.count >= 6 else { return nil }
    let fields = String(decoding: bytes[bytes.startIndex..<head], as: UTF8.self)
    var content = bytes[(head + 4)...]
    if content.suffix(2).elementsEqual([13, 10]) { content = content.dropLast(2) }
    for line in fields.split(whereSeparator: \.isNewline) where line.lowercased().hasPrefix("content-disposition:") {
      for word in line.split(separator: ";").map({ trimmed(String($0)) }) where word.hasPrefix("name=") {
        return Part(name: word.dropFirst(5).filter { $0 != "\"" }, bytes: Array(content))
      }
    }
    return nil
  }

  private static func find(_ word: [UInt8], in bytes: ArraySlice<UInt8>, from start: Int) -> Int? {
    guard let head = word.first else { return nil }
    var index = start
    while index + word.count <= bytes.endIndex {
      guard let found = bytes[index...].firstIndex(of: head), found + word.count <= bytes.endIndex else { return nil }
      if bytes[found..<(found + word.count)].elementsEqual(word) { return found }
      index = found + 1
    }
    return nil
  }

  /// The text of a field; nil where there is none.
  subscript(_ name: String) -> String? { parts.first { $0.name == name }.map { String(decoding: $0.bytes, as: UTF8.self) } }
}
