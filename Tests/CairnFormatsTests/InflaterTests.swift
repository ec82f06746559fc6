// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import TestSupport
import Testing

@Suite struct InflaterTests {
  static let sample = Array(
    String(repeating: #"{"name":"GET /cart","duration_ms":12.5,"service.name":"api"}"#, count: 200).utf8)
  static let encodings: [ContentEncoding] = [.gzip, .deflate, .zstd]

  static func pack(_ bytes: [UInt8], _ encoding: ContentEncoding) -> [UInt8] {
    switch encoding {
    case .identity: return bytes
    case .gzip: return deflated(bytes, windowBits: 31)
    case .deflate: return deflated(bytes, windowBits: 15)
    case .zstd:
      var compressor = ZstdCompressor(level: 3)
      var output: [UInt8] = []
      unsafe compressor.compress(bytes.span.bytes, appendingTo: &output)
      return output
    }
  }

  static func inflate(
    _ bytes: [UInt8], _ encoding: ContentEncoding, limitBytes: Int = Inflater.limitBytesDefault
  ) throws(InflateError) -> [UInt8] {
    var inflater = Inflater()
    var output = InflateBuffer()
    try unsafe inflater.inflate(bytes.span.bytes, encoding, into: &output, limitBytes: limitBytes)
    return output.contents
  }

  @Test(arguments: ContentEncoding.allCases)
  func givesBackWhatWasPacked(encoding: ContentEncoding) throws {
    for bytes in [[], [7], Self.sample] where encoding != .identity || !bytes.isEmpty {
      #expect(try Self.inflate(Self.pack(bytes, encoding), encoding) == bytes)
    }
  }

  @Test func readsGzipOfSeveralMembers() throws {
    let packed = Self.pack([1, 2], .gzip) + Self.pack([], .gzip) + Self.pack([3], .gzip)
    #expect(try Self.inflate(packed, .gzip) == [1, 2, 3])
  }

  @Test func readsZstdOfSeveralFramesAndSkipsSkippableOnes() throws {
    let skippable: [UInt8] = [0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]
    let packed = Self.pack([1, 2], .zstd) + skippable + zstdStreamed([3])
    #expect(try Self.inflate(packed, .zstd) == [1, 2, 3])
  }

  @Test func readsRawDeflateAsSomeClientsSendIt() throws {
    #expect(try Self.inflate(deflated(Self.sample, windowBits: -15), .deflate) == Self.sample)
  }

  @Test(arguments: encodings)
  func everyTruncationIsMalformed(encoding: ContentEncoding) {
    let packed = Self.pack(Self.sample, encoding)
    for count in 0..<packed.count {
      #expect(throws: InflateError.self) { try Self.inflate(Array(packed[..<count]), encoding) }
    }
  }

  @Test(arguments: encodings)
  func bytesBehindTheEndAreMalformed(encoding: ContentEncoding) {
    for garbage: [UInt8] in [[0], [0x1f], [0x1f, 0x8b], Array("more".utf8)] {
      #expect(throws: InflateError.self) { try Self.inflate(Self.pack(Self.sample, encoding) + garbage, encoding) }
    }
  }

  @Test(arguments: encodings)
  func aBodyMayFillTheBudgetButNotExceedIt(encoding: ContentEncoding) throws {
    let packed = Self.pack(Self.sample, encoding)
    #expect(try Self.inflate(packed, encoding, limitBytes: Self.sample.count) == Self.sample)
    #expect(throws: InflateError.tooLarge(limitBytes: Self.sample.count - 1)) {
      try Self.inflate(packed, encoding, limitBytes: Self.sample.count - 1)
    }
    #expect(throws: InflateError.tooLarge(limitBytes: 0)) { try Self.inflate(packed, encoding, limitBytes: 0) }
  }

  @Test func identityIsCountedAgainstTheBudgetToo() {
    #expect(throws: InflateError.tooLarge(limitBytes: 3)) { try Self.inflate([1, 2, 3, 4], .identity, limitBytes: 3) }
  }

  @Test func aGzipBombHitsTheBudgetWithBoundedMemory() {
    let bomb = deflated([UInt8](repeating: 0, count: 1 << 20), repeating: 128, windowBits: 31)
    #expect((128 << 20) / bomb.count > 1000)
    expectBounded(bomb, .gzip, limitBytes: 64 << 20, expected: 64 << 20)
  }

  @Test func aZstdBombIsCutAtAThousandTimesItsSize() {
    let bomb = zstdStreamed([UInt8](repeating: 0, count: 1 << 20), repeating: 512)
    #expect((512 << 20) / bomb.count > 30_000 * 9 / 10)
    expectBounded(bomb, .zstd, limitBytes: 64 << 20, expected: bomb.count * 1000)
  }

  private func expectBounded(_ bomb: [UInt8], _ encoding: ContentEncoding, limitBytes: Int, expected: Int) {
    var inflater = Inflater()
    var output = InflateBuffer()
    var caught: InflateError?
    do throws(InflateError) {
      try unsafe inflater.inflate(bomb.span.bytes, encoding, into: &output, limitBytes: limitBytes)
    } catch { caught = error }
    #expect(caught == .tooLarge(limitBytes: expected))
    let (capacity, byteCount) = (output.capacity, output.byteCount)
    #expect(capacity <= expected + 1)
    #expect(byteCount == 0)
    output.removeAll(keepingAtMost: 1 << 20)
    let kept = output.capacity
    #expect(kept == 0)
  }

  @Test func aZstdFrameWithAWindowOfTwoGibibytesIsRefused() {
    // Magic, a header without content size, window descriptor 21 << 3 (10 + 21 = 2^31), one raw block of one byte.
    let frame: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x09, 0x00, 0x00, 0x41]
    #expect(throws: InflateError.unsupported("a zstd window of at most 8 MiB")) { try Self.inflate(frame, .zstd) }
    var small = frame
    small[5] = 13 << 3
    #expect(throws: Never.self) { try Self.inflate(small, .zstd) }
    small[5] = 14 << 3
    #expect(throws: InflateError.self) { try Self.inflate(small, .zstd) }
  }

  @Test(arguments: encodings, [UInt64](1...4))
  func noMutationTrapsAndTheInflaterStaysUsable(encoding: ContentEncoding, seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let packed = Self.pack(Self.sample, encoding)
    var inflater = Inflater()
    var output = InflateBuffer()
    for _ in 0..<400 {
      var broken = packed
      for _ in 0...Int.random(in: 0...3, using: &generator) {
        broken[Int.random(in: 0..<broken.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      do throws(InflateError) {
        try unsafe inflater.inflate(broken.span.bytes, encoding, into: &output, limitBytes: 1 << 20)
      } catch { continue }
    }
    try unsafe inflater.inflate(packed.span.bytes, encoding, into: &output)
    let contents = output.contents
    #expect(contents == Self.sample, "seed \(seed)")
  }

  @Test(arguments: [UInt64](1...8))
  func randomBytesOfAnyEncodingComeBack(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var inflater = Inflater()
    var output = InflateBuffer()
    for _ in 0..<20 {
      let bytes = generator.bytes(Int.random(in: 0...200_000, using: &generator))
      for encoding in Self.encodings {
        try unsafe inflater.inflate(Self.pack(bytes, encoding).span.bytes, encoding, into: &output)
        let contents = output.contents
        #expect(contents == bytes, "seed \(seed)")
      }
    }
  }
}

extension InflateBuffer {
  var contents: [UInt8] {
    withBytes { (bytes) in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
  }
}
