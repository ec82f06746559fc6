// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

// What the journal keeps of X-Ray documents, from whichever way they came (RequestFormat.xraySegments):
//
//   BODY := ENTRY*
//   ENTRY := length u32 (of the document), sampleRate u32, hintByteCount u16, hint, document
//
// All numbers little-endian. The hint is the service that a subsegment sent alone belongs to, as far as the door knew it; the sample rate
// is how many requests the document stands for, as the sampling rules had it when it came. Both are part of the body because a replay
// must make the same events.

/// A list of documents on their way to the store.
public struct SegmentBody: Sendable {
  /// The body so far.
  public private(set) var bytes: [UInt8] = []
  /// How many documents it holds.
  public private(set) var count = 0

  public init() {}

  /// Adds a document, good or bad; the intake gives the verdict.
  public mutating func append(_ document: RawSpan, service hint: String = "", sampleRate: UInt32 = 1) {
    let hint = Array(hint.utf8.prefix(1024))
    append(UInt32(document.byteCount))
    append(sampleRate)
    bytes.append(UInt8(truncatingIfNeeded: hint.count))
    bytes.append(UInt8(truncatingIfNeeded: hint.count >> 8))
    bytes += hint
    unsafe document.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    count += 1
  }

  /// Empties the body and keeps its memory.
  public mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    count = 0
  }

  private mutating func append(_ number: UInt32) {
    for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
  }
}

/// One entry of a body: places, nothing is copied.
struct SegmentEntry {
  var document: Range<Int>
  var hint: Range<Int>
  var sampleRate: UInt32

  private static let fixedByteCount = 10

  /// Reads the entry at `position` and moves behind it; nil at the end of the body.
  static func next(_ bytes: RawSpan, _ position: inout Int) throws(DecodeError) -> SegmentEntry? {
    let room = bytes.byteCount - position
    if room == 0 { return nil }
    guard room >= fixedByteCount else { throw DecodeError(.truncated, at: position) }
    let length = Int(loadHalf(bytes, position))
    let sampleRate = loadHalf(bytes, position + 4)
    let hintCount = Int(loadByte(bytes, position + 8)) | Int(loadByte(bytes, position + 9)) << 8
    guard room - fixedByteCount >= length + hintCount else { throw DecodeError(.badLength, at: position) }
    let start = position + fixedByteCount
    position = start + hintCount + length
    return SegmentEntry(document: start + hintCount..<position, hint: start..<start + hintCount, sampleRate: sampleRate)
  }
}
