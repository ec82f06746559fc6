// SPDX-License-Identifier: Apache-2.0
public import CairnBytes

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
  /// The message without its secrets, or nil where it has none.
  public static func scrubbed(_ bytes: RawSpan, _ shape: WireShape) -> [UInt8]? {
    guard SecretScan.next(bytes) != nil else { return nil }
    return try? TextWalk(edit: SecretEdit()).rewritten(bytes, 0..<bytes.byteCount, shape, .nothing, depth: 0)
  }

  /// The message with its texts as `edit` leaves them, which answers nil for those that stay; nil where all do. Names of fields
  /// stay, and so do the values of those that `isKept` says. Throws where the bytes are broken, or nested deeper than a decoder reads.
  public static func edited(
    _ bytes: RawSpan, _ shape: WireShape, isKept: @escaping (RawSpan) -> Bool, edit: @escaping ([UInt8]) -> [UInt8]?
  ) throws(DecodeError) -> [UInt8]? {
    try TextWalk(edit: MaskEdit(isKept: isKept, edit: edit)).rewritten(bytes, 0..<bytes.byteCount, shape, .nothing, depth: 0)
  }
}

/// What becomes of the texts of a message.
private protocol TextEdit {
  /// False where nothing in these bytes will change, unless a name promises otherwise.
  func mayChange(_ bytes: RawSpan) -> Bool
  /// What the name of a value promises of it; nil where the value is to stay.
  func promise(ofName name: RawSpan) -> SecretScan.Promise?
  /// nil where it stays.
  func edited(_ text: [UInt8], _ promise: SecretScan.Promise) -> [UInt8]?
  /// What happens to values nested deeper than a decoder reads.
  func refuseDepth(at offset: Int) throws(DecodeError)
}

private struct SecretEdit: TextEdit {
  func mayChange(_ bytes: RawSpan) -> Bool { SecretScan.next(bytes) != nil }
  func promise(ofName name: RawSpan) -> SecretScan.Promise? { SecretScan.promise(ofName: name) }
  func edited(_ text: [UInt8], _ promise: SecretScan.Promise) -> [UInt8]? {
    SecretScan.isSecret(text[...], promise) ? SecretText.redacted : SecretText.scrubbed(text)
  }
  /// Left to the decoder, which refuses them.
  func refuseDepth(at offset: Int) {}
}

private struct MaskEdit: TextEdit {
  let isKept: (RawSpan) -> Bool
  let edit: ([UInt8]) -> [UInt8]?
  func mayChange(_ bytes: RawSpan) -> Bool { true }
  func promise(ofName name: RawSpan) -> SecretScan.Promise? { isKept(name) ? nil : .nothing }
  func edited(_ text: [UInt8], _ promise: SecretScan.Promise) -> [UInt8]? { edit(text) }
  func refuseDepth(at offset: Int) throws(DecodeError) { throw DecodeError(.tooDeep, at: offset) }
}

/// Goes through a message by its shape and writes anew what an edit changes.
private struct TextWalk<Edit: TextEdit> {
  let edit: Edit
  /// A map in a map is three levels of messages, and decoders read 64 of them.
  private let depthMax = 3 * 64 + 16

  init(edit: Edit) { self.edit = edit }

  func rewritten(
    _ bytes: RawSpan, _ range: Range<Int>, _ shape: WireShape, _ promise: SecretScan.Promise, depth: Int
  ) throws(DecodeError) -> [UInt8]? {
    guard depth < depthMax else {
      try edit.refuseDepth(at: range.lowerBound)
      return nil
    }
    switch shape {
    case .text: return edit.edited(array(bytes, range), promise)
    case .any: return try rewritten(bytes, range, WireShape.anyFields, promise, depth: depth)
    case .pair:
      guard let own = try keyPromise(bytes, range) else { return nil }
      return try rewritten(bytes, range, WireShape.pairFields, own == .nothing ? promise : own, depth: depth)
    case .message(let fields): return try rewritten(bytes, range, fields, promise, depth: depth)
    }
  }

  private func keyPromise(_ bytes: RawSpan, _ range: Range<Int>) throws(DecodeError) -> SecretScan.Promise? {
    var position = range.lowerBound
    var promise: SecretScan.Promise? = .nothing
    while position < range.upperBound {
      let tag = try readVarint(bytes, &position, range.upperBound)
      guard tag == 0x0A else { try skipField(bytes, &position, range.upperBound, tag: tag); continue }
      let count = try readLength(bytes, &position, range.upperBound)
      promise = edit.promise(ofName: bytes.extracting(position..<position + count))
      position += count
    }
    return promise
  }

  /// The fields in order, those that have a shape rewritten; nil where nothing changed.
  private func rewritten(
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
      guard promise != .nothing || edit.mayChange(bytes.extracting(content)),
        let new = try rewritten(bytes, content, shape, promise, depth: depth + 1)
      else { continue }
      var grown = out ?? []
      grown += array(bytes, copied..<start)
      appendVarint(tag, to: &grown)
      appendVarint(UInt64(new.count), to: &grown)
      grown += new
      out = grown
      copied = position
    }
    return out.map { $0 + array(bytes, copied..<range.upperBound) }
  }
}

extension WireShape {
  fileprivate static let anyFields: [UInt64: WireShape] = [1: .text, 5: .message([1: .any]), 6: .message([1: .pair]), 7: .text]
  fileprivate static let pairFields: [UInt64: WireShape] = [2: .any]
}
