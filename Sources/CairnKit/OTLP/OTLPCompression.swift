// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import NIOCore

/// How bodies are packed on their way to a collector.
public enum OTLPCompression: String, Sendable, Hashable, CaseIterable {
  case none
  case gzip
  /// Cairn takes it; not every collector does.
  case zstd

  func pack(_ body: ByteBuffer) -> ByteBuffer {
    switch self {
    case .none: return body
    case .gzip: return ByteBuffer(bytes: GzipCompressor.compress(body.readableBytesSpan, level: 1))
    case .zstd:
      var packed: [UInt8] = []
      var compressor = ZstdCompressor(level: 1)
      compressor.compress(body.readableBytesSpan, appendingTo: &packed)
      return ByteBuffer(bytes: packed)
    }
  }
}
