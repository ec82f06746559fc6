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
    if code != 0 { writer.varint(1, UInt64(code)) }
    writer.text(2, message)
    if let field {
      var violation = ProtobufWriter()
      violation.text(1, field)
      violation.text(2, message)
      var badRequest = ProtobufWriter()
      badRequest.message(1, violation)
      writer.message(3, detail("google.rpc.BadRequest", badRequest))
    }
    if let retryDelaySeconds {
      var duration = ProtobufWriter()
      duration.varint(1, UInt64(max(0, retryDelaySeconds)))
      var retryInfo = ProtobufWriter()
      retryInfo.message(1, duration)
      writer.message(3, detail("google.rpc.RetryInfo", retryInfo))
    }
    return writer.bytes
  }

  private func detail(_ type: String, _ value: ProtobufWriter) -> ProtobufWriter {
    var any = ProtobufWriter()
    any.text(1, "type.googleapis.com/\(type)")
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
