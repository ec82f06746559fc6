// SPDX-License-Identifier: Apache-2.0
import CairnFormats

/// `google.rpc.Status`: what OTLP sends as the body of every 4xx and 5xx, and gRPC beside its status.
///
/// ```
/// Status      { 1 code: int32, 2 message: string, 3 details: repeated Any { 1 type_url, 2 value } }
/// BadRequest  { 1 field_violations: repeated { 1 field, 2 description } }      with INVALID_ARGUMENT
/// RetryInfo   { 1 retry_delay: Duration { 1 seconds: int64 } }                 with UNAVAILABLE alone, for it makes a client retry
/// ```
struct RPCStatus: Sendable, Hashable {
  var code: Int
  var message: String
  var field: String?
  var retryDelaySeconds: Int?

  /// The status of a refusal; long reasons are cut, as an answer has bounds too.
  init(_ refusal: Refusal) {
    code = refusal.kind.rpcCode
    message = String(refusal.reason.prefix(2048))
    field = refusal.kind == .malformed || refusal.kind == .invalid ? refusal.field ?? "body" : nil
    retryDelaySeconds = refusal.kind == .unavailable ? refusal.retryAfterSeconds ?? 1 : nil
  }

  var protobuf: [UInt8] {
    var writer = ProtobufWriter()
    writer.integer(1, code)
    writer.string(2, message)
    if let field {
      var violation = ProtobufWriter()
      violation.string(1, field)
      violation.string(2, message)
      var badRequest = ProtobufWriter()
      badRequest.message(1, violation)
      writer.message(3, detail("google.rpc.BadRequest", badRequest))
    }
    if let retryDelaySeconds {
      var duration = ProtobufWriter()
      duration.integer(1, retryDelaySeconds)
      var retryInfo = ProtobufWriter()
      retryInfo.message(1, duration)
      writer.message(3, detail("google.rpc.RetryInfo", retryInfo))
    }
    return writer.bytes
  }

  private func detail(_ type: String, _ value: ProtobufWriter) -> ProtobufWriter {
    var any = ProtobufWriter()
    any.string(1, "type.googleapis.com/\(type)")
    any.message(2, value)
    return any
  }

  var json: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("code", code)
    writer.member("message", message)
    if field != nil || retryDelaySeconds != nil {
      writer.key("details")
      writer.beginArray()
      if let field {
        writer.beginObject()
        writer.member("@type", "type.googleapis.com/google.rpc.BadRequest")
        writer.key("fieldViolations")
        writer.beginArray()
        writer.beginObject()
        writer.member("field", field)
        writer.member("description", message)
        writer.endObject()
        writer.endArray()
        writer.endObject()
      }
      if let retryDelaySeconds {
        writer.beginObject()
        writer.member("@type", "type.googleapis.com/google.rpc.RetryInfo")
        writer.member("retryDelay", "\(retryDelaySeconds)s")
        writer.endObject()
      }
      writer.endArray()
    }
    writer.endObject()
    return writer.finish()
  }
}

/// Writes protobuf's wire format: enough for the few small messages that a server of OTLP answers with.
struct ProtobufWriter: Sendable, Hashable {
  private(set) var bytes: [UInt8] = []

  init() {}

  /// An int32 or int64 field; zero, the default, is not written.
  mutating func integer(_ number: Int, _ value: Int) {
    guard value != 0 else { return }
    varint(UInt64(number) << 3)
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// A string field; the empty one is not written.
  mutating func string(_ number: Int, _ text: String) {
    guard !text.isEmpty else { return }
    varint(UInt64(number) << 3 | 2)
    varint(UInt64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  /// A message field, written even where it is empty: presence says something.
  mutating func message(_ number: Int, _ content: ProtobufWriter) {
    varint(UInt64(number) << 3 | 2)
    varint(UInt64(content.bytes.count))
    bytes.append(contentsOf: content.bytes)
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }
}
