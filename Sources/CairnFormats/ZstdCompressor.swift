// SPDX-License-Identifier: Apache-2.0
internal import CZstd

/// Packs bytes into zstd frames with a context that is kept from call to call.
///
/// Each call makes one frame that names its content size and has no checksum (what is stored carries its own CRC32C).
/// One owner, one thread at a time. A context takes about 0.5 MiB at level -1 and 1.5 MiB at level 3.
@safe
public struct ZstdCompressor: ~Copyable, @unchecked Sendable {
  // Proof for `@unchecked Sendable`: the context has one owner that cannot be copied, and zstd does not tie it to a thread.
  private let context: OpaquePointer

  /// A compressor of the level: -7 (fastest) to 22; 0 is zstd's default, 3.
  public init(level: Int) {
    precondition(level >= -100 && level <= 22, "a zstd level is -100 to 22")
    guard let context = unsafe ZSTD_createCCtx() else { preconditionFailure("out of memory for a zstd context") }
    unsafe self.context = context
    let code = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
    precondition(ZSTD_isError(code) == 0, "zstd knows the level")
  }

  deinit { unsafe ZSTD_freeCCtx(context) }

  /// Appends a frame that holds `input` to `output` and returns the number of bytes appended; O(input).
  ///
  /// Allocates only where `output` has less room than the worst case, which is the input and 0.4 %.
  @discardableResult
  public mutating func compress(_ input: RawSpan, appendingTo output: inout [UInt8]) -> Int {
    let before = output.count
    output.append(addingCapacity: ZSTD_compressBound(input.byteCount)) { (target) in
      unsafe target.withUnsafeMutableBufferPointer { (free, written) in
        let code = unsafe input.withUnsafeBytes { (source) in
          unsafe ZSTD_compress2(context, free.baseAddress, free.count, source.baseAddress, source.count)
        }
        precondition(ZSTD_isError(code) == 0, "zstd packs any input into its bound")
        written = code
      }
    }
    return output.count - before
  }
}
