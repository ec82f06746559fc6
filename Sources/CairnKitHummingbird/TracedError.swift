// SPDX-License-Identifier: Apache-2.0
public import HTTPTypes
public import Hummingbird

/// An error that went through the middleware: its answer is the same, and names the trace. A middleware around this one finds the error
/// itself in `underlying`.
public struct TracedError: HTTPResponseError {
  public let underlying: any Error
  let headers: HTTPFields

  public var status: HTTPResponse.Status { (underlying as? any HTTPResponseError)?.status ?? .internalServerError }

  public func response(from request: Request, context: some RequestContext) throws -> Response {
    guard let answering = underlying as? any HTTPResponseError else { return Response(status: status, headers: headers) }
    var response = try answering.response(from: request, context: context)
    for field in headers { response.headers[field.name] = field.value }
    return response
  }
}

extension TracedError: CustomStringConvertible {
  public var description: String { String(describing: underlying) }
}
