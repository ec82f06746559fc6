// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

@testable import CairnKit

/// A collector that answers as a test wants, and remembers what it got.
final class FakeTransport: HTTPTransport {
  typealias Answer = Result<IncomingResponse, SendFailure>
  private let state: Mutex<State>

  private struct State {
    var requests: [OutgoingRequest] = []
    var timeouts: [Duration] = []
    var answers: [Answer]
    let last: Answer
  }

  /// Answers in turn; afterwards always the last one.
  convenience init(_ answers: Answer...) { self.init(answers) }

  init(_ answers: [Answer]) {
    state = Mutex(State(answers: answers, last: answers.last ?? .success(IncomingResponse(status: 200))))
  }

  var requests: [OutgoingRequest] { state.withLock(\.requests) }
  /// How long each of them might have taken.
  var timeouts: [Duration] { state.withLock(\.timeouts) }

  func send(_ request: OutgoingRequest, timeout: Duration) async throws(SendFailure) -> IncomingResponse {
    let answer = state.withLock { state in
      state.requests.append(request)
      state.timeouts.append(timeout)
      return state.answers.isEmpty ? state.last : state.answers.removeFirst()
    }
    return try answer.get()
  }

  func close() async {}
}

/// A clock that passes when it is told to sleep.
final class InstantClock: Clock {
  struct Instant: InstantProtocol {
    var offset: Duration = .zero
    func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    func duration(to other: Instant) -> Duration { other.offset - offset }
    static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
  }
  private let time = Mutex(Instant())
  /// All the sleeps together.
  var slept: Duration { time.withLock(\.offset) }
  var now: Instant { time.withLock { $0 } }
  var minimumResolution: Duration { .nanoseconds(1) }

  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    time.withLock { $0 = max($0, deadline) }
    await Task.yield()
    try Task.checkCancellation()
  }
}

extension OutgoingRequest {
  /// The body, as parsers want it.
  var bodyBytes: [UInt8] { Array(body.readableBytesView) }
}

extension ByteBuffer {
  var bytes: [UInt8] { Array(readableBytesView) }
}

extension HTTPSender {
  static func testing(_ transport: FakeTransport, clock: InstantClock = InstantClock(), timeout: Duration = .seconds(60)) -> HTTPSender {
    HTTPSender(transport: transport, policy: RetryPolicy(timeout: timeout), clock: clock) { 1_784_000_000 }
  }
}
