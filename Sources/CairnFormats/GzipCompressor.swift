// SPDX-License-Identifier: Apache-2.0
internal import CZlib

/// Packs bytes as gzip, for answers and deliveries that must be; in one go.
public enum GzipCompressor {
  /// The bytes as one gzip member; nil where zlib has no memory.
  public static func compress(_ input: [UInt8]) -> [UInt8]? {
    var stream = unsafe z_stream()
    let version = unsafe deflateInit2_(
      &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)
    )
    guard version == Z_OK, input.count < Int(UInt32.max) / 2 else { return nil }
    defer { unsafe deflateEnd(&stream) }
    var input = input
    var output = [UInt8](repeating: 0, count: Int(unsafe deflateBound(&stream, UInt(input.count))))
    let result = unsafe input.withUnsafeMutableBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        unsafe stream.next_in = source.baseAddress
        unsafe stream.avail_in = UInt32(source.count)
        unsafe stream.next_out = target.baseAddress
        unsafe stream.avail_out = UInt32(target.count)
        return unsafe deflate(&stream, Z_FINISH)
      }
    }
    guard result == Z_STREAM_END else { return nil }
    output.removeLast(Int(unsafe stream.avail_out))
    return output
  }
}
