// SPDX-License-Identifier: Apache-2.0

/// Arrows between rooms: an import must stand in the manifest, and the manifest's arrows point to smaller ranks.
enum ImportRules {
  /// What the toolchain brings.
  private static let toolchain: Set<String> = ["Swift", "Synchronization", "Glibc", "Darwin", "FoundationEssentials", "Dispatch", "_Builtin_intrinsics"]
  /// The rank of the server; below it no Foundation.
  static let serverRank = 6

  static func check(_ file: SourceFile, _ manifest: Manifest) -> [Finding] {
    guard let room = manifest.targets[file.room] else {
      return [Finding(path: file.path, line: 0, remedy: "no target of the manifest is called '\(file.room)'")]
    }
    return imports(file).compactMap { entry in
      if entry.module == "Foundation" {
        guard (room.rank ?? 0) < serverRank else { return nil }
        return Finding(path: file.path, line: entry.line, remedy: "no Foundation below the server; 'FoundationEssentials' where a date or URL needs it")
      }
      guard !toolchain.contains(entry.module), !room.dependencies.contains(entry.module) else { return nil }
      return Finding(path: file.path, line: entry.line, remedy: "the manifest does not let \(room.name) import \(entry.module)")
    }
  }

  /// Dependencies of rooms on rooms of the same or a higher rank.
  static func upward(_ manifest: Manifest) -> [Finding] {
    manifest.targets.values.flatMap { target in
      target.dependencies.compactMap { name in
        guard let rank = target.rank, let other = manifest.targets[name]?.rank, other >= rank else { return nil }
        return Finding(path: "Package.swift", line: 0, remedy: "\(target.name) (\(rank)) may not import \(name) (\(other)): arrows point to smaller ranks")
      }
    }
  }

  static func imports(_ file: SourceFile) -> [(module: String, line: Int)] {
    file.codeLines.indices.compactMap { index in
      let words = trim(file.codeLines[index]).split(whereSeparator: \.isWhitespace)
      guard let at = words.firstIndex(of: "import"), words[..<at].allSatisfy(isImportModifier), at + 1 < words.count else { return nil }
      let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
      let next = kinds.contains(words[at + 1]) && at + 2 < words.count ? words[at + 2] : words[at + 1]
      return (String(next.split(separator: ".").first ?? next), index + 1)
    }
  }

  private static func isImportModifier(_ word: Substring) -> Bool {
    word.hasPrefix("@") || ["public", "package", "internal", "fileprivate", "private"].contains(word)
  }
}
