// SPDX-License-Identifier: Apache-2.0

/// Licence, leftovers, paths of one machine, large files, and the words above what others call.
enum TextRules {
  static let blobBytesMax = 200_000
  private static let licence = "SPDX-License-Identifier: Apache-2.0"
  private static let licensed: Set<String> = ["swift", "c", "cpp", "h"]
  // In two parts each: this file is read, too.
  private static let leftovers = ["FIX" + "ME", "TO" + "DO", "XX" + "X:", "HA" + "CK:", "not imple" + "mented"]
  private static let machine = ["/wo" + "rk/", "/fa" + "rm/", "/ro" + "ot/", "/Us" + "ers/"]

  static func licenceLine(_ file: SourceFile) -> [Finding] {
    guard licensed.contains(file.fileExtension), file.name != "shim.h", file.lines.prefix(2).allSatisfy({ !$0.contains(licence) }), file.name != "Package.swift" else { return [] }
    return [Finding(path: file.path, line: 1, remedy: "begin with '// \(licence)'")]
  }

  static func leftover(_ file: SourceFile) -> [Finding] {
    file.lines.indices.flatMap { index in
      leftovers.filter { contains(file.lines[index], word: $0) }.map { word in
        Finding(path: file.path, line: index + 1, remedy: "'\(word)': do it, or write an issue")
      }
    }
  }

  static func machinePath(_ file: SourceFile) -> [Finding] {
    file.lines.indices.compactMap { index in
      let line = file.lines[index]
      guard machine.contains(where: { hasPath($0, in: line) }) else { return nil }
      return Finding(path: file.path, line: index + 1, remedy: "a path of one machine")
    }
  }

  /// True where the path starts a word, and is not the end of a longer one.
  private static func hasPath(_ path: String, in line: Substring) -> Bool {
    guard let range = line.firstRange(of: path) else { return false }
    guard range.lowerBound > line.startIndex else { return true }
    let before = line[line.index(before: range.lowerBound)]
    return !(before.isLetter || before.isNumber || before == "." || before == "}" || before == "*")
  }

  static func blob(_ entry: (path: String, byteCount: Int)) -> [Finding] {
    guard entry.byteCount > blobBytesMax, !entry.path.contains("Fixtures/") else { return [] }
    return [Finding(path: entry.path, line: 0, remedy: "\(entry.byteCount) bytes; at most \(blobBytesMax) outside Fixtures")]
  }

  /// Public types and free functions need a comment that says what they are for; members speak for themselves or carry their own.
  static func undocumented(_ file: SourceFile) -> [Finding] {
    file.codeLines.indices.compactMap { index in
      let words = file.codeLines[index].split(separator: " ", omittingEmptySubsequences: false).filter { !$0.hasPrefix("@") }
      guard words.first == "public", words.contains(where: { kinds.contains($0) }), !isDocumented(file, above: index) else { return nil }
      return Finding(path: file.path, line: index + 1, remedy: "public without a word on what it is for: '///' above it")
    }
  }

  private static let kinds: Set<Substring> = ["struct", "enum", "class", "actor", "protocol", "func"]

  /// A `///` above, or above the attributes that stand between.
  private static func isDocumented(_ file: SourceFile, above index: Int) -> Bool {
    var line = index - 1
    while line >= 0, trim(file.lines[line]).hasPrefix("@") { line -= 1 }
    return line >= 0 && trim(file.lines[line]).hasPrefix("///")
  }
}
