// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnFormats

/// AWS's query protocol: `Action=PutMetricData&MetricData.member.1.MetricName=x`, answered in XML.
struct AWSForm: Sendable {
  let action: String
  /// The parameters as the tree that their names spell; numbers stay text.
  let input: JSONValue

  private static let parameterCountMax = 5_000

  init(_ text: String) {
    var action = ""
    var root = Node()
    for part in text.split(separator: "&").prefix(Self.parameterCountMax) {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = percentDecoded(String(pair[0])), pair.count == 2 else { continue }
      guard let value = percentDecoded(String(pair[1].replacing("+", with: " "))) else { continue }
      if name == "Action" {
        action = value
      } else if name != "Version" {
        let path = name.split(separator: ".").filter { $0 != "member" }
        if path.count <= 12 { root.set(path[...], value) }
      }
    }
    self.action = action
    input = root.value
  }

  private struct Node {
    var text: String?
    var children: [(name: String, node: Node)] = []

    mutating func set(_ path: ArraySlice<Substring>, _ value: String) {
      guard let first = path.first else {
        text = value
        return
      }
      if let index = children.lastIndex(where: { $0.name == first }) {
        children[index].node.set(path.dropFirst(), value)
      } else {
        var node = Node()
        node.set(path.dropFirst(), value)
        children.append((String(first), node))
      }
    }

    /// An object, or an array where all names are numbers.
    var value: JSONValue {
      if let text { return .string(text) }
      let numbers = children.compactMap { child in Int(child.name).map { ($0, child.node) } }
      if !children.isEmpty, numbers.count == children.count { return .array(numbers.sorted { $0.0 < $1.0 }.map(\.1.value)) }
      return .object(children.map { JSONMember($0.name, $0.node.value) })
    }
  }

  // MARK: XML

  /// `<ActionResponse><ActionResult>…</ActionResult><ResponseMetadata>…`
  static func answer(_ action: String, _ result: JSONValue, namespace: String) -> String {
    let name = action.filter { $0.isLetter }
    return "<\(name)Response xmlns=\"\(namespace)\"><\(name)Result>\(xml(result, time: false))</\(name)Result>"
      + "<ResponseMetadata><RequestId>\(AWSErrorResponse.requestID())</RequestId></ResponseMetadata></\(name)Response>"
  }

  static func failure(_ error: LogsError) -> String {
    failure(
      error.kind == .unknownOperation ? "InvalidAction" : error.kind.rawValue, error.message, isOurs: error.kind == .unavailable)
  }

  static func failure(_ code: String, _ message: String, isOurs: Bool) -> String {
    "<ErrorResponse><Error><Type>\(isOurs ? "Receiver" : "Sender")</Type><Code>\(code)</Code><Message>\(escaped(message))</Message></Error>"
      + "<RequestId>\(AWSErrorResponse.requestID())</RequestId></ErrorResponse>"
  }

  /// Members as elements, items as `member`; numbers of members whose name says so are times.
  private static func xml(_ value: JSONValue, time: Bool) -> String {
    switch value {
    case .null: return ""
    case .boolean(let flag): return flag ? "true" : "false"
    case .integer(let number): return time ? AWSDate.iso(number * 1000) : String(number)
    case .double(let number): return time ? AWSDate.iso(Int64(number * 1000)) : String(number)
    case .string(let text): return escaped(text)
    case .array(let items): return items.map { "<member>\(xml($0, time: time))</member>" }.joined()
    case .object(let members):
      return members.map { member in
        let isTime = member.name.hasSuffix("Timestamp") || member.name == "Timestamps"
        // A map is a list of entries; only extended statistics are one.
        if member.name == "ExtendedStatistics", let entries = member.value.members {
          let text = entries.map { "<entry><key>\(escaped($0.name))</key><value>\(xml($0.value, time: false))</value></entry>" }
            .joined()
          return "<ExtendedStatistics>\(text)</ExtendedStatistics>"
        }
        return "<\(member.name)>\(xml(member.value, time: isTime))</\(member.name)>"
      }.joined()
    }
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "\t", "\n", "\r": escaped.unicodeScalars.append(character)
      case "\u{0}"..."\u{1f}", "\u{fffe}", "\u{ffff}": escaped += "\u{fffd}"
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }
}
