// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// What leaves: a POST to a webhook, or a mail to a relay.
public enum Shipment: Sendable, Hashable {
  case webhook(url: String, body: [UInt8])
  case mail(relay: String, from: String, to: [String], subject: String, text: String)
}

/// Carries one shipment, once.
public struct Sender: Sendable {
  public var guardian: AddressGuard
  /// From the connection to the last byte of the answer, as at Rollbar.
  public static let timeoutSeconds: Int64 = 3
  private static let answerBytesMax = 65_536

  public init(guardian: AddressGuard) { self.guardian = guardian }

  /// Returns what the other side said, in a few words.
  public func send(_ shipment: Shipment) async throws(DeliveryError) -> String {
    switch shipment {
    case .webhook(let url, let body): return try await post(try WebTarget(url), body)
    case .mail(let relay, let from, let to, let subject, let text):
      return try await mail(try WebTarget("http://" + relay), MailText(from: from, to: to, subject: subject, text: text))
    }
  }

  private func post(_ target: WebTarget, _ body: [UInt8]) async throws(DeliveryError) -> String {
    let address = try await guardian.address(of: target)
    let status = try await limited { () async throws -> Int in
      let connection: NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart> = try await bootstrap.connect(
        host: address, port: target.port
      ) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHTTPClientHandlers()
          return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
        }
      }
      let fields: HTTPHeaders = [
        "host": target.port == 80 ? target.host : "\(target.host):\(target.port)", "content-type": "application/json",
        "content-length": String(body.count), "user-agent": "cairn", "connection": "close",
      ]
      let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: target.path, headers: fields)
      return try await connection.executeThenClose { (inbound, outbound) in
        try await outbound.write(contentsOf: [.head(head), .body(.byteBuffer(ByteBuffer(bytes: body))), .end(nil)])
        for try await part in inbound {
          if case .head(let head) = part { return Int(head.status.code) }
        }
        return 0
      }
    }
    guard [200, 201, 202, 204].contains(status) else {
      throw DeliveryError(status == 0 ? "no answer" : "status \(status)", isLasting: status == 410)
    }
    return "status \(status)"
  }

  private var bootstrap: ClientBootstrap {
    ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connectTimeout(.seconds(Self.timeoutSeconds))
  }

  /// SMTP (RFC 5321) without extensions: for a relay on this network.
  private func mail(_ target: WebTarget, _ mail: MailText) async throws(DeliveryError) -> String {
    let address = try await guardian.address(of: target)
    return try await limited { () async throws -> String in
      let connection: NIOAsyncChannel<ByteBuffer, ByteBuffer> = try await bootstrap.connect(host: address, port: target.port) { channel in
        channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
      }
      return try await connection.executeThenClose { (inbound, outbound) in
        var replies = ReplyReader()
        var commands = mail.commands[...]
        for try await bytes in inbound {
          guard replies.byteCount < Self.answerBytesMax else { throw DeliveryError("the relay's answer is too long", isLasting: false) }
          for code in replies.add(bytes) {
            guard let command = commands.first else { return "accepted" }
            guard code == command.expects else { throw DeliveryError("the relay answers \(code)", isLasting: code >= 500) }
            commands.removeFirst()
            try await outbound.write(ByteBuffer(string: command.text))
          }
        }
        throw DeliveryError("the relay closed the connection", isLasting: false)
      }
    }
  }

  /// The work, or an error once its time is over.
  private func limited<Result: Sendable>(
    _ work: @escaping @Sendable () async throws -> Result
  ) async throws(DeliveryError) -> Result {
    do {
      return try await withThrowingTaskGroup(of: Result.self) { (tasks) in
        tasks.addTask { try await work() }
        tasks.addTask {
          try await Task.sleep(for: .seconds(Self.timeoutSeconds))
          throw DeliveryError("no answer within \(Self.timeoutSeconds) s", isLasting: false)
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

/// A mail as the commands that hand it over, each sent when the reply before it was as expected.
struct MailText {
  var from: String
  var to: [String]
  var subject: String
  var text: String

  var commands: [(expects: Int, text: String)] {
    var commands: [(expects: Int, text: String)] = [(220, "HELO cairn\r\n"), (250, "MAIL FROM:<\(address(from))>\r\n")]
    for receiver in to { commands.append((250, "RCPT TO:<\(address(receiver))>\r\n")) }
    commands.append((250, "DATA\r\n"))
    commands.append((354, message))
    commands.append((250, "QUIT\r\n"))
    return commands
  }

  private var message: String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.hasPrefix(".") ? "." + $0 : String($0) }
    let head = [
      "From: \(address(from))", "To: \(to.map(address).joined(separator: ", "))", "Subject: \(oneLine(subject))",
      "Content-Type: text/plain; charset=utf-8", "MIME-Version: 1.0", "",
    ]
    return (head + lines.map { $0.filter { $0 != "\r" } }).joined(separator: "\r\n") + "\r\n.\r\n"
  }

  /// What could end a line or an address goes.
  private func address(_ text: String) -> String { String(text.filter { $0.isASCII && !$0.isWhitespace && !$0.isNewline && $0 != "<" && $0 != ">" }) }

  private func oneLine(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }.prefix(200)) }
}

/// Reads SMTP's replies: the code of each last line.
private struct ReplyReader {
  private var rest = ByteBuffer()
  private(set) var byteCount = 0

  mutating func add(_ bytes: ByteBuffer) -> [Int] {
    var bytes = bytes
    byteCount += bytes.readableBytes
    rest.writeBuffer(&bytes)
    var codes: [Int] = []
    while let end = rest.readableBytesView.firstIndex(of: 10) {
      let line = rest.readString(length: end - rest.readerIndex) ?? ""
      rest.moveReaderIndex(forwardBy: 1)
      if line.count < 4 || line.dropFirst(3).first != "-" { codes.append(Int(line.prefix(3)) ?? 0) }
    }
    return codes
  }
}
