// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// What a server says to an export that it took: `Export*ServiceResponse`, 1 partial_success (1 rejected, 2 message).
public struct ExportAnswer: Sendable, Hashable {
  public var rejectedCount: Int64 = 0
  public var message = ""

  /// Reads the body of the answer; what cannot be read says nothing.
  public init(_ body: [UInt8]) {
    let bytes = unsafe body.span.bytes
    var position = 0
    do throws(DecodeError) {
      while position < bytes.byteCount {
        let tag = try readVarint(bytes, &position, bytes.byteCount)
        guard tag == 0x0A else {
          try skipField(bytes, &position, bytes.byteCount, tag: tag)
          continue
        }
        let count = try readLength(bytes, &position, bytes.byteCount)
        try readPartialSuccess(body, bytes, &position, position + count)
      }
    } catch {
      message = error.message
    }
  }

  /// Reads the answer in OTLP's JSON: `{"partialSuccess": {"rejectedSpans": "3", "errorMessage": "…"}}`.
  public init(json body: [UInt8]) {
    guard let answer = try? JSONValue(parsing: body), case .object(let members)? = answer["partialSuccess"] else { return }
    for member in members {
      switch member.value {
      case .string(let text) where member.name.hasPrefix("rejected"): rejectedCount = Int64(text) ?? 0
      case .integer(let count) where member.name.hasPrefix("rejected"): rejectedCount = count
      case .string(let text) where member.name == "errorMessage": message = text
      default: break
      }
    }
  }

  private mutating func readPartialSuccess(
    _ body: [UInt8], _ bytes: RawSpan, _ position: inout Int, _ end: Int
  ) throws(DecodeError) {
    while position < end {
      let tag = try readVarint(bytes, &position, end)
      switch tag {
      case 0x08: rejectedCount = Int64(bitPattern: try readVarint(bytes, &position, end))
      case 0x12:
        let count = try readLength(bytes, &position, end)
        message = String(decoding: body[position..<position + count], as: UTF8.self)
        position += count
      default: try skipField(bytes, &position, end, tag: tag)
      }
    }
  }

  /// What a server says to an export that it refused: the message of `google.rpc.Status` (2), or the text itself.
  public static func refusalText(_ body: [UInt8]) -> String {
    let bytes = unsafe body.span.bytes
    var position = 0
    do throws(DecodeError) {
      while position < bytes.byteCount {
        let tag = try readVarint(bytes, &position, bytes.byteCount)
        guard tag == 0x12 else {
          try skipField(bytes, &position, bytes.byteCount, tag: tag)
          continue
        }
        let count = try readLength(bytes, &position, bytes.byteCount)
        return String(decoding: body[position..<position + count], as: UTF8.self)
      }
    } catch {
      return String(decoding: body.prefix(textByteCountMax), as: UTF8.self)
    }
    return "no reason was given"
  }

  private static let textByteCountMax = 300
}
