// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// Carries one shipment, once.
public struct Sender: Sendable {
  public var guardian: AddressGuard
  /// From the connection to the last byte of the answer.
  public static let timeoutSeconds: Int64 = 10
  private let relay: MailRelay?
  private let trust: Trust

  /// `authorities` is the path of a PEM file with certificates that are trusted beside the system's.
  public init(guardian: AddressGuard, relay: MailRelay? = nil, authorities: String? = nil) {
    self.guardian = guardian
    self.relay = relay
    trust = Trust(authorities: authorities)
  }

  /// What is wrong with a file of certificates (PEM); nil where it can be trusted.
  public static func whyNotTrusted(_ path: String) -> String? {
    do {
      let found = try NIOSSLCertificate.fromPEMFile(path)
      return found.isEmpty ? "it holds none" : nil
    } catch {
      return "\(error)"
    }
  }

  /// Returns what the other side said, in a few words. A mail bears the time at which it was written.
  public func send(_ shipment: Shipment, createdUnixMilliseconds: Int64) async throws(DeliveryError) -> String {
    switch shipment {
    case .webhook(let url, let fields, let body): return try await post(try WebTarget(url), fields, body)
    case .mail(let from, let to, let subject, let text):
      guard let relay else { throw DeliveryError("no mail relay is configured: set 'smtp' to HOST:PORT", isLasting: true) }
      return try await mail(relay, MailText(from: from, to: to, subject: subject, text: text, createdUnixMilliseconds: createdUnixMilliseconds))
    }
  }

  private func post(_ target: WebTarget, _ extra: [WebField], _ body: [UInt8]) async throws(DeliveryError) -> String {
    let address = try await guardian.address(of: target)
    let context = target.isSecure ? try trust.context() : nil
    let status = try await limited(seconds: Self.timeoutSeconds) { () async throws -> Int in
      let connection: NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart> = try await bootstrap.connect(
        host: address, port: target.port
      ) { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let context { try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: target.serverName)) }
          try pipeline.addHTTPClientHandlers()
          return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
        }
      }
      var fields: HTTPHeaders = [
        "host": target.hostField, "content-length": String(body.count), "user-agent": "cairn", "connection": "close",
      ]
      for field in extra { fields.replaceOrAdd(name: field.name, value: field.value) }
      if !fields.contains(name: "content-type") { fields.add(name: "content-type", value: "application/json") }
      let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: target.path, headers: fields)
      return try await connection.executeThenClose { (inbound, outbound) in
        try await outbound.write(contentsOf: [.head(head), .body(.byteBuffer(ByteBuffer(bytes: body))), .end(nil)])
        for try await part in inbound {
          if case .head(let head) = part { return Int(head.status.code) }
        }
        return 0
      }
    }
    guard (200...299).contains(status) else {
      // A redirect is never followed: its target was not checked. 410 says that the receiver is gone for good.
      throw DeliveryError(status == 0 ? "no answer" : "status \(status)", isLasting: status == 410)
    }
    return "status \(status)"
  }

  private var bootstrap: ClientBootstrap {
    ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connectTimeout(.seconds(Self.timeoutSeconds))
  }

  private func mail(_ relay: MailRelay, _ mail: MailText) async throws(DeliveryError) -> String {
    let target = relay.target
    let address = try await guardian.address(of: target, isTrusted: true)
    let context = relay.security == .none ? nil : try trust.context()
    return try await limited(seconds: 3 * Self.timeoutSeconds) { () async throws -> String in
      let connection: NIOAsyncChannel<ByteBuffer, ByteBuffer> = try await bootstrap.connect(host: address, port: target.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          if let context, relay.security == .tls {
            try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: target.serverName))
          }
          return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
        }
      }
      let channel = connection.channel
      return try await connection.executeThenClose { (inbound, outbound) in
        var replies = ReplyReader()
        var talk = MailConversation(relay: relay, mail: mail)
        for try await bytes in inbound {
          for reply in try replies.add(bytes) {
            switch try talk.answer(reply) {
            case .send(let text): try await outbound.write(ByteBuffer(string: text))
            case .startTLS(let next):
              // What came behind the reply came in the clear, from whom nobody knows.
              guard replies.isEmpty, let context else { throw DeliveryError("the relay speaks before TLS begins", isLasting: false) }
              try await channel.eventLoop.submit {
                let handler = try NIOSSLClientHandler(context: context, serverHostname: target.serverName)
                try channel.pipeline.syncOperations.addHandler(handler, position: .first)
              }.get()
              try await outbound.write(ByteBuffer(string: next))
            case .done(let outcome): return outcome
            }
          }
        }
        throw DeliveryError("the relay closed the connection", isLasting: false)
      }
    }
  }

  /// The work, or an error once its time is over.
  private func limited<Result: Sendable>(
    seconds: Int64, _ work: @escaping @Sendable () async throws -> Result
  ) async throws(DeliveryError) -> Result {
    do {
      return try await withThrowingTaskGroup(of: Result.self) { (tasks) in
        tasks.addTask { try await work() }
        tasks.addTask {
          try await Task.sleep(for: .seconds(seconds))
          throw DeliveryError("no answer within \(seconds) s", isLasting: false)
        }
        defer { tasks.cancelAll() }
        guard let first = try await tasks.next() else { throw DeliveryError("nothing was sent", isLasting: false) }
        return first
      }
    } catch let error as DeliveryError {
      throw error
    } catch {
      throw DeliveryError("\(error)", isLasting: false)
    }
  }
}
