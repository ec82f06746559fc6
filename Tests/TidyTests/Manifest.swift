// SPDX-License-Identifier: Apache-2.0

/// What Package.swift says of the rooms: who may import what, and each room's rank (the `// 3` above its line).
struct Manifest {
  struct Target {
    var name: String
    /// nil for what has none: system libraries, C targets, tests.
    var rank: Int?
    var dependencies: Set<String>
    var isTest: Bool
  }
  private(set) var targets: [String: Target] = [:]

  init(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let start = lines.firstIndex(where: { trim($0).hasPrefix("targets: [") && trim($0).hasSuffix("[") }) else { return }
    var rank: Int?
    var index = lines.index(after: start)
    while index < lines.endIndex {
      let line = trim(lines[index])
      if line.hasPrefix("//") { rank = Int(trim(line.dropFirst(2)[...])) ?? rank }
      var declaration = code(line)
      while depth(declaration) > 0, index + 1 < lines.endIndex {
        index += 1
        declaration += " " + code(trim(lines[index]))
      }
      if let target = target(declaration, rank: rank) { targets[target.name] = target }
      index += 1
    }
  }

  /// A target's line without a comment at its end.
  private func code(_ line: Substring) -> String {
    line.hasPrefix("//") ? "" : String(line)
  }

  private func depth(_ text: String) -> Int {
    text.reduce(0) { $0 + ($1 == "(" || $1 == "[" ? 1 : $1 == ")" || $1 == "]" ? -1 : 0) }
  }

  private func target(_ text: String, rank: Int?) -> Target? {
    let forms: [(prefix: String, isRoom: Bool, isTest: Bool)] = [
      ("room(", true, false), ("tests(", false, true), (".target(", true, false), (".executableTarget(", true, false),
      (".testTarget(", false, true), (".systemLibrary(", false, false),
    ]
    guard let form = forms.first(where: { text.hasPrefix($0.prefix) }) else { return nil }
    let words = literals(text)
    guard let name = words.first?.text else { return nil }
    let others = words.dropFirst().filter { !$0.isLabelled }.map(\.text)
    let isShim = form.prefix == ".systemLibrary(" || (form.prefix == ".target(" && !text.contains("swiftSettings"))
    return Target(name: name, rank: form.isRoom && !isShim ? rank : nil, dependencies: isShim ? [] : Set(others), isTest: form.isTest)
  }

  /// The string literals; labelled are those that name a package, a path or a resource, not something to import.
  private func literals(_ text: String) -> [(text: String, isLabelled: Bool)] {
    var found: [(text: String, isLabelled: Bool)] = []
    let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
    for index in parts.indices where index % 2 == 1 {
      let before = trim(parts[index - 1])
      let isLabelled = ["package:", "path:", "pkgConfig:", ".copy(", ".embedInCode(", ".process(", "sources:", "exclude:"].contains { before.hasSuffix($0) }
      found.append((String(parts[index]), isLabelled))
    }
    return found
  }
}

func trim(_ line: some StringProtocol) -> Substring {
  var rest = Substring(line)
  while let first = rest.first, first.isWhitespace { rest.removeFirst() }
  while let last = rest.last, last.isWhitespace { rest.removeLast() }
  return rest
}
