// SPDX-License-Identifier: Apache-2.0
public import CairnFormats
import NIOCore
import NIOHTTP1
import NIOPosix

/// Why a server did not answer, or not well.
public enum ClientError: Error, Sendable, Hashable, CustomStringConvertible {
  case unreachable(String, reason: String)
  /// The server's own words.
  case refused(status: Int, reason: String)
  case malformed(String)

  public var description: String {
    switch self {
    case .unreachable(let address, let reason): "no server answers at \(address): \(reason)"
    case .refused(let status, let reason): "\(reason) (\(status))"
    case .malformed(let reason): "the answer cannot be read: \(reason)"
    }
  }
}

/// What came back: status, headers by lower-case name, and the whole body.
public struct ClientResponse: Sendable {
  public var status: Int
  public var headers: [String: String]
  public var body: [UInt8]
}

/// A small HTTP/1.1 client for a server of ours: one connection a request, plain text, answers up to 256 MiB.
public struct APIClient: Sendable {
  public var server: Endpoint
  /// Sent as `authorization: Bearer`.
  public var key: String?
  private static let bodyBytesMax = 256 << 20

  public init(server: Endpoint, key: String? = nil) {
    self.server = server
    self.key = key
  }

  private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

  /// Sends a request and reads the whole answer, whatever its status.
  public func send(
    _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8] = []
  ) async throws(ClientError) -> ClientResponse {
    let response = try await exchange(method, path, headers, body) { (parts) in
      var response = ClientResponse(status: 0, headers: [:], body: [])
      for try await part in parts {
        switch part {
        case .head(let head):
          response.status = Int(head.status.code)
          for field in head.headers { response.headers[field.name.lowercased()] = field.value }
        case .body(let bytes):
          response.body.append(contentsOf: bytes.readableBytesView)
          guard response.body.count <= Self.bodyBytesMax else { throw ClientError.malformed("it is too long") }
        case .end: return response
        }
      }
      return response
    }
    guard response.status != 0 else { throw .unreachable(server.text, reason: "the connection was closed") }
    return response
  }

  /// Asks Cairn's own API; throws the server's words where it refuses.
  public func ask(_ method: String, _ path: String, body: [UInt8] = []) async throws(ClientError) -> JSONValue {
    let response = try await send(method, path, headers: [("content-type", "application/json")], body: body)
    guard let json = try? JSONValue(parsing: response.body) else {
      throw .refused(status: response.status, reason: String(decoding: response.body.prefix(300), as: UTF8.self))
    }
    guard response.status < 300 else { throw .refused(status: response.status, reason: json["error"]?.string ?? "refused") }
    return json
  }

  /// Follows a stream of server-sent events; the closure gets the text behind each `data: `. Returns when the server ends it.
  public func follow(
    _ path: String, _ receive: @escaping @Sendable (_ event: String, _ data: String) -> Void
  ) async throws(ClientError) {
    try await exchange("GET", path, [], []) { (parts) in
      var status = 200
      var lines = LineSplitter()
      var event = ""
      for try await part in parts {
        switch part {
        case .head(let head): status = Int(head.status.code)
        case .body(let bytes):
          guard status == 200 else { throw ClientError.refused(status: status, reason: Self.words(bytes.readableBytesView)) }
          for line in lines.add(bytes) {
            if line.hasPrefix("event: ") { event = String(line.dropFirst(7)) }
            if line.hasPrefix("data: ") { receive(event, String(line.dropFirst(6))) }
            if line.isEmpty { event = "" }
          }
        case .end: return
        }
      }
    }
  }

  /// Reads an answer of any length, some lines at a time; throws the server's words where it refuses, and where the answer ends before its end.
  public func lines(_ path: String, _ receive: @escaping @Sendable ([String]) -> Void) async throws(ClientError) {
    try await exchange("GET", path, [], []) { (parts) in
      var status = 200
      var lines = LineSplitter()
      var refusal: [UInt8] = []
      for try await part in parts {
        switch part {
        case .head(let head): status = Int(head.status.code)
        case .body(let bytes):
          if status == 200 {
            receive(lines.add(bytes))
          } else if refusal.count < 65_536 {
            refusal += bytes.readableBytesView
          }
        case .end:
          guard status != 200 else { return }
          throw ClientError.refused(status: status, reason: Self.words(refusal))
        }
      }
      throw ClientError.malformed("it ends too early")
    }
  }

  /// What a refusal says, or how its body begins.
  private static func words(_ body: some Collection<UInt8>) -> String {
    (try? JSONValue(parsing: Array(body)))?["error"]?.string ?? String(decoding: body.prefix(300), as: UTF8.self)
  }

  /// One request, whose answer the closure reads.
  private func exchange<Result: Sendable>(
    _ method: String, _ path: String, _ headers: [(String, String)], _ body: [UInt8],
    _ read: @escaping @Sendable (NIOAsyncChannelInboundStream<HTTPClientResponsePart>) async throws -> Result
  ) async throws(ClientError) -> Result {
    do {
      return try await connected(method, path, headers, body, read)
    } catch let error as ClientError {
      throw error
    } catch {
      // The network's own account of a refused connection is long.
      let reason = "\(error)"
      throw .unreachable(server.text, reason: reason.contains("Connection refused") ? "nothing listens there" : reason)
    }
  }

  private func connected<Result: Sendable>(
    _ method: String, _ path: String, _ headers: [(String, String)], _ body: [UInt8],
    _ read: @escaping @Sendable (NIOAsyncChannelInboundStream<HTTPClientResponsePart>) async throws -> Result
  ) async throws -> Result {
    let connection: Connection = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connectTimeout(.seconds(5))
      .connect(host: server.host, port: server.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHTTPClientHandlers()
          return try Connection(wrappingChannelSynchronously: channel)
        }
      }
    var fields = HTTPHeaders(headers)
    fields.replaceOrAdd(name: "host", value: fields.first(name: "host") ?? server.text)
    fields.add(name: "connection", value: "close")
    if let key { fields.add(name: "authorization", value: "Bearer \(key)") }
    if !body.isEmpty || method == "POST" { fields.add(name: "content-length", value: String(body.count)) }
    let head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: path, headers: fields)
    return try await connection.executeThenClose { (inbound, outbound) in
      var parts: [HTTPClientRequestPart] = [.head(head)]
      if !body.isEmpty { parts.append(.body(.byteBuffer(ByteBuffer(bytes: body)))) }
      try await outbound.write(contentsOf: parts + [.end(nil)])
      return try await read(inbound)
    }
  }
}

/// Cuts a stream of bytes into lines.
private struct LineSplitter {
  private var rest = ByteBuffer()

  mutating func add(_ bytes: ByteBuffer) -> [String] {
    var bytes = bytes
    rest.writeBuffer(&bytes)
    var lines: [String] = []
    while let end = rest.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
      lines.append(rest.readString(length: end - rest.readerIndex) ?? "")
      rest.moveReaderIndex(forwardBy: 1)
    }
    rest.discardReadBytes()
    return lines
  }
}
