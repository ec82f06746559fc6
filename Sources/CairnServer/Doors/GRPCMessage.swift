// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import NIOCore
import NIOHTTP1

/// The outcome of a call, as gRPC's trailers carry it.
struct GRPCStatus: Sendable, Hashable {
  var code: Int
  var message: String
  /// `google.rpc.Status` for `grpc-status-details-bin`; empty where there is nothing to add.
  var details: [UInt8]

  static let ok = GRPCStatus(code: 0, message: "", details: [])

  init(code: Int, message: String, details: [UInt8]) {
    self.code = code
    self.message = message
    self.details = details
  }

  init(_ refusal: Refusal) {
    let status = RPCStatus(refusal)
    self.init(code: status.code, message: status.message, details: status.protobuf)
  }
}

/// gRPC's frame around a message (gRPC over HTTP/2, "Length-Prefixed-Message").
///
/// ```
/// frame { 1 byte: compressed (0 or 1), 4 bytes: length, big-endian, length bytes: message }
/// ```
enum GRPCMessage {
  static let prefixLength = 5

  /// Takes the one message of a unary call out of its body, without a copy: what is left of `body` is the message, still compressed
  /// where the result is true.
  static func unwrap(_ body: inout ByteBuffer, bytesMax: Int) throws(Refusal) -> Bool {
    guard let flag = body.readInteger(as: UInt8.self), let length = body.readInteger(as: UInt32.self) else {
      throw Refusal(.malformed, "The call has no message.")
    }
    guard flag <= 1 else { throw Refusal(.malformed, "The message's compression flag is \(flag), neither 0 nor 1.") }
    guard length <= bytesMax else { throw Refusal(.tooLarge, "The message has \(length) bytes; the limit is \(bytesMax).") }
    guard Int(length) == body.readableBytes else {
      throw Refusal(.malformed, "The message announces \(length) bytes, and \(body.readableBytes) came.")
    }
    return flag == 1
  }

  /// The response to a unary call: a message where it went well, and the status in the trailers.
  static func response(_ status: GRPCStatus, message: [UInt8]? = nil) -> Response {
    var body = ByteBuffer()
    if let message {
      body.writeInteger(UInt8(0))
      body.writeInteger(UInt32(message.count))
      body.writeBytes(message)
    }
    var trailers: HTTPHeaders = ["grpc-status": String(status.code)]
    if !status.message.isEmpty { trailers.add(name: "grpc-message", value: headerText(status.message)) }
    if !status.details.isEmpty { trailers.add(name: "grpc-status-details-bin", value: Base64.textWithoutPadding(status.details)) }
    let headers: HTTPHeaders = ["content-type": "application/grpc", "grpc-accept-encoding": "identity,gzip,deflate,zstd"]
    return Response(status: .ok, headers: headers, body: .bytes(body), trailers: trailers)
  }

  /// Percent-encodes what may not stand in `grpc-message`: all but printable ASCII, and `%`.
  static func headerText(_ text: String) -> String {
    var bytes: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in text.utf8 {
      if byte >= 0x20, byte < 0x7f, byte != UInt8(ascii: "%") {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
