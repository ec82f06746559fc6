// SPDX-License-Identifier: Apache-2.0

/// Files and functions fit into a head: 400 lines (tests 600) and 60 lines.
enum LengthRules {
  static let fileLinesMax = 400
  static let testLinesMax = 600
  static let functionLinesMax = 60

  static func file(_ file: SourceFile) -> [Finding] {
    let limit = file.isTest ? testLinesMax : fileLinesMax
    guard file.lineCount > limit else { return [] }
    return [Finding(path: file.path, line: 0, remedy: "\(file.lineCount) lines; at most \(limit): split it by what it does")]
  }

  static func functions(_ file: SourceFile) -> [Finding] {
    let lines = file.codeLines
    return lines.indices.compactMap { index in
      guard declaresFunction(lines[index]), let end = lastLine(of: lines, from: index) else { return nil }
      let count = end - index + 1
      guard count > functionLinesMax else { return nil }
      return Finding(path: file.path, line: index + 1, remedy: "a function of \(count) lines; at most \(functionLinesMax): give its parts names")
    }
  }

  private static func declaresFunction(_ line: Substring) -> Bool {
    if contains(line, word: "func") { return true }
    let words = trim(line).split(separator: " ")
    let modifiers: Set<Substring> = ["public", "package", "internal", "private", "fileprivate", "convenience", "override", "required", "static"]
    guard let first = words.first(where: { !modifiers.contains($0) && !$0.hasPrefix("@") }) else { return false }
    return first.hasPrefix("init(") || first.hasPrefix("init?(") || first.hasPrefix("init<") || first.hasPrefix("subscript(") || first == "deinit"
  }

  /// The line on which the body that opens at or after `start` closes; nil where the declaration has none.
  private static func lastLine(of lines: [Substring], from start: Int) -> Int? {
    var braces = 0
    var parentheses = 0
    for index in start..<lines.count {
      if index > start, braces == 0, parentheses == 0, declaresFunction(lines[index]) { return nil }
      for character in lines[index].utf8 {
        switch character {
        case 0x28, 0x5B: parentheses += 1
        case 0x29, 0x5D: parentheses -= 1
        case 0x7B where parentheses == 0 || braces > 0: braces += 1
        case 0x7D where parentheses == 0 || braces > 0:
          braces -= 1
          if braces == 0 { return index }
          if braces < 0 { return nil }
        default: break
        }
      }
    }
    return nil
  }
}
