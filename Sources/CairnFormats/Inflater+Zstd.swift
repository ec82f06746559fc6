// SPDX-License-Identifier: Apache-2.0
internal import CZstd
internal import CairnBytes

extension Inflater {
  mutating func inflateZstd(_ input: RawSpan, _ output: inout InflateBuffer, limit: Int) throws(InflateError) {
    guard input.byteCount > 0 else { throw .malformed("it is empty") }
    let context = unsafe prepareZstd()
    output.reserve(Self.firstCapacity(input, limit: limit), capacityMax: limit + 1)
    try unsafe input.withUnsafeBytes { (bytes) throws(InflateError) in
      var source = unsafe ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
      while try unsafe step(context, &source, &output, limit: limit) {}
    }
  }

  /// One call of zstd; false once the input is used up at the end of a frame.
  private func step(
    _ context: OpaquePointer, _ source: inout ZSTD_inBuffer, _ output: inout InflateBuffer, limit: Int
  ) throws(InflateError) -> Bool {
    output.reserve(output.byteCount + 1, capacityMax: limit + 1)
    var code = 0
    var isFull = false
    unsafe output.append { (free) in
      var target = unsafe ZSTD_outBuffer(dst: free.baseAddress, size: free.count, pos: 0)
      code = unsafe ZSTD_decompressStream(context, &target, &source)
      isFull = unsafe target.pos == target.size
      return unsafe target.pos
    }
    guard output.byteCount <= limit else { throw .tooLarge(limitBytes: limit) }
    if ZSTD_isError(code) != 0 { throw Self.zstdError(code) }
    if unsafe source.pos < source.size { return true }
    // Code 0 is the end of a frame. Otherwise zstd may still hold bytes that had no room; with room left it wants more input.
    if code == 0 { return false }
    if !isFull { throw .malformed("it is cut short") }
    return true
  }

  static func zstdError(_ code: Int) -> InflateError {
    switch ZstdFailure(rawValue: 0 &- code) {
    case .windowTooLarge: .unsupported("a zstd window of at most 8 MiB")
    case .dictionaryWrong: .unsupported("a zstd frame without a dictionary")
    case .prefixUnknown: .malformed("it has bytes that are not a zstd frame")
    case .checksumWrong: .malformed("its checksum is wrong")
    case .memoryAllocation: preconditionFailure("out of memory for a zstd context")
    case .targetTooSmall: .malformed("it unpacks to another size than it should")
    case nil: .malformed("it is not a valid zstd frame")
    }
  }

  private mutating func prepareZstd() -> OpaquePointer {
    if let context = unsafe zstdContext {
      unsafe ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
      return unsafe context
    }
    guard let context = unsafe ZSTD_createDCtx() else { preconditionFailure("out of memory for a zstd context") }
    let code = unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLogMax)
    precondition(ZSTD_isError(code) == 0, "zstd knows the limit of its window")
    unsafe zstdContext = context
    return unsafe context
  }
}

/// The errors of zstd that Cairn tells apart, by their numbers, which `zstd_errors.h` has pinned since version 1.3.1.
enum ZstdFailure: Int {
  case prefixUnknown = 10
  case windowTooLarge = 16
  case checksumWrong = 22
  case dictionaryWrong = 32
  case memoryAllocation = 64
  case targetTooSmall = 70
}
