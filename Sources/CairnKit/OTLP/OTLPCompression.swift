// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// How bodies are packed on their way to a collector.
public enum OTLPCompression: String, Sendable, Hashable, CaseIterable {
  case none
  case gzip
  /// Cairn takes it; not every collector does.
  case zstd

  func pack(_ body: [UInt8]) -> [UInt8] {
    switch self {
    case .none: return body
    case .gzip: return GzipCompressor.compress(body, level: 1)
    case .zstd:
      var packed: [UInt8] = []
      var compressor = ZstdCompressor(level: 1)
      compressor.compress(unsafe body.span.bytes, appendingTo: &packed)
      return packed
    }
  }
}
