// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// A stack trace that a program wrote into its log, as Python, Java, Node, Go and Swift print them.
public struct StackTrace: Sendable, Hashable {
  /// `KeyError`, `java.lang.IllegalStateException`, `panic`, `Fatal error`.
  public var type: String
  public var message: String
  /// The trace alone, without what stood before it.
  public var text: String

  /// Longer traces are cut.
  static let byteCountMax = 65_536
  static let lineCountMax = 1_000

  static func find(in line: RawSpan) -> StackTrace? {
    // A trace has more than one line; most log lines have not.
    var position = 0
    while position < line.byteCount, loadByte(line, position) != 0x0a, loadByte(line, position) != 0x0d { position &+= 1 }
    guard position &+ 1 < line.byteCount else { return nil }
    let end = min(line.byteCount, byteCountMax)
    return find(in: unsafe line.extracting(0..<end).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) })
  }

  /// The first trace of a text; nil where there is none.
  public static func find(in text: String) -> StackTrace? {
    guard text.utf8.contains(where: { $0 == 0x0a || $0 == 0x0d }) else { return nil }
    // Windows ends lines with CR LF, which is one character to Swift, and Lambda some with CR alone.
    let lines = text.split(maxSplits: lineCountMax, omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
    for index in lines.indices {
      let line = lines[index]
      if line.hasPrefix(beginning) { return python(lines[index...]) ?? lambda(lines, at: index) }
      if line.hasPrefix("panic: ") || line.hasPrefix("fatal error: ") { if let found = go(lines[index...]) { return found } }
      if line.contains("Fatal error") { if let found = swift(lines[index...]) { return found } }
      if index > lines.startIndex, isFrame(line) { return framed(lines[(index - 1)...]) }
    }
    return nil
  }

  /// The exception stands behind the frames: the first line that is not indented. What was raised from it, or while it was handled, follows
  /// in a trace of its own, and the last one is what reached the log.
  private static func python(_ lines: ArraySlice<Substring>) -> StackTrace? {
    var last: (type: String, message: String, end: Int)?
    var start = lines.startIndex
    while let index = lines.indices[(start + 1)...].first(where: { !lines[$0].hasPrefix(" ") && !lines[$0].isEmpty }) {
      let (type, message) = split(lines[index])
      guard isName(type) else { break }
      last = (type, message, index)
      let rest = lines[(index + 1)...].filter { !$0.isEmpty }.prefix(2)
      guard let tie = rest.first, ties.contains(where: { tie.hasPrefix($0) }), rest.last?.hasPrefix(beginning) == true,
        let next = lines[(index + 1)...].firstIndex(where: { $0.hasPrefix(beginning) })
      else { break }
      start = next
    }
    return last.map { StackTrace(type: $0.type, message: $0.message, text: lines[...$0.end].joined(separator: "\n")) }
  }

  /// Lambda's Python runtime: `[ERROR] KeyError: 'id'` stands before the trace, nothing behind its frames, and no-break spaces indent them.
  /// The trace's text is as Python prints it, so that it is the same failure to whoever reads it.
  private static func lambda(_ lines: [Substring], at index: Int) -> StackTrace? {
    guard let head = lines[..<index].lastIndex(where: { $0.hasPrefix(lambdaMark) }) else { return nil }
    let raised = [lines[head].dropFirst(lambdaMark.count)] + lines[(head + 1)..<index]
    var (type, message) = split(raised[0])
    guard isName(type) else { return nil }
    message = ([Substring(message)] + raised[1...]).joined(separator: "\n")
    let frames = lines[(index + 1)...].prefix { $0.hasPrefix(" ") || $0.hasPrefix("\u{a0}") }
    guard !frames.isEmpty else { return nil }
    let indented = frames.map { (line) in
      let code = line.drop { $0 == " " || $0 == "\u{a0}" }
      return String(repeating: " ", count: line.count - code.count) + code
    }
    let end = title(type, message)
    return StackTrace(type: type, message: message, text: ([beginning] + indented + [end]).joined(separator: "\n"))
  }

  /// An exception in a line of its own, as runtimes print it.
  static func title(_ type: String, _ message: String) -> String { message.isEmpty ? type : "\(type): \(message)" }

  private static let lambdaMark = "[ERROR] "
  static let beginning = "Traceback (most recent call last):"
  private static let ties = ["The above exception was the direct cause", "During handling of the above exception"]

  /// Java and Node: the exception stands before frames that begin with `at`.
  private static func framed(_ lines: ArraySlice<Substring>) -> StackTrace? {
    guard var head = lines.first else { return nil }
    if head.hasPrefix("Exception in thread "), let quote = head.dropFirst(21).firstIndex(of: "\"") {
      head = head[head.index(after: quote)...].drop { $0 == " " }
    }
    if head.hasPrefix("Uncaught ") { head = head.dropFirst(9) }
    var (type, message) = split(head)
    // `2026-11-26 ERROR request failed java.lang.Exception: no`: the name is the last word before the colon.
    if let space = type.lastIndex(where: { $0 == " " || $0 == "\t" }) { type = String(type[type.index(after: space)...]) }
    guard isName(type), type.contains("Error") || type.contains("Exception") || type.contains("Throwable") else { return nil }
    if message.hasSuffix("{") { message = String(message.dropLast()) }
    var end = lines.startIndex + 1
    while end < lines.endIndex, isFrame(lines[end]) || isContinuation(lines[end]) { end += 1 }
    let text = ([Substring(head)] + lines[(lines.startIndex + 1)..<end]).joined(separator: "\n")
    return StackTrace(type: type, message: message, text: text)
  }

  private static func go(_ lines: ArraySlice<Substring>) -> StackTrace? {
    guard let head = lines.first, lines.contains(where: { $0.hasPrefix("goroutine ") }) else { return nil }
    let (type, message) = split(head)
    return StackTrace(type: type, message: message, text: lines.joined(separator: "\n"))
  }

  private static func swift(_ lines: ArraySlice<Substring>) -> StackTrace? {
    guard let head = lines.first, let range = head.firstRange(of: "Fatal error") else { return nil }
    let isTrace = lines.contains { $0.hasPrefix("Current stack trace:") || ($0.hasPrefix("Thread ") && $0.contains("crashed")) }
    guard isTrace else { return nil }
    let rest = head[range.upperBound...].drop { $0 == ":" || $0 == " " }
    return StackTrace(type: "Fatal error", message: String(rest), text: lines.joined(separator: "\n"))
  }

  private static func isFrame(_ line: Substring) -> Bool {
    let rest = line.drop { $0 == " " || $0 == "\t" }
    return rest.startIndex > line.startIndex && rest.hasPrefix("at ") && (rest.contains("(") || rest.contains(":"))
  }

  private static func isContinuation(_ line: Substring) -> Bool {
    let rest = line.drop { $0 == " " || $0 == "\t" }
    return rest.hasPrefix("Caused by: ") || rest.hasPrefix("Suppressed: ") || rest.hasPrefix("... ")
  }

  private static func split(_ line: Substring) -> (type: String, message: String) {
    guard let colon = line.firstRange(of: ": ") else { return (String(line.last == ":" ? line.dropLast() : line), "") }
    return (String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
  }

  private static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 200, first | 0x20 >= 0x61, first | 0x20 <= 0x7a else { return false }
    return text.utf8.allSatisfy { byte in
      (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a) || (byte >= 0x30 && byte <= 0x39)
        || [0x2e, 0x5f, 0x24, 0x3a, 0x2f].contains(byte)
    }
  }
}
