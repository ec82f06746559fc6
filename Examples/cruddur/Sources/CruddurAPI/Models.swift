// SPDX-License-Identifier: Apache-2.0
import Foundation
import Hummingbird

/// One post, or a reply to one.
struct Activity: Codable, Sendable, ResponseEncodable {
  var uuid: String
  var handle: String
  var message: String
  var replyTo: String?
  var createdAt: Date
  var expiresAt: Date?
  var repliesCount: Int = 0
}

/// Somebody who writes.
struct User: Codable, Sendable, ResponseEncodable {
  var uuid: String
  var handle: String
  var displayName: String
}

/// One message between two people.
struct Message: Codable, Sendable, ResponseEncodable {
  var uuid: String
  var groupUUID: String
  var handle: String
  var message: String
  var createdAt: Date
}

/// A conversation with somebody, as the list of conversations shows it.
struct MessageGroup: Codable, Sendable, ResponseEncodable {
  var uuid: String
  var handle: String
  var lastMessage: String
  var lastAt: Date
}

/// What a client sends to post something.
struct NewActivity: Decodable, Sendable {
  var message: String
  /// `30-days`, `7-days`, `3-days`, `1-day`, `12-hours`, `3-hours` or `1-hour`.
  var ttl: String?
}

/// What a client sends to write to somebody.
struct NewMessage: Decodable, Sendable {
  var handle: String
  var message: String
}

/// What a request asks wrongly: becomes status 422 with the reason.
struct Invalid: HTTPResponseError {
  var reason: String
  var status: HTTPResponse.Status { .unprocessableContent }

  func response(from request: Request, context: some RequestContext) throws -> Response {
    try context.responseEncoder.encode(["error": reason], from: request, context: context).with(status: status)
  }
}

extension Response {
  fileprivate func with(status: HTTPResponse.Status) -> Response {
    var response = self
    response.status = status
    return response
  }
}
