// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// The whole of a small body. Hummingbird writes a response whose body is one buffer in one go, and one whose body is a closure in three:
/// a middleware that looks for the end of a body by wrapping it would make every response dearer than all else that it does.
struct SmallBody: ResponseBodyWriter {
  /// A body that says that it is longer stays what it is.
  static let byteCountMax = 65_536
  private let kept = Kept()

  private final class Kept {
    var buffer = ByteBuffer()
    var trailers: HTTPFields?
  }

  /// The same body as one buffer; with trailers, one that writes both. An answer to HEAD says how long a body would be and writes none:
  /// what was said stays.
  static func gather(_ body: ResponseBody) async throws -> ResponseBody {
    let writer = SmallBody()
    let byteCount = body.contentLength
    try await body.write(writer)
    let buffer = writer.kept.buffer, trailers = writer.kept.trailers
    if trailers == nil, buffer.readableBytes == byteCount { return ResponseBody(byteBuffer: buffer) }
    return ResponseBody(contentLength: byteCount) { writer in
      if buffer.readableBytes > 0 { try await writer.write(buffer) }
      try await writer.finish(trailers)
    }
  }

  func write(_ buffer: ByteBuffer) async throws {
    // The first is taken as it is: most bodies have no second.
    if kept.buffer.readableBytes == 0 { kept.buffer = buffer } else { kept.buffer.writeImmutableBuffer(buffer) }
  }

  consuming func finish(_ trailingHeaders: HTTPFields?) async throws { kept.trailers = trailingHeaders }
}
