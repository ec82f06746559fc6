// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats
internal import CairnPlan

// A journal is a header and frames, one for each accepted request, in the order in which they were decoded:
//
//   JOURNAL  := "CAIRNJ01" number u64 FRAME*
//   FRAME    := "CJFR" u32, length u32 (of the rest after crc), crc u32 (CRC32C of journal number, length and rest), rest
//   rest     := format u16, encoding u8, packing u8, received i64, plainByteCount u32,
//               environmentByteCount u16, hintByteCount u16, environment, hint, body
//   packing  := 0 the body as it was received | 1 zstd of the body, which was received unpacked (plainByteCount long)
//
// All numbers little-endian. A frame counts only if its sum is right; the journal's own number is part of the sum, so that a frame left
// over from another file is none.

/// One accepted request as the journal keeps it.
struct JournalFrame {
  enum Packing: UInt8 {
    case asReceived = 0
    case zstd = 1
  }
  var header: RequestHeader
  var packing: Packing
  var plainByteCount: Int
  var body: [UInt8]

  static let magic: UInt32 = 0x5246_4a43
  static let prefixByteCount = 12
  static let fixedByteCount = 20
}

extension [UInt8] {
  mutating func append<Number: FixedWidthInteger>(littleEndian number: Number) {
    unsafe Swift.withUnsafeBytes(of: number.littleEndian) { unsafe append(contentsOf: $0) }
  }
}

extension JournalFrame {
  /// Adds a frame to `buffer`. Names longer than 65,535 bytes are cut; doors refuse them long before.
  static func append(
    _ header: RequestHeader, packing: Packing, plainByteCount: Int, body: RawSpan, journal: UInt64, to buffer: inout [UInt8]
  ) {
    let environment = Array(header.environment.utf8.prefix(Int(UInt16.max)))
    let hint = Array(header.datasetHint.utf8.prefix(Int(UInt16.max)))
    let length = fixedByteCount + environment.count + hint.count + body.byteCount
    buffer.append(littleEndian: magic)
    buffer.append(littleEndian: UInt32(length))
    let sumAt = buffer.count
    buffer.append(littleEndian: UInt32(0))
    buffer.append(littleEndian: header.format.rawValue)
    buffer.append(header.encoding.rawValue)
    buffer.append(packing.rawValue)
    buffer.append(littleEndian: header.receivedUnixNanoseconds)
    buffer.append(littleEndian: UInt32(plainByteCount))
    buffer.append(littleEndian: UInt16(environment.count))
    buffer.append(littleEndian: UInt16(hint.count))
    buffer.append(contentsOf: environment)
    buffer.append(contentsOf: hint)
    unsafe body.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
    let sum = unsafe checksum(buffer.span.bytes, at: sumAt + 4, count: length, journal: journal)
    for index in 0..<4 { buffer[sumAt + index] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * index)) }
  }

  /// The frame at `offset` and its length with the prefix, or nil where there is none or its sum is wrong.
  static func parse(
    _ bytes: RawSpan, at offset: Int, journal: UInt64, _ sums: SumPolicy = .checked
  ) -> (frame: JournalFrame, byteCount: Int)? {
    guard bytes.byteCount - offset >= prefixByteCount + fixedByteCount, loadHalf(bytes, offset) == magic else { return nil }
    let length = Int(loadHalf(bytes, offset + 4))
    let start = offset + prefixByteCount
    guard length >= fixedByteCount, length <= bytes.byteCount - start else { return nil }
    guard sums == .ignored || checksum(bytes, at: start, count: length, journal: journal) == loadHalf(bytes, offset + 8) else {
      return nil
    }
    let environmentCount = Int(loadHalf(bytes, start + 16) & 0xffff)
    let hintCount = Int(loadHalf(bytes, start + 16) >> 16)
    guard fixedByteCount + environmentCount + hintCount <= length,
      let encoding = RequestEncoding(rawValue: loadByte(bytes, start + 2)), let packing = Packing(rawValue: loadByte(bytes, start + 3))
    else { return nil }
    let format = UInt16(loadByte(bytes, start)) | UInt16(loadByte(bytes, start + 1)) << 8
    let names = start + fixedByteCount
    let header = RequestHeader(
      format: RequestFormat(rawValue: format), encoding: encoding, environment: text(bytes, names, environmentCount),
      datasetHint: text(bytes, names + environmentCount, hintCount),
      receivedUnixNanoseconds: Int64(bitPattern: loadWord(bytes, start + 4)))
    let bodyAt = names + environmentCount + hintCount
    let body = unsafe bytes.extracting(bodyAt..<start + length).withUnsafeBytes { unsafe Array($0) }
    let frame = JournalFrame(
      header: header, packing: packing, plainByteCount: Int(loadHalf(bytes, start + 12)), body: body)
    return (frame, prefixByteCount + length)
  }

  private static func text(_ bytes: RawSpan, _ offset: Int, _ count: Int) -> String {
    unsafe bytes.extracting(offset..<offset + count).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
  }

  private static func checksum(_ bytes: RawSpan, at offset: Int, count: Int, journal: UInt64) -> UInt32 {
    var seed: [UInt8] = []
    seed.append(littleEndian: journal)
    seed.append(littleEndian: UInt32(count))
    return crc32c(bytes.extracting(offset..<offset + count), seed: unsafe crc32c(seed.span.bytes))
  }
}

/// The first bytes of a journal.
enum JournalHeader {
  static let byteCount = 16
  private static let magic = Array("CAIRNJ01".utf8)

  static func bytes(number: UInt64) -> [UInt8] {
    var header = magic
    header.append(littleEndian: number)
    return header
  }

  /// The journal's number, or nil where the bytes do not begin a journal.
  static func number(_ bytes: [UInt8]) -> UInt64? {
    guard bytes.count >= byteCount, bytes.starts(with: magic) else { return nil }
    return unsafe loadWord(bytes.span.bytes, 8)
  }
}
