// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCatalog
import CairnFormats
import NIOCore
import NIOHTTP1

/// One call of X-Ray's API: its body as a tree, and whom it speaks for.
struct XRayCall: Sendable {
  var exchange: Exchange
  /// The members of the body; an empty object where there was no body.
  var body: JSONValue
  var caller: AWSCaller
  var environment: String { exchange.environment }

  init(_ exchange: Exchange) throws(Refusal) {
    self.exchange = exchange
    caller = exchange.awsCaller
    let bytes = exchange.request.body.readableBytesSpan
    if bytes.byteCount == 0 {
      body = .object([])
      return
    }
    do {
      body = try JSONValue(parsing: bytes)
    } catch {
      throw Refusal(aws: "SerializationException", "The body is not JSON: \(error.message)")
    }
    guard body.members != nil else { throw Refusal(aws: "SerializationException", "The body is not a JSON object.") }
  }

  /// A member that must be there.
  func required(_ name: String) throws(Refusal) -> JSONValue {
    guard let value = body[name], value != .null else { throw Self.constraint("null", name, "Member must not be null") }
    return value
  }

  /// A list that must be there.
  func requiredList(_ name: String) throws(Refusal) -> [JSONValue] {
    guard let list = try required(name).array else { throw Refusal(aws: "SerializationException", "'\(name)' is not a list.") }
    return list
  }

  func requiredText(_ name: String) throws(Refusal) -> String {
    guard let text = try required(name).string else { throw Refusal(aws: "SerializationException", "'\(name)' is not a string.") }
    return text
  }

  /// A text that may be absent; the empty one counts as absent.
  func text(_ name: String) -> String? {
    guard let text = body[name]?.string, !text.isEmpty else { return nil }
    return text
  }

  /// A time in epoch seconds, as rest-json sends it, in Unix nanoseconds.
  func time(_ name: String) throws(Refusal) -> Int64 {
    guard let seconds = try required(name).number, seconds >= 0, seconds < 9_223_372_036 else {
      throw Refusal(aws: "SerializationException", "'\(name)' is not a time in seconds since 1970.")
    }
    return Int64((seconds * 1e9).rounded())
  }

  /// The page that a token names: tokens are places in a list, as text.
  func place(_ token: String = "NextToken") throws(Refusal) -> Int {
    guard let text = text(token) else { return 0 }
    guard let place = Int(text), place >= 0 else { throw Refusal(aws: "InvalidRequestException", "Invalid NextToken") }
    return place
  }

  /// A list that is one page has given out no token.
  func refuseToken() throws(Refusal) {
    guard text("NextToken") == nil else { throw Refusal(aws: "InvalidRequestException", "Invalid NextToken") }
  }

  /// The exception for a value outside its bounds, in the words of AWS's validation.
  static func constraint(_ value: String, _ member: String, _ words: String) -> Refusal {
    let name = member.prefix(1).lowercased() + member.dropFirst()
    return Refusal(
      aws: "InvalidRequestException",
      "1 validation error detected: Value \(value) at '\(name)' failed to satisfy constraint: \(words)")
  }

  /// An answer: the object that the closure fills.
  static func answer(reserving byteCount: Int = 1_024, _ fill: (inout JSONWriter) -> Void) -> Response {
    var response = jsonResponse(reserving: byteCount, fill)
    response.headers.add(name: "x-amzn-requestid", value: AWSErrorResponse.requestID())
    return response
  }
}

extension Route {
  /// An operation of X-Ray's API, at X-Ray's own path; at the daemon's port too.
  static func xray(
    _ path: String, _ scope: KeyScope?, _ handle: @escaping @Sendable (XRayCall) async throws(Refusal) -> Response
  ) -> Route {
    Route(.POST, path, scope.map { .key($0) } ?? .anyKey, .awsRESTJSON) { (exchange) async throws(Refusal) in
      let call = try XRayCall(exchange)
      try XRayBounds.check(call.body, path: path)
      return try await handle(call)
    }
  }
}
