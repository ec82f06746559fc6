// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// Where texts stand in a protobuf message: what a scrubber has to know of it.
public indirect enum WireShape: Sendable {
  case text
  /// OpenTelemetry's AnyValue: 1 string, 5 array {1 values}, 6 list {1 pairs}, 7 bytes.
  case any
  /// OpenTelemetry's KeyValue: 1 key, 2 AnyValue.
  case pair
  /// Fields by number; others stay as they are.
  case message([UInt64: WireShape])
}

/// Takes secrets out of a protobuf message: texts under a key that promises one, and what `SecretText` finds in others.
///
/// A message whose bytes are broken stays as it is: whoever reads it will refuse it.
public enum ProtobufScrubber {
  /// Values nested deeper are left to the decoder, which refuses them.
  private static let depthMax = 72

  /// The message without its secrets, or nil where it has none.
  public static func scrubbed(_ bytes: RawSpan, _ shape: WireShape) -> [UInt8]? {
    guard SecretScan.next(bytes) != nil else { return nil }
    return try? scrubbed(bytes, 0..<bytes.byteCount, shape, .nothing, depth: 0)
  }

  private static func scrubbed(
    _ bytes: RawSpan, _ range: Range<Int>, _ shape: WireShape, _ promise: SecretScan.Promise, depth: Int
  ) throws(DecodeError) -> [UInt8]? {
    guard depth < depthMax else { return nil }
    switch shape {
    case .text:
      let text = array(bytes, range)
      return SecretScan.isSecret(text[...], promise) ? SecretText.redacted : SecretText.scrubbed(text)
    case .any: return try rewritten(bytes, range, anyFields, promise, depth: depth)
    case .pair:
      let own = try keyPromise(bytes, range)
      return try rewritten(bytes, range, pairFields, own == .nothing ? promise : own, depth: depth)
    case .message(let fields): return try rewritten(bytes, range, fields, promise, depth: depth)
    }
  }

  private static let anyFields: [UInt64: WireShape] = [1: .text, 5: .message([1: .any]), 6: .message([1: .pair]), 7: .text]
  private static let pairFields: [UInt64: WireShape] = [2: .any]

  private static func keyPromise(_ bytes: RawSpan, _ range: Range<Int>) throws(DecodeError) -> SecretScan.Promise {
    var position = range.lowerBound
    var promise = SecretScan.Promise.nothing
    while position < range.upperBound {
      let tag = try readVarint(bytes, &position, range.upperBound)
      guard tag == 0x0A else { try skipField(bytes, &position, range.upperBound, tag: tag); continue }
      let count = try readLength(bytes, &position, range.upperBound)
      promise = SecretScan.promise(ofName: bytes.extracting(position..<position + count))
      position += count
    }
    return promise
  }

  /// The fields in order, those that have a shape rewritten; nil where nothing changed.
  private static func rewritten(
    _ bytes: RawSpan, _ range: Range<Int>, _ fields: [UInt64: WireShape], _ promise: SecretScan.Promise, depth: Int
  ) throws(DecodeError) -> [UInt8]? {
    var out: [UInt8]?
    var copied = range.lowerBound
    var position = range.lowerBound
    while position < range.upperBound {
      let start = position
      let tag = try readVarint(bytes, &position, range.upperBound)
      guard tag & 7 == 2, let shape = fields[tag >> 3] else { try skipField(bytes, &position, range.upperBound, tag: tag); continue }
      let count = try readLength(bytes, &position, range.upperBound)
      let content = position..<position + count
      position += count
      // A key may promise what the scan does not see as such once it stands alone.
      guard promise != .nothing || SecretScan.next(bytes.extracting(content)) != nil,
        let new = try scrubbed(bytes, content, shape, promise, depth: depth + 1)
      else { continue }
      var grown = out ?? []
      grown += array(bytes, copied..<start)
      append(tag, to: &grown)
      append(UInt64(new.count), to: &grown)
      grown += new
      out = grown
      copied = position
    }
    return out.map { $0 + array(bytes, copied..<range.upperBound) }
  }

  private static func append(_ varint: UInt64, to out: inout [UInt8]) {
    var rest = varint
    while rest >= 0x80 {
      out.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    out.append(UInt8(truncatingIfNeeded: rest))
  }
}
