// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
internal import CairnFormats
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL

/// What the kit sends over HTTP.
struct OutgoingRequest: Sendable {
  var url: String
  var method = "POST"
  var headers: [(name: String, value: String)] = []
  var body = ByteBuffer()
}

/// What came back: the head and at most the first 64 KiB of the body.
struct IncomingResponse: Sendable {
  var status: Int
  var headers: [String: String] = [:]
  var body: [UInt8] = []

  var isSuccess: Bool { (200...299).contains(status) }
  var bodyText: String { String(decoding: body, as: UTF8.self) }
}

/// Why nothing came back, in words.
struct SendFailure: Error, Sendable {
  var reason: String
}

/// One exchange of HTTP; real, or made up by a test.
protocol HTTPTransport: Sendable {
  func send(_ request: OutgoingRequest, timeout: Duration) async throws(SendFailure) -> IncomingResponse
  func close() async
}

/// AsyncHTTPClient, without the tracing of its requests: an exporter's own traffic makes no spans.
final class ClientTransport: HTTPTransport {
  static let bodyByteCountMax = 65_536
  private static let lastWord = Duration.milliseconds(200)
  private let client: HTTPClient

  init(tls: TLSConfiguration?) {
    var configuration = HTTPClient.Configuration()
    configuration.tracing.tracer = nil
    configuration.redirectConfiguration = .disallow
    configuration.decompression = .disabled
    configuration.timeout.connect = .seconds(5)
    // When to try again is for `HTTPSender` to say: the client would go on until the time is up, and a stop with it.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.tlsConfiguration = tls
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  /// The client's own deadline ends with the head of the response; here the whole exchange has one, a little later, so that the client
  /// can still say why it got no connection.
  func send(_ request: OutgoingRequest, timeout: Duration) async throws(SendFailure) -> IncomingResponse {
    let late: Result<IncomingResponse, SendFailure> = .failure(SendFailure(reason: "no whole answer within \(timeout)"))
    return try await outcome(within: timeout + Self.lastWord, ContinuousClock(), else: late) {
      do throws(SendFailure) {
        return .success(try await self.exchange(request.authorized, timeout: timeout))
      } catch {
        return .failure(error)
      }
    }.get()
  }

  private func exchange(_ request: OutgoingRequest, timeout: Duration) async throws(SendFailure) -> IncomingResponse {
    guard URLParts(request.url).place != nil else { throw SendFailure(reason: "the URL names no host, or no port") }
    var outgoing = HTTPClientRequest(url: request.url)
    outgoing.method = HTTPMethod(rawValue: request.method)
    for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
    if request.body.readableBytes > 0 { outgoing.body = .bytes(request.body) }
    do {
      let response = try await client.execute(outgoing, timeout: .nanoseconds(timeout.nanoseconds))
      var incoming = IncomingResponse(status: Int(response.status.code))
      for header in response.headers { incoming.headers[header.name.lowercased()] = header.value }
      incoming.body = await Self.firstBytes(of: response.body)
      return incoming
    } catch {
      throw SendFailure(reason: "\(error)")
    }
  }

  /// Reads until there is enough, and lets go of the rest: a body without an end must not hold the exporter.
  private static func firstBytes(of body: HTTPClientResponse.Body) async -> [UInt8] {
    var bytes: [UInt8] = []
    do {
      for try await part in body {
        bytes.append(contentsOf: part.readableBytesView.prefix(bodyByteCountMax - bytes.count))
        if bytes.count >= bodyByteCountMax { break }
      }
    } catch {
      return bytes
    }
    return bytes
  }

  func close() async { try? await client.shutdown() }

  /// A kit that never ran, or whose start failed, is no reason for the client to trap.
  deinit {
    let client = self.client
    Task { try? await client.shutdown() }
  }
}

extension Duration {
  /// Whole nanoseconds; saturates.
  var nanoseconds: Int64 {
    let (seconds, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : seconds + components.attoseconds / 1_000_000_000
  }
}

/// Sends with patience: tries again where the protocol says so, within one budget of time.
struct HTTPSender: Sendable {
  let transport: any HTTPTransport
  var policy = RetryPolicy()
  let clock: any Clock<Duration>
  /// Opens when the program stops: from then on nothing is tried twice.
  var closing = Gate()
  /// What the server asked for outlasts the batch that it refused: the next one waits too.
  var pause = Pause()
  /// Unix seconds of now.
  let now: @Sendable () -> Int64

  enum Outcome: Sendable {
    case answered(IncomingResponse)
    case gaveUp(reason: String)
  }

  /// Returns when the server may be asked again, when the program stops, or when the task is cancelled.
  func untilAllowed() async { await pause.wait(closing, clock) }

  /// Where somebody waits for the answer: with no regard to what the server said to others.
  var forSomebodyWhoWaits: HTTPSender {
    var sender = self
    sender.pause = Pause()
    return sender
  }

  /// `prepare` makes the request of each try anew: a signature holds for minutes only.
  func send(_ prepare: @Sendable () -> OutgoingRequest) async -> Outcome {
    await untilAllowed()
    var spent = Duration.zero
    var attempt = 0
    let stopped = "the program stopped"
    var reason = stopped
    // Where nobody waits for the answer any more, it would not be known whether it was taken.
    guard !Task.isCancelled else { return .gaveUp(reason: reason) }
    while spent < policy.timeout {
      let left = policy.timeout - spent
      let (outcome, took) = await measured { await attemptOnce(prepare(), timeout: left) }
      spent += took
      attempt += 1
      var wait = policy.wait(beforeAttempt: attempt, jitter: Double.random(in: 0...1))
      switch outcome {
      case .success(let response) where !RetryPolicy.retryableStatuses.contains(response.status): return .answered(response)
      case .success(let response):
        reason = "status \(response.status)"
        if let text = response.headers["retry-after"], let seconds = RetryPolicy.retryAfterSeconds(text, nowUnixSeconds: now()) {
          wait = Pause.duration(seconds: seconds)
          pause.begin(wait)
        }
      case .failure(let failure): reason = Task.isCancelled ? stopped : failure.reason
      }
      guard spent + wait < policy.timeout, !Task.isCancelled, !closing.isOpen else { break }
      spent += wait
      await closing.sleep(for: wait, clock)
      guard !Task.isCancelled else { break }
    }
    return .gaveUp(reason: reason)
  }

  private func attemptOnce(_ request: OutgoingRequest, timeout: Duration) async -> Result<IncomingResponse, SendFailure> {
    do { return .success(try await transport.send(request, timeout: timeout)) } catch { return .failure(error) }
  }

  private func measured<Value>(_ body: () async -> Value) async -> (Value, Duration) {
    let start = ContinuousClock.now
    let value = await body()
    return (value, ContinuousClock.now - start)
  }
}
