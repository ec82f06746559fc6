// SPDX-License-Identifier: Apache-2.0

/// What may not be called, and what to do instead. Looks at code only: comments and strings are free.
enum CallRules {
  struct Ban {
    var word: String
    var remedy: String
    /// The lowest rank of a room that may use it all the same.
    var freeFromRank = Int.max
  }

  static let bans: [Ban] = [
    Ban(word: "try!", remedy: "'try!' kills the server: throw, or handle the error"),
    Ban(word: "as!", remedy: "'as!' kills the server: use 'as?' and say what happens otherwise"),
    Ban(word: "fatalError", remedy: "'fatalError' kills the server: throw; for our own mistakes use 'precondition' with a message"),
    Ban(word: "NSRegularExpression", remedy: "backtracks without bound: use an automaton that takes linear time"),
    Ban(word: "Regex", remedy: "backtracks without bound: use an automaton that takes linear time"),
    Ban(word: "print(", remedy: "rooms below the server do not speak: throw or return what is to be told", freeFromRank: ImportRules.serverRank),
    Ban(word: "debugPrint(", remedy: "left over from a search for a mistake"),
    Ban(word: "dump(", remedy: "left over from a search for a mistake"),
    Ban(word: "Thread.sleep", remedy: "blocks a thread: await the clock"),
    Ban(word: "usleep(", remedy: "blocks a thread: await the clock"),
    Ban(word: "import XCTest", remedy: "tests are written with Swift Testing"),
    Ban(word: "@_transparent", remedy: "underscored attributes are the compiler's own"),
  ]

  static func check(_ file: SourceFile, rank: Int) -> [Finding] {
    bans.flatMap { ban in
      rank >= ban.freeFromRank ? [] : file.findings(ban.remedy) { contains($0, word: ban.word) }
    } + file.findings("a forced unwrap kills the server: 'guard let', '??' or a precondition with a message", where: hasForcedUnwrap)
      + unproven(file)
  }

  /// `value!`, `call()!`, `array[0]!` and the type `Value!`; not `!=`, not a leading `!`, not `try!` and `as!`.
  static func hasForcedUnwrap(_ line: Substring) -> Bool {
    let bytes = Array(line.utf8)
    for index in bytes.indices.dropFirst() where bytes[index] == 0x21 {
      let before = bytes[index - 1]
      guard isWordByte(before) || before == 0x29 || before == 0x5D else { continue }
      if index + 1 < bytes.count, bytes[index + 1] == 0x3D { continue }
      let word = String(decoding: bytes[..<index], as: UTF8.self)
      if word.hasSuffix("try") || word.hasSuffix(" as") { continue }
      return true
    }
    return false
  }

  /// What the compiler is told to believe needs its proof beside it, as a comment on the line or right above.
  private static func unproven(_ file: SourceFile) -> [Finding] {
    file.codeLines.indices.compactMap { index in
      let line = file.codeLines[index]
      guard line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") else { return nil }
      return isExplained(file, at: index) ? nil : Finding(path: file.path, line: index + 1, remedy: "say in a comment above why this is safe")
    }
  }

  /// A comment on the line, or above it and its attributes and the lines of the same kind.
  private static func isExplained(_ file: SourceFile, at index: Int) -> Bool {
    if file.lines[index].contains("//") { return true }
    var line = index - 1
    while line >= 0, trim(file.lines[line]).hasPrefix("@") || file.codeLines[line].contains("nonisolated(unsafe)") { line -= 1 }
    return line >= 0 && trim(file.lines[line]).hasPrefix("//")
  }
}
