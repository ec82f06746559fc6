// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
internal import CairnFormats
internal import NIOCore
internal import NIOHTTP1

/// What the kit sends over HTTP.
struct OutgoingRequest: Sendable {
  var url: String
  var method = "POST"
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []
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
  private let client: HTTPClient

  init(trustRoots: String? = nil, clientCertificate: String? = nil, clientKey: String? = nil) throws(ConfigurationError) {
    var configuration = HTTPClient.Configuration()
    configuration.tracing.tracer = nil
    configuration.redirectConfiguration = .disallow
    configuration.decompression = .disabled
    configuration.timeout.connect = .seconds(5)
    configuration.tlsConfiguration = try TLSFiles.configuration(trustRoots: trustRoots, certificate: clientCertificate, key: clientKey)
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  func send(_ request: OutgoingRequest, timeout: Duration) async throws(SendFailure) -> IncomingResponse {
    var outgoing = HTTPClientRequest(url: request.url)
    outgoing.method = HTTPMethod(rawValue: request.method)
    for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
    if !request.body.isEmpty { outgoing.body = .bytes(ByteBuffer(bytes: request.body)) }
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
  /// Unix seconds of now.
  let now: @Sendable () -> Int64

  enum Outcome: Sendable {
    case answered(IncomingResponse)
    case gaveUp(reason: String)
  }

  /// `prepare` makes the request of each try anew: a signature holds for minutes only.
  func send(_ prepare: @Sendable () -> OutgoingRequest) async -> Outcome {
    var spent = Duration.zero
    var attempt = 0
    var reason = ""
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
          wait = .seconds(min(seconds, 3_600))
        }
      case .failure(let failure): reason = failure.reason
      }
      guard spent + wait < policy.timeout, !Task.isCancelled else { break }
      spent += wait
      do { try await clock.sleep(for: wait) } catch { break }
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
