// SPDX-License-Identifier: Apache-2.0
internal import CZstd
internal import CairnBytes

/// Unpacks zstd frames whose size is known, with a context that is kept from call to call; for stored blocks, not for bodies from
/// outside (those go through `Inflater`).
///
/// One owner, one thread at a time. A context takes about 160 KiB.
@safe
public struct ZstdDecompressor: ~Copyable, @unchecked Sendable {
  // Proof for `@unchecked Sendable`: the context has one owner that cannot be copied, and zstd does not tie it to a thread.
  private let context: OpaquePointer

  /// A decompressor.
  public init() {
    guard let context = unsafe ZSTD_createDCtx() else { preconditionFailure("out of memory for a zstd context") }
    unsafe self.context = context
  }

  deinit { unsafe ZSTD_freeDCtx(context) }

  /// Fills the whole of `output` from `input`; anything but exactly that many bytes is `.malformed`.
  public mutating func decompress(_ input: RawSpan, into output: inout MutableRawSpan) throws(InflateError) {
    let wanted = output.byteCount
    let code = unsafe output.withUnsafeMutableBytes { (target) in
      unsafe input.withUnsafeBytes { (source) in
        unsafe ZSTD_decompressDCtx(context, target.baseAddress, target.count, source.baseAddress, source.count)
      }
    }
    try check(code, wanted)
  }

  /// Appends exactly `byteCount` unpacked bytes to `output`; after an error `output` is as before.
  ///
  /// Reserves `byteCount` first, so the caller checks a number that comes from a file against its own bound.
  public mutating func decompress(
    _ input: RawSpan, byteCount: Int, appendingTo output: inout [UInt8]
  ) throws(InflateError) {
    try output.append(addingCapacity: byteCount) { (target) throws(InflateError) in
      try unsafe target.withUnsafeMutableBufferPointer { (free, written) throws(InflateError) in
        let code = unsafe input.withUnsafeBytes { (source) in
          unsafe ZSTD_decompressDCtx(context, free.baseAddress, byteCount, source.baseAddress, source.count)
        }
        try check(code, byteCount)
        written = byteCount
      }
    }
  }

  private func check(_ code: Int, _ wanted: Int) throws(InflateError) {
    if ZSTD_isError(code) != 0 { throw Inflater.zstdError(code) }
    guard code == wanted else { throw .malformed("it unpacks to another size than it should") }
  }
}
