// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
internal import CairnFormats

/// A MessagePack document as JSON: binary data that is not text as base64, a timestamp as RFC 3339, what JSON cannot say (NaN, other
/// extensions) as null, invalid UTF-8 repaired.
public func jsonFromMessagePack(_ bytes: RawSpan) throws(DecodeError) -> [UInt8] {
  var reader = MessagePackReader()
  var writer = JSONWriter(reserving: bytes.byteCount * 2)
  while true {
    let token = try reader.next(bytes)
    switch token {
    case .mapStart: writer.beginObject()
    case .mapEnd: writer.endObject()
    case .arrayStart: writer.beginArray()
    case .arrayEnd: writer.endArray()
    case .key(let range): writer.key(utf8: bytes.extracting(range))
    case .string(let range): writer.string(utf8: bytes.extracting(range))
    case .binary(let range): write(binary: range, bytes, &writer)
    case .integer(let value): writer.integer(value)
    case .unsigned(let value): writer.double(Double(value))
    case .double(let value): if value.isFinite { writer.double(value) } else { writer.null() }
    case .boolean(let value): writer.boolean(value)
    case .null: writer.null()
    case .other:
      if let time = token.unixNanoseconds(bytes) { writer.string(RFC3339.text(unixNanoseconds: time)) } else { writer.null() }
    case .end: return writer.finish()
    }
  }
}

private func write(binary range: Range<Int>, _ bytes: RawSpan, _ writer: inout JSONWriter) {
  let text = unsafe bytes.extracting(range).withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
  if let text { return writer.string(text) }
  var base64: [UInt8] = []
  Base64.append(bytes, range, to: &base64)
  writer.string(String(decoding: base64, as: UTF8.self))
}
