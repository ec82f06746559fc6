// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import TestSupport
import Testing

@Suite struct ZstdTests {
  @Test(arguments: [-7, -1, 0, 1, 3, 9])
  func blocksOfKnownSizeComeBackAtEveryLevel(level: Int) throws {
    var generator = SeededGenerator(seed: 11)
    var compressor = ZstdCompressor(level: level)
    var decompressor = ZstdDecompressor()
    var packed: [UInt8] = []
    for _ in 0..<30 {
      let unit = generator.bytes(Int.random(in: 1...300, using: &generator))
      let bytes = (0..<Int.random(in: 0...50, using: &generator)).flatMap { _ in unit }
      packed.removeAll(keepingCapacity: true)
      let count = unsafe compressor.compress(bytes.span.bytes, appendingTo: &packed)
      #expect(count == packed.count)
      var output: [UInt8] = [1, 2, 3]
      try unsafe decompressor.decompress(packed.span.bytes, byteCount: bytes.count, appendingTo: &output)
      #expect(output == [1, 2, 3] + bytes)
      var filled = [UInt8](repeating: 0, count: bytes.count)
      var elements = filled.mutableSpan
      var span = unsafe elements.mutableBytes
      try unsafe decompressor.decompress(packed.span.bytes, into: &span)
      #expect(filled == bytes)
    }
  }

  @Test func anotherSizeThanExpectedIsMalformedAndLeavesTheOutput() {
    let packed = InflaterTests.pack([1, 2, 3, 4], .zstd)
    for byteCount in [0, 3, 5] {
      var decompressor = ZstdDecompressor()
      var output: [UInt8] = [9]
      var caught: InflateError?
      do throws(InflateError) {
        try unsafe decompressor.decompress(packed.span.bytes, byteCount: byteCount, appendingTo: &output)
      } catch { caught = error }
      #expect(caught == .malformed("it unpacks to another size than it should"))
      #expect(output == [9])
    }
  }
}
