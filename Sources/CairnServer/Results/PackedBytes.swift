// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats

/// Bytes kept for somebody who may ask for them again, packed: results repeat their names in every row, and take a tenth of their size.
///
/// Holds exactly what it counts: the arrays that results are written into have room to spare, which is not kept. Cost: zstd's fastest
/// ordinary level both ways, some 400 MB a second.
struct PackedBytes: Sendable {
  private let packed: [UInt8]
  /// The number of bytes that come out again.
  let byteCount: Int

  init(_ bytes: [UInt8]) {
    var compressor = ZstdCompressor(level: 1)
    var frame: [UInt8] = []
    unsafe compressor.compress(bytes.span.bytes, appendingTo: &frame)
    var exact: [UInt8] = []
    exact.reserveCapacity(frame.count)
    exact += frame
    packed = exact
    byteCount = bytes.count
  }

  /// What this takes in memory.
  var heldByteCount: Int { packed.count + 64 }

  /// The bytes as they were.
  var bytes: [UInt8] {
    var decompressor = ZstdDecompressor()
    var bytes: [UInt8] = []
    do {
      try unsafe decompressor.decompress(packed.span.bytes, byteCount: byteCount, appendingTo: &bytes)
    } catch {
      preconditionFailure("what was packed in memory unpacks: \(error)")
    }
    return bytes
  }
}
