// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// An exception that a JSON line has in members: `errorType`, `errorMessage` and `stackTrace`, a list of lines. So Lambda's runtimes write what nobody
/// caught where the function's log format is JSON (Node's below `message`).
struct ThrownError {
  private var type = ""
  private var message = ""
  private var lines: [String] = []

  /// Takes a text of the line by its path, whose last part in small letters is `word`; the first of equal names counts.
  mutating func take(_ path: [UInt8], _ word: String, _ value: () -> String) {
    switch word {
    case "errortype": if type.isEmpty { type = value() }
    case "errormessage": if message.isEmpty { message = value() }
    default:
      guard let first = word.utf8.first, first >= 0x30, first <= 0x39, lines.count < StackTrace.lineCountMax else { return }
      guard TraceText.lastWord(Array(path.dropLast(word.utf8.count + 1))) == "stacktrace" else { return }
      lines.append(value())
    }
  }

  /// nil where the line tells of no exception.
  var stackTrace: StackTrace? {
    guard !type.isEmpty, !message.isEmpty || !lines.isEmpty else { return nil }
    let title = StackTrace.title(type, message)
    let own = lines.map { (line) in line.hasSuffix("\n") ? String(line.dropLast()) : line }
    // Python's list has the frames alone, Node's begins with the exception.
    let isPython = own.first.map { $0.drop { $0 == " " }.hasPrefix("File \"") } ?? false
    let text = isPython ? [StackTrace.beginning] + own + [title] : own.first?.hasPrefix(type) == true ? own : [title] + own
    return StackTrace(type: type, message: message, text: text.joined(separator: "\n"))
  }
}
