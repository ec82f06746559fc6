// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import NIOCore
import NIOHTTP1

/// Errors as AWS's clients read them. The name of the exception is `Refusal.awsCode`; without one it follows from the kind.
enum AWSErrorResponse {
  /// The protocol rest-json, as X-Ray speaks it: `x-amzn-errortype: Name` and `{"Message": …}`.
  static func restJSON(_ refusal: Refusal) -> Response {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("__type", refusal.awsName)
    writer.member("Message", refusal.reason)
    writer.endObject()
    var response = Response(
      status: refusal.awsStatus, contentType: "application/json", bytes: ByteBuffer(bytes: writer.finish()))
    response.headers.add(name: "x-amzn-errortype", value: refusal.awsName)
    response.headers.add(name: "x-amzn-RequestId", value: requestID())
    return response
  }

  /// The protocols JSON 1.0 and 1.1; `details` are members beside the text, as JSON.
  static func json(
    _ name: String, _ reason: String, status: HTTPResponseStatus, details: [(name: String, json: [UInt8])] = [],
    contentType: String = "application/x-amz-json-1.1"
  ) -> Response {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("__type", name)
    writer.member("message", reason)
    for detail in details {
      writer.key(detail.name)
      writer.raw(detail.json)
    }
    writer.endObject()
    var response = Response(status: status, contentType: contentType, bytes: ByteBuffer(bytes: writer.finish()))
    response.headers.add(name: "x-amzn-errortype", value: name)
    response.headers.add(name: "x-amzn-RequestId", value: requestID())
    return response
  }

  /// The query protocol, as STS and CloudWatch's older clients speak it: XML, and some names of its own.
  static func form(_ refusal: Refusal) -> Response {
    let name = refusal.awsName
    let code =
      switch name {
      case "InvalidSignatureException": "SignatureDoesNotMatch"
      case "UnrecognizedClientException": "InvalidClientTokenId"
      case "IncompleteSignatureException", "AccessDeniedException": String(name.dropLast("Exception".count))
      default: name
      }
    let status = refusal.awsStatus
    return Response(
      status: status, contentType: "text/xml", text: AWSForm.failure(code, refusal.reason, isOurs: status.code >= 500))
  }

  /// The protocol Smithy RPC v2 in CBOR: the shape's name in the body, the code of the older protocols in a header.
  static func cbor(_ shape: String, _ reason: String, code: String, status: HTTPResponseStatus) -> Response {
    let body = JSONValue.object([JSONMember("__type", .string(shape)), JSONMember("message", .string(reason))])
    var response = cbor(body.cbor(CBORNumbers(times: [], doubles: [])), status: status)
    response.headers.add(name: "x-amzn-query-error", value: "\(code);\(status.code < 500 ? "Sender" : "Receiver")")
    return response
  }

  /// An answer of that protocol, good or bad.
  static func cbor(_ bytes: [UInt8], status: HTTPResponseStatus) -> Response {
    var response = Response(status: status, contentType: "application/cbor", bytes: ByteBuffer(bytes: bytes))
    response.headers.add(name: "smithy-protocol", value: "rpc-v2-cbor")
    response.headers.add(name: "x-amzn-RequestId", value: requestID())
    return response
  }

  /// A new id for an answer, as AWS's answers all carry one.
  static func requestID() -> String {
    uuidText((0..<16).map { _ in UInt8.random(in: .min ... .max) })
  }

  /// 16 bytes in a UUID's digits and dashes.
  static func uuidText(_ bytes: [UInt8]) -> String {
    let digits = hexText(bytes)
    let parts = [(0, 8), (8, 4), (12, 4), (16, 4), (20, 12)]
    return parts.map { digits.dropFirst($0.0).prefix($0.1) }.joined(separator: "-")
  }
}

extension Refusal {
  /// A refusal under a name that an AWS service model lists.
  init(aws code: String, _ reason: String, kind: Kind = .malformed) {
    self.init(kind, reason)
    awsCode = code
  }

  /// The exception's name.
  var awsName: String {
    if let awsCode { return awsCode }
    return switch kind {
    case .unauthenticated: "UnrecognizedClientException"
    case .forbidden: "AccessDeniedException"
    case .notFound, .methodNotAllowed: "UnknownOperationException"
    case .tooLarge: "RequestEntityTooLargeException"
    case .unavailable, .cancelled: "ServiceUnavailableException"
    case .timeout: "RequestTimeoutException"
    case .internalError: "InternalFailure"
    case .malformed, .unsupported, .invalid, .overBudget: "InvalidRequestException"
    }
  }

  /// The status: AWS knows no 401 and no 422.
  var awsStatus: HTTPResponseStatus {
    switch kind {
    case .unauthenticated: awsCode == "IncompleteSignatureException" ? .badRequest : .forbidden
    case .malformed, .unsupported, .invalid, .overBudget: .badRequest
    case .forbidden, .notFound, .methodNotAllowed, .timeout, .tooLarge, .unavailable, .cancelled, .internalError: kind.status
    }
  }
}
