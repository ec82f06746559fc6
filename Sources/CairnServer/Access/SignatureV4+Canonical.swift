// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import Crypto
import NIOCore
import NIOHTTP1

extension SignatureV4 {
  /// The text that both sides hash, for the headers that were signed.
  func canonicalRequest(_ request: Request) -> String {
    var text = request.method.rawValue + "\n" + Self.canonicalPath(request.path) + "\n"
    text += CanonicalQuery(request.query).text(without: expiresSeconds == nil ? nil : "X-Amz-Signature") + "\n"
    for name in signedHeaders { text += name + ":" + Self.canonicalValue(request.headers[name]) + "\n" }
    text += "\n" + signedHeaders.joined(separator: ";") + "\n"
    return text + hexText(SHA256.hash(data: Array(request.body.readableBytesView)))
  }

  /// All values of a header, joined; runs of spaces count as one.
  private static func canonicalValue(_ values: [String]) -> String {
    values.map { (value) in
      var text = ""
      var isBehindSpace = false
      for character in trimmed(value) {
        let isSpace = character == " "
        if !(isSpace && isBehindSpace) { text.append(character) }
        isBehindSpace = isSpace
      }
      return text
    }.joined(separator: ",")
  }

  /// The path without empty and dot segments, each byte but the unreserved ones encoded (once more, where it was encoded already).
  static func canonicalPath(_ path: String) -> String {
    var segments: [Substring] = []
    for segment in path.split(separator: "/") {
      switch segment {
      case ".": break
      case "..": _ = segments.popLast()
      default: segments.append(segment)
      }
    }
    let joined = "/" + segments.joined(separator: "/")
    return percentEncoded(joined + (path.hasSuffix("/") && joined != "/" ? "/" : ""), keepsSlash: true)
  }

  /// Percent-encoding as Signature V4 wants it: all but A-Z a-z 0-9 - . _ ~.
}

/// A query as Signature V4 signs it: pairs sorted by their encoded names, then values.
struct CanonicalQuery: Sendable {
  private var pairs: [(name: String, value: String)] = []

  init(_ query: String) {
    for part in query.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = percentDecoded(String(pair[0])) ?? String(pair[0])
      let value = pair.count > 1 ? percentDecoded(String(pair[1])) ?? String(pair[1]) : ""
      pairs.append((name, value))
    }
  }

  subscript(_ name: String) -> String? { pairs.first { $0.name == name }?.value }

  func text(without left: String?) -> String {
    let encoded = pairs.filter { $0.name != left }.map { (percentEncoded($0.name), percentEncoded($0.value)) }
    return encoded.sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
  }
}

/// Times as Signature V4 writes them: `20150830T123600Z`.
enum AWSDate {
  /// Unix seconds; nil for anything else.
  static func unixSeconds(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z") else { return nil }
    func number(_ range: Range<Int>) -> Int64? {
      var value: Int64 = 0
      for byte in bytes[range] {
        guard byte >= 48, byte <= 57 else { return nil }
        value = value * 10 + Int64(byte - 48)
      }
      return value
    }
    guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8) else { return nil }
    guard let hour = number(9..<11), let minute = number(11..<13), let second = number(13..<15) else { return nil }
    guard (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61 else { return nil }
    return CivilDate.daysSince1970(year: year, month: month, day: day) * 86_400 + hour * 3_600 + minute * 60 + second
  }

  static func text(_ unixSeconds: Int64) -> String { RFC3339.basicText(unixSeconds: unixSeconds) }
}
