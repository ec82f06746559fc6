// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnHoneycomb
import NIOCore
import NIOHTTP1

/// How a door's clients want to read an error.
public enum Dialect: Sendable, Hashable, CaseIterable {
  /// `google.rpc.Status` in the request's own encoding.
  case otlp
  /// Status and message in trailers, over HTTP 200.
  case grpc
  /// RFC 7807 with Honeycomb's types.
  case honeycomb
  /// `{"error": …, "field": …}`
  case cairn
  /// AWS's rest-json, X-Ray's: the exception's name in a header, the body `{"Message": …}`.
  case awsRESTJSON
  /// AWS's JSON 1.0 and 1.1, CloudWatch's: the exception's name and the text in the body. XML for who sent a form.
  case awsJSON
  /// AWS's RPC v2 in CBOR, which CloudWatch has beside JSON.
  case awsCBOR
  /// `{"err": 1, "message": …}`
  case rollbar
  /// A line of text.
  case plain
}

/// The one place where an error becomes a status and a body.
enum ErrorResponse {
  static func make(_ refusal: Refusal, in dialect: Dialect, to request: Request) -> Response {
    var response: Response
    switch dialect {
    case .grpc: return GRPCMessage.response(GRPCStatus(refusal))
    case .otlp: response = otlp(refusal, request)
    case .honeycomb: response = honeycomb(refusal)
    case .cairn: response = cairn(refusal)
    case .awsJSON where request.mediaType == "application/x-www-form-urlencoded": response = AWSErrorResponse.form(refusal)
    case .awsJSON: response = AWSErrorResponse.json(refusal.awsName, refusal.reason, status: refusal.awsStatus)
    case .awsCBOR: response = AWSErrorResponse.cbor(refusal.awsName, refusal.reason, code: refusal.awsName, status: refusal.awsStatus)
    case .awsRESTJSON: response = AWSErrorResponse.restJSON(refusal)
    case .rollbar: response = rollbar(refusal)
    case .plain:
      response = Response(status: refusal.kind.status, contentType: "text/plain; charset=utf-8", text: refusal.reason + "\n")
    }
    response.headers.add(name: "x-content-type-options", value: "nosniff")
    if let seconds = refusal.retryAfterSeconds { response.headers.add(name: "retry-after", value: String(seconds)) }
    if !refusal.allowedMethods.isEmpty {
      response.headers.add(name: "allow", value: refusal.allowedMethods.joined(separator: ", "))
    }
    if refusal.kind == .unauthenticated, response.status == .unauthorized { response.headers.add(name: "www-authenticate", value: "Bearer") }
    return response
  }

  private static func otlp(_ refusal: Refusal, _ request: Request) -> Response {
    let status = RPCStatus(refusal)
    if request.mediaType == "application/json" {
      return Response(status: refusal.kind.status, contentType: "application/json", bytes: ByteBuffer(bytes: status.json))
    }
    return Response(status: refusal.kind.status, contentType: "application/x-protobuf", bytes: ByteBuffer(bytes: status.protobuf))
  }

  private static func cairn(_ refusal: Refusal) -> Response {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("error", refusal.reason)
    if let field = refusal.field { writer.member("field", field) }
    writer.endObject()
    return Response(status: refusal.kind.status, contentType: "application/json", bytes: ByteBuffer(bytes: writer.finish()))
  }

  /// Every status has a JSON body, or pyrollbar logs a failure of its own.
  private static func rollbar(_ refusal: Refusal) -> Response {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("err", 1)
    writer.member("message", refusal.reason)
    writer.endObject()
    return Response(status: refusal.kind.status, contentType: "application/json", bytes: ByteBuffer(bytes: writer.finish()))
  }

  private static func honeycomb(_ refusal: Refusal) -> Response {
    var details = refusal.details
    if details.isEmpty, let field = refusal.field { details = [.init(field: field, code: .invalid, description: refusal.reason)] }
    let error = HoneycombError(refusal.isConflict ? .conflict : refusal.kind.honeycombProblem, refusal.reason, details: details)
    return Response(status: refusal.isConflict ? .conflict : refusal.kind.status, contentType: error.contentType, bytes: ByteBuffer(bytes: error.body))
  }
}

extension Refusal.Kind {
  /// The HTTP status. A hiccup of ours is 503, never 500: OTLP clients drop what gets a 500.
  var status: HTTPResponseStatus {
    switch self {
    case .malformed: .badRequest
    case .unauthenticated: .unauthorized
    case .forbidden: .forbidden
    case .notFound: .notFound
    case .methodNotAllowed: .methodNotAllowed
    case .timeout: .requestTimeout
    case .tooLarge: .payloadTooLarge
    case .unsupported: .unsupportedMediaType
    case .invalid: .unprocessableEntity
    case .overBudget: .unprocessableEntity
    case .unavailable: .serviceUnavailable
    case .cancelled: .custom(code: 499, reasonPhrase: "Client Closed Request")
    case .internalError: .internalServerError
    }
  }

  /// The code of `google.rpc.Code` and of gRPC.
  var rpcCode: Int {
    switch self {
    case .malformed, .invalid: 3
    case .unauthenticated: 16
    case .forbidden: 7
    case .notFound, .methodNotAllowed, .unsupported: 12
    case .timeout: 4
    case .tooLarge, .overBudget: 8
    case .unavailable: 14
    case .cancelled: 1
    case .internalError: 13
    }
  }

  fileprivate var honeycombProblem: HoneycombError.Problem {
    switch self {
    case .malformed: .unparseable
    case .notFound: .notFound
    case .methodNotAllowed: .methodNotAllowed
    case .tooLarge: .payloadTooLarge
    case .invalid, .overBudget: .validationFailed
    case .unauthenticated: .unauthorized
    case .forbidden: .forbidden
    case .unsupported: .unsupportedMediaType
    case .timeout, .unavailable, .cancelled, .internalError: .unavailable
    }
  }
}
