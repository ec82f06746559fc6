// SPDX-License-Identifier: Apache-2.0

/// A file of the tree with its text, and the same text with comments and the insides of strings blanked out.
struct SourceFile {
  /// Below the root, with `/` between.
  let path: String
  let text: String
  let lines: [Substring]
  /// As long as `text`, line by line: a rule that looks for code looks here.
  let codeLines: [Substring]
  private let code: [UInt8]

  init(path: String, text: String) {
    self.path = path
    self.text = text
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var blanker = CommentBlanker(Array(text.utf8), hasNestedComments: path.hasSuffix(".swift"), hasBacktickStrings: path.hasSuffix(".js"))
    code = blanker.run()
    codeLines = String(decoding: code, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
  }

  var name: String { String(path.split(separator: "/").last ?? "") }
  var isTest: Bool { path.hasPrefix("Tests/") || path.contains("/Tests/") }
  var fileExtension: String {
    guard let dot = name.lastIndex(of: ".") else { return "" }
    return String(name[name.index(after: dot)...])
  }
  /// The room: the folder below `Sources`, or "" where the file is elsewhere.
  var room: String {
    let parts = path.split(separator: "/")
    return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : ""
  }
  var lineCount: Int { text.hasSuffix("\n") ? lines.count - 1 : lines.count }

  /// A finding for each line of code in which `isWrong` holds.
  func findings(_ remedy: String, where isWrong: (Substring) -> Bool) -> [Finding] {
    codeLines.indices.filter { isWrong(codeLines[$0]) }.map { Finding(path: path, line: $0 + 1, remedy: remedy) }
  }
}

/// True if `word` stands in `line` with no letter, digit or underscore on either side.
func contains(_ line: Substring, word: String) -> Bool {
  let bytes = Array(line.utf8)
  let wanted = Array(word.utf8)
  guard bytes.count >= wanted.count else { return false }
  for start in 0...(bytes.count - wanted.count) where bytes[start..<start + wanted.count].elementsEqual(wanted) {
    let before = start == 0 ? nil : bytes[start - 1]
    let after = start + wanted.count == bytes.count ? nil : bytes[start + wanted.count]
    let isOpenBefore = wanted.first.map(isWordByte) != true || before.map(isWordByte) != true
    let isOpenAfter = wanted.last.map(isWordByte) != true || after.map(isWordByte) != true
    if isOpenBefore && isOpenAfter { return true }
  }
  return false
}

func isWordByte(_ byte: UInt8) -> Bool {
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A) || byte == 0x5F || byte >= 0x80
}
