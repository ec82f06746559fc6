// SPDX-License-Identifier: Apache-2.0

/// What Insights finds in the lines that AWS Lambda writes itself, and in those of its loggers.
///
/// ```
/// START RequestId: 8f5… Version: $LATEST
/// REPORT RequestId: 8f5…⇥Duration: 1.73 ms⇥Billed Duration: 2 ms⇥Memory Size: 128 MB⇥Max Memory Used: 60 MB⇥…⇥XRAY TraceId: 1-…⇥SegmentId: …
/// 2023-08-01T17:04:05.123Z⇥8f5…⇥INFO⇥…
/// ```
/// Memory is told in bytes, durations in milliseconds. Source: "Supported logs and discovered fields" of the user guide.
enum LambdaLine {
  static let fields: Set<String> = [
    "@requestId", "@duration", "@billedDuration", "@initDuration", "@type", "@maxMemoryUsed", "@memorySize", "@xrayTraceId",
    "@xraySegmentId",
  ]

  /// The labels of a REPORT line by field.
  private static let labels: [String: String] = [
    "@duration": "Duration: ", "@billedDuration": "Billed Duration: ", "@initDuration": "Init Duration: ",
    "@maxMemoryUsed": "Max Memory Used: ", "@memorySize": "Memory Size: ", "@xrayTraceId": "XRAY TraceId: ",
    "@xraySegmentId": "SegmentId: ",
  ]

  static func value(_ field: String, _ line: String) -> InsightsValue {
    let type = ["START", "END", "REPORT"].first { line.hasPrefix($0 + " RequestId: ") }
    switch field {
    case "@type": return type.map { .text($0) } ?? .absent
    case "@requestId": return type.map { requestID(line, $0) } ?? loggedRequestID(line)
    default:
      guard type == "REPORT", let label = labels[field] else { return .absent }
      let cell = line.split(separator: "\t").lazy.map(trimmed).first { $0.hasPrefix(label) }
      guard let text = cell?.dropFirst(label.count) else { return .absent }
      let word = text.split(separator: " ").first.map(String.init) ?? ""
      if field.hasPrefix("@xray") { return .text(word) }
      guard let number = InsightsValue.number(word) else { return .absent }
      return field.contains("emory") ? .number(number * 1_000_000) : .number(number)
    }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while let first = text.first, first.isWhitespace { text = text.dropFirst() }
    return text
  }

  private static func requestID(_ line: String, _ type: String) -> InsightsValue {
    let rest = line.dropFirst(type.count + " RequestId: ".count)
    let id = rest.prefix { !$0.isWhitespace }
    return id.isEmpty ? .absent : .text(String(id))
  }

  /// The second cell of a line whose first is a time, where it is a UUID.
  private static func loggedRequestID(_ line: String) -> InsightsValue {
    let cells = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
    guard cells.count == 3, cells[1].utf8.count == 36, cells[1].split(separator: "-").count == 5 else { return .absent }
    return .text(String(cells[1]))
  }
}
