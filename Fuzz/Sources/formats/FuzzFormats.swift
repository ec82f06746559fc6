// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats

/// Any bytes behind the first, which chooses an encoding, unpacked under a budget; and as they are as MessagePack, CBOR, JSON, base64 and a time.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFormats(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let (kind, bytes) = unsafe (start[0], RawSpan(_unsafeStart: start + 1, byteCount: count - 1))
  var inflater = Inflater()
  var output = InflateBuffer()
  let encoding = ContentEncoding.allCases[Int(kind) % ContentEncoding.allCases.count]
  let limit = 1 << 20
  if (try? inflater.inflate(bytes, encoding, into: &output, limitBytes: limit)) != nil { precondition(output.byteCount <= limit, "the budget is kept") }
  var packed = MessagePackReader()
  try? packed.skipValue(bytes)
  if let value = try? JSONValue(cbor: bytes) {
    let again = value.cbor(CBORNumbers(times: [], doubles: []))
    precondition((try? unsafe JSONValue(cbor: again.span.bytes)) == value, "CBOR that is written reads alike")
  }
  if let value = try? JSONValue(parsing: bytes) {
    precondition((try? JSONValue(parsing: value.bytes)) == value, "JSON that is written reads alike")
  }
  let text = unsafe String(decoding: UnsafeBufferPointer(start: start + 1, count: count - 1), as: UTF8.self)
  if let decoded = Base64.bytes(of: text) { precondition(Base64.bytes(of: Base64.text(decoded)) == decoded, "base64 goes both ways") }
  if let time = RFC3339.unixNanoseconds(text) {
    precondition(RFC3339.unixNanoseconds(RFC3339.text(unixNanoseconds: time)) == time, "a time that is written reads alike")
  }
  if let decoded = percentDecoded(text) { precondition(percentDecoded(percentEncoded(decoded)) == decoded, "percent signs go both ways") }
  _ = try? ContentEncoding(headerValue: text)
  return 0
}
