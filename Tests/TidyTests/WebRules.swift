// SPDX-License-Identifier: Apache-2.0

/// The pages: app > views > charts, wire > model; nothing that turns data into markup or code; one door to the network.
enum WebRules {
  private static let allowed: [String: Set<String>] = [
    "model": ["model"], "wire": ["wire", "model"], "charts": ["charts", "model"], "views": ["views", "charts", "wire", "model"],
  ]

  private static let bans: [(word: String, remedy: String)] = [
    ("innerHTML", "turns data into markup: use textContent or the DOM"),
    ("outerHTML", "turns data into markup: use textContent or the DOM"),
    ("insertAdjacentHTML", "turns data into markup: use textContent or the DOM"),
    ("createContextualFragment", "turns data into markup: use textContent or the DOM"),
    ("DOMParser", "turns data into markup: use textContent or the DOM"),
    ("srcdoc", "turns data into markup: use textContent or the DOM"),
    ("document.write", "turns data into markup: use textContent or the DOM"),
    ("eval(", "turns data into code"),
    ("new Function", "turns data into code"),
    ("javascript:", "turns data into code"),
    ("export default", "named exports only"),
    ("console.log", "left over from a search for a mistake"),
    ("debugger", "left over from a search for a mistake"),
  ]
  private static let network = ["fetch(", "XMLHttpRequest", "EventSource", "WebSocket", "sendBeacon"]

  static func check(_ file: SourceFile) -> [Finding] {
    let room = folder(file.path)
    return arrows(file, room) + bans.flatMap { ban in file.findings(ban.remedy) { contains($0, word: ban.word) } }
      + (room == "wire" ? [] : network.flatMap { word in file.findings("only web/wire speaks to the network") { contains($0, word: word) } })
      + (room == "model" ? file.findings("web/model knows no page") { contains($0, word: "document") || contains($0, word: "window") } : [])
  }

  /// All style sheets are loaded at once: a class that two of them give a look of its own is one page's by name and the other's by accident.
  static func checkStyles(_ files: [SourceFile]) -> [Finding] {
    var owners: [Substring: String] = [:]
    var findings: [Finding] = []
    for file in files {
      for (index, line) in file.lines.enumerated() {
        for name in ownClasses(line) {
          let owner = owners[name] ?? file.path
          owners[name] = owner
          guard owner != file.path else { continue }
          findings.append(Finding(path: file.path, line: index + 1, remedy: "'\(name)' has its look in \(owner): choose another name"))
        }
      }
    }
    return findings
  }

  /// The selectors of a line that are one class and nothing else.
  private static func ownClasses(_ line: Substring) -> [Substring] {
    line.split(separator: "}").flatMap { rule -> [Substring] in
      guard let brace = rule.lastIndex(of: "{") else { return [] }
      let selectors = rule[..<brace].split(separator: "{").last ?? ""
      return selectors.split(separator: ",").map { trim($0) }.filter { selector in
        selector.hasPrefix(".") && selector.dropFirst().allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" }
      }
    }
  }

  /// `model`, `wire`, `charts`, `views`, or "" for the files at the top.
  private static func folder(_ path: String) -> String {
    let parts = path.split(separator: "/")
    return parts.count > 2 ? String(parts[1]) : ""
  }

  private static func arrows(_ file: SourceFile, _ room: String) -> [Finding] {
    file.codeLines.indices.compactMap { index in
      let line = file.codeLines[index]
      guard contains(line, word: "import") || line.contains("} from ") || (trim(line).hasPrefix("export") && line.contains(" from ")) else { return nil }
      guard let target = quoted(file.lines[index]) else { return nil }
      guard target.hasPrefix("./") || target.hasPrefix("../"), target.hasSuffix(".js") else {
        return Finding(path: file.path, line: index + 1, remedy: "'\(target)': import relative paths, with their extension")
      }
      guard let reach = allowed[room], let goal = destination(of: target, from: file.path), !reach.contains(goal) else { return nil }
      return Finding(path: file.path, line: index + 1, remedy: "\(room) may not import '\(target)': app > views > charts, wire > model")
    }
  }

  /// The folder that a relative path leads to, or nil where it leaves `web`.
  private static func destination(of target: String, from path: String) -> String? {
    var parts = path.split(separator: "/").dropLast().map(String.init)
    for part in target.split(separator: "/") {
      switch part {
      case ".": continue
      case "..": if !parts.isEmpty { parts.removeLast() }
      default: parts.append(String(part))
      }
    }
    return parts.first == "web" ? folder(parts.joined(separator: "/")) : nil
  }

  /// The last quoted text of a line.
  private static func quoted(_ line: Substring) -> String? {
    let parts = line.split(whereSeparator: { $0 == "'" || $0 == "\"" })
    guard line.contains("'") || line.contains("\"") else { return nil }
    return parts.last(where: { $0.hasPrefix(".") || $0.contains("/") }).map(String.init)
  }
}
