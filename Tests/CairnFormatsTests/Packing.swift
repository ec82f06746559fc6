// SPDX-License-Identifier: Apache-2.0
import CZlib
import CZstd

/// A deflate stream of `chunk` repeated `count` times; window bits 31 gzip, 15 zlib, -15 raw.
func deflated(_ chunk: [UInt8], repeating count: Int = 1, windowBits: Int32) -> [UInt8] {
  var stream = unsafe z_stream()
  let size = unsafe Int32(MemoryLayout<z_stream>.size)
  unsafe deflateInit2_(&stream, 6, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
  var output: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 1 << 16)
  var input = chunk
  for index in 0..<max(count, 1) {
    let flush = index == count - 1 ? Z_FINISH : Z_NO_FLUSH
    unsafe input.withUnsafeMutableBufferPointer { (source) in
      unsafe stream.next_in = source.baseAddress
      unsafe stream.avail_in = UInt32(source.count)
      repeat {
        unsafe piece.withUnsafeMutableBufferPointer { (target) in
          unsafe stream.next_out = target.baseAddress
          unsafe stream.avail_out = UInt32(target.count)
          unsafe deflate(&stream, flush)
          unsafe output.append(contentsOf: target.prefix(target.count - Int(stream.avail_out)))
        }
      } while unsafe stream.avail_out == 0
    }
  }
  unsafe deflateEnd(&stream)
  return output
}

/// A zstd frame of `chunk` repeated `count` times that does not name its size.
func zstdStreamed(_ chunk: [UInt8], repeating count: Int = 1) -> [UInt8] {
  let context = unsafe ZSTD_createCCtx()
  defer { unsafe ZSTD_freeCCtx(context) }
  var output: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 1 << 16)
  for index in 0..<count {
    let mode = index == count - 1 ? ZSTD_e_end : ZSTD_e_continue
    unsafe chunk.withUnsafeBytes { (bytes) in
      var source = unsafe ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
      var rest = 1
      repeat {
        unsafe piece.withUnsafeMutableBytes { (free) in
          var target = unsafe ZSTD_outBuffer(dst: free.baseAddress, size: free.count, pos: 0)
          rest = unsafe ZSTD_compressStream2(context, &target, &source, mode)
          unsafe output.append(contentsOf: free.prefix(target.pos))
        }
      } while unsafe mode == ZSTD_e_end ? rest > 0 : source.pos < source.size
    }
  }
  return output
}
