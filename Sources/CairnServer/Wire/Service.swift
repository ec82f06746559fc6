// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1

/// What the wire asks of the server: a verdict on each head before its body is read, then an answer to the whole request.
protocol Service: Sendable {
  /// Runs on the event loop, so it must be quick: may this request send its body?
  func admit(_ request: Request) -> Admission
  /// Runs in a task of its own, cancelled when the client goes away.
  func respond(to request: Request, admitted ticket: Ticket) async -> Response
  /// An admitted request turned out to have a body beyond its limit or beyond what the server can hold.
  func overflow(_ request: Request, admitted ticket: Ticket, cause: BodyOverflow) -> Response
  /// What arrived was no request at all.
  func malformed(listener: ListenerRole, remoteAddress: String, reason: String)
}

/// Why the rest of a body was not taken.
enum BodyOverflow: Sendable, Hashable {
  case tooLarge(limitBytes: Int)
  /// The bodies of all connections together need more memory than they may.
  case outOfMemory
  /// It did not come in time.
  case tooSlow
}

/// The verdict on a request's head.
enum Admission: Sendable {
  case take(Ticket)
  case refuse(Response)
}

/// What admission found out about a request, so that nothing is looked up twice.
struct Ticket: Sendable {
  var route: Route
  var parameters: PathParameters
  var principal: Principal
  var bodyBytesMax: Int
}
