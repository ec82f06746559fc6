// SPDX-License-Identifier: Apache-2.0
internal import CZlib
internal import CairnBytes

extension Inflater {
  /// The three wrappings of a deflate stream; raw values are zlib's window bits.
  enum ZlibFormat: Int32 {
    case gzip = 31
    case zlib = 15
    case raw = -15
  }

  mutating func inflateZlib(
    _ input: RawSpan, _ format: ZlibFormat, _ output: inout InflateBuffer, limit: Int
  ) throws(InflateError) {
    guard input.byteCount > 0 else { throw .malformed("it is empty") }
    guard input.byteCount <= Int(UInt32.max) else { throw .tooLarge(limitBytes: limit) }
    let stream = unsafe prepareZlib(format)
    output.reserve(Self.firstCapacity(input, limit: limit), capacityMax: limit + 1)
    try unsafe input.withUnsafeBytes { (source) throws(InflateError) in
      // zlib declares its input as mutable and does not write to it.
      unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.bindMemory(to: UInt8.self).baseAddress)
      unsafe stream.pointee.avail_in = UInt32(source.count)
      defer { unsafe stream.pointee.next_in = nil }
      while try unsafe step(stream, format, &output, limit: limit) {}
    }
  }

  /// One call of zlib; false once the input is used up at the end of a stream.
  private func step(
    _ stream: UnsafeMutablePointer<z_stream>, _ format: ZlibFormat, _ output: inout InflateBuffer, limit: Int
  ) throws(InflateError) -> Bool {
    // One byte beyond the budget tells a body that fills it from one that goes on.
    output.reserve(output.byteCount + 1, capacityMax: limit + 1)
    var code = Z_OK
    unsafe output.append { (free) in
      let room = min(free.count, 1 << 30)
      unsafe stream.pointee.next_out = free.bindMemory(to: UInt8.self).baseAddress
      unsafe stream.pointee.avail_out = UInt32(room)
      code = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
      return unsafe room - Int(stream.pointee.avail_out)
    }
    guard output.byteCount <= limit else { throw .tooLarge(limitBytes: limit) }
    switch code {
    case Z_STREAM_END:
      if unsafe stream.pointee.avail_in == 0 { return false }
      guard format == .gzip else { throw .malformed("there are bytes behind its end") }
      guard unsafe stream.pointee.next_in.pointee == 0x1f else { throw .malformed("there are bytes behind its end") }
      unsafe inflateReset(stream)
      return true
    case Z_OK, Z_BUF_ERROR:
      // zlib stops for want of input or of room; with room left it was the input.
      if unsafe stream.pointee.avail_in == 0 && stream.pointee.avail_out > 0 { throw .malformed("it is cut short") }
      return true
    case Z_NEED_DICT: throw .unsupported("a deflate stream without a preset dictionary")
    case Z_MEM_ERROR: preconditionFailure("out of memory for a zlib context")
    default: throw .malformed("it is not a valid deflate stream")
    }
  }

  private mutating func prepareZlib(_ format: ZlibFormat) -> UnsafeMutablePointer<z_stream> {
    if let stream = unsafe zlibStream {
      let code = unsafe inflateReset2(stream, format.rawValue)
      precondition(code == Z_OK, "a zlib context can be reset")
      return unsafe stream
    }
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let code = unsafe inflateInit2_(stream, format.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "a zlib context can be made")
    unsafe zlibStream = stream
    return unsafe stream
  }
}
