// SPDX-License-Identifier: Apache-2.0
internal import CZlib

/// Packs bytes into one gzip member (RFC 1952).
public enum GzipCompressor {
  /// `bytes` packed at zlib's level 1 (fastest) to 9. O(bytes); one allocation of the worst case.
  public static func compress(_ bytes: [UInt8], level: Int = 6) -> [UInt8] { compress(unsafe bytes.span.bytes, level: level) }

  /// The same of bytes that are no array.
  public static func compress(_ bytes: RawSpan, level: Int) -> [UInt8] {
    var stream = unsafe z_stream()
    // 31: the largest window, with gzip's header and trailer. 8: zlib's default memory.
    let opened = unsafe deflateInit2_(
      &stream, Int32(min(max(level, 1), 9)), Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(opened == Z_OK, "a zlib context can be made")
    defer { unsafe deflateEnd(&stream) }
    let bound = Int(unsafe deflateBound(&stream, UInt(bytes.byteCount))) + 64
    precondition(bytes.byteCount < Int(UInt32.max) && bound < Int(UInt32.max), "a body has less than 4 GiB")
    return unsafe [UInt8](unsafeUninitializedCapacity: bound) { (target, count) in
      unsafe bytes.withUnsafeBytes { source in
        // zlib declares its input as mutable and does not write to it.
        unsafe stream.next_in = UnsafeMutablePointer(mutating: source.assumingMemoryBound(to: UInt8.self).baseAddress)
        unsafe stream.avail_in = UInt32(source.count)
        unsafe stream.next_out = target.baseAddress
        unsafe stream.avail_out = UInt32(target.count)
        let code = unsafe deflate(&stream, Z_FINISH)
        precondition(code == Z_STREAM_END, "zlib packs any input into its bound")
        count = unsafe target.count - Int(stream.avail_out)
      }
    }
  }
}
