// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

// journal/000000000008.identities: the identities of the events of the newest journal whose events are in a segment, so that a start
// knows what a client may send again without a replay of that journal (benchmark: `bench.py`, start).
//
//   IDENTITIES := "CAIRNID1" journal u64, count u32, sum u32 (of the journal's number and the identities), identity u64*

/// Writes and reads the identities that outlive their journal.
enum IdentityFile {
  private static let magic = Array("CAIRNID1".utf8)
  private static let headerByteCount = 24

  static func path(_ journal: UInt64) -> String { "journal/" + padded(journal) + ".identities" }

  /// The journal's number in the name of such a file, or nil.
  static func journal(_ name: String) -> UInt64? {
    guard name.hasSuffix(".identities"), let number = UInt64(name.dropLast(11)), path(number) == "journal/" + name else { return nil }
    return number
  }

  /// The file is there whole or not at all.
  static func write(_ identities: [UInt64], journal: UInt64, files: any FileSystem) throws(StorageError) {
    var body: [UInt8] = []
    body.reserveCapacity(headerByteCount + identities.count * 8)
    body.append(contentsOf: magic)
    body.append(littleEndian: journal)
    body.append(littleEndian: UInt32(identities.count))
    body.append(littleEndian: UInt32(0))
    for identity in identities { body.append(littleEndian: identity) }
    let sum = sum(body, journal)
    for index in 0..<4 { body[20 + index] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * index)) }
    let temporary = "journal/" + padded(journal) + ".writing"
    do throws(StorageError) {
      let file = try files.create(temporary)
      try unsafe file.append(body.span.bytes)
      try file.sync()
      try files.rename(temporary, to: path(journal))
      try files.syncFolder("journal")
    } catch {
      try? files.remove(temporary)
      throw error
    }
  }

  /// Throws `.damaged` where the bytes are not what was written.
  static func read(journal: UInt64, files: any FileSystem) throws(StorageError) -> [UInt64] {
    let file = try files.open(path(journal))
    let bytes = try file.read(at: 0, count: try file.byteCount())
    guard bytes.count >= headerByteCount, bytes.starts(with: magic) else {
      throw StorageError("read", path: file.path, .damaged("it does not begin as a list of identities"))
    }
    let count = Int(unsafe loadHalf(bytes.span.bytes, 16))
    let written = unsafe (journal: loadWord(bytes.span.bytes, 8), sum: loadHalf(bytes.span.bytes, 20))
    guard written.journal == journal, bytes.count == headerByteCount + count * 8, sum(bytes, journal) == written.sum else {
      throw StorageError("read", path: file.path, .damaged("its identities do not match their sum"))
    }
    return (0..<count).map { unsafe loadWord(bytes.span.bytes, headerByteCount + $0 * 8) }
  }

  private static func sum(_ bytes: [UInt8], _ journal: UInt64) -> UInt32 {
    var seed: [UInt8] = []
    seed.append(littleEndian: journal)
    return unsafe crc32c(bytes.span.bytes.extracting(headerByteCount..<bytes.count), seed: crc32c(seed.span.bytes))
  }
}
