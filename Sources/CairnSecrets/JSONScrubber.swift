// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats

/// Takes secrets out of a JSON document: texts under a name that promises one, at any depth below it, and what `SecretText` finds in others.
///
/// Everything else stays byte for byte. A document that is no JSON is none afterwards either: whoever reads it will refuse it.
public enum JSONScrubber {
  /// The document without its secrets, or nil where it has none; what `ids` names is left alone.
  public static func scrubbed(_ bytes: RawSpan, ids: IDMembers = .none) -> [UInt8]? {
    guard let first = SecretScan.next(bytes) else { return nil }
    switch membersAlone(bytes, first) {
    case .done(let scrubbed): return scrubbed
    case .needsWalk: return walked(bytes, ids)
    }
  }

  private enum Quick {
    case done([UInt8]?)
    case needsWalk
  }

  /// Where every suspicious place is `name": "text"`, the texts are replaced and nothing else is looked at. A quote right behind a name
  /// ends a string there, as one inside a string has a backslash before it; with a colon behind, that string was a member's name.
  private static func membersAlone(_ bytes: RawSpan, _ first: Int) -> Quick {
    var out: [UInt8] = []
    var copied = 0
    var next: Int? = first
    while let place = next {
      guard let text = memberText(bytes, behindName: place) else { return .needsWalk }
      if isSecretText(bytes, text, nameEnd: place) {
        append(bytes, copied..<text.lowerBound, to: &out)
        out += SecretText.redacted
        copied = text.upperBound
      } else if SecretScan.next(bytes.extracting(text)) != nil {
        return .needsWalk
      }
      next = SecretScan.next(bytes, from: text.upperBound)
    }
    guard copied > 0 else { return .done(nil) }
    append(bytes, copied..<bytes.byteCount, to: &out)
    return .done(out)
  }

  /// The longest name is longer than any of the words that end it.
  private static let nameByteCountMax = 64

  private static func isSecretText(_ bytes: RawSpan, _ text: Range<Int>, nameEnd: Int) -> Bool {
    let promise = SecretScan.promise(ofName: bytes.extracting(max(0, nameEnd - nameByteCountMax)..<nameEnd))
    return SecretScan.isSecret(array(bytes, text)[...], promise)
  }

  /// The text of `": "text"` at a place behind a name; nil where something else stands there.
  private static func memberText(_ bytes: RawSpan, behindName place: Int) -> Range<Int>? {
    var position = place
    guard position < bytes.byteCount, loadByte(bytes, position) == 0x22 else { return nil }
    position = behindSpace(bytes, position + 1)
    guard position < bytes.byteCount, loadByte(bytes, position) == 0x3a else { return nil }
    position = behindSpace(bytes, position + 1)
    guard position < bytes.byteCount, loadByte(bytes, position) == 0x22 else { return nil }
    let start = position + 1
    position = start
    while position < bytes.byteCount, loadByte(bytes, position) != 0x22 { position += loadByte(bytes, position) == 0x5c ? 2 : 1 }
    return position < bytes.byteCount ? start..<position : nil
  }

  private static func behindSpace(_ bytes: RawSpan, _ start: Int) -> Int {
    var position = start
    while position < bytes.byteCount, [0x20, 0x09, 0x0a, 0x0d].contains(loadByte(bytes, position)) { position += 1 }
    return position
  }

  // MARK: The whole document

  private static func walked(_ bytes: RawSpan, _ ids: IDMembers) -> [UInt8]? {
    var reader = JSONReader(depthMax: JSONReader.depthMaxLimit)
    var out: [UInt8] = []
    var copied = 0
    // What the name in front of the next value promises, and the depth of the container that a name has made secret.
    var promise = SecretScan.Promise.nothing
    var secretDepth: Int?
    // What the name says of ids, and the depth of the container in which names say nothing of them.
    var (isID, isFree) = (false, false)
    var freeDepth: Int?
    do throws(DecodeError) {
      while true {
        let token = try reader.next(bytes)
        switch token {
        case .end: return copied == 0 ? nil : out + array(bytes, copied..<bytes.byteCount)
        case .key(let name):
          promise = reader.withUTF8(name, bytes) { SecretScan.promise(ofName: $0) }
          if freeDepth == nil, ids != .none {
            let text = reader.withUTF8(name, bytes) { String(decoding: array($0, 0..<$0.byteCount), as: UTF8.self) }
            (isID, isFree) = (ids.names.contains(text), ids.free.contains(text))
          }
          continue
        case .objectStart, .arrayStart:
          if secretDepth == nil, promise != .nothing { secretDepth = reader.depth }
          if isFree { freeDepth = reader.depth }
        case .objectEnd, .arrayEnd:
          if let depth = secretDepth, reader.depth < depth { secretDepth = nil }
          if let depth = freeDepth, reader.depth < depth { freeDepth = nil }
        case .string(let text) where isID && IDMembers.isID(bytes, text.range): break
        case .string(let text):
          let isBelow = secretDepth != nil && promise == .nothing
          if let replacement = replacement(of: text, bytes, isBelow ? .secret : promise, &reader) {
            append(bytes, copied..<text.range.lowerBound, to: &out)
            out += replacement
            copied = text.range.upperBound
          }
        default: break
        }
        promise = .nothing
        (isID, isFree) = (false, false)
      }
    } catch {
      return nil
    }
  }

  /// What is to stand between the quotes instead, or nil.
  private static func replacement(
    of text: JSONText, _ bytes: RawSpan, _ promise: SecretScan.Promise, _ reader: inout JSONReader
  ) -> [UInt8]? {
    let plain = reader.withUTF8(text, bytes) { array($0, 0..<$0.byteCount) }
    if SecretScan.isSecret(plain[...], promise) { return SecretText.redacted }
    guard let scrubbed = SecretText.scrubbed(plain) else { return nil }
    var writer = JSONWriter()
    writer.string(String(decoding: scrubbed, as: UTF8.self))
    return Array(writer.finish().dropFirst().dropLast())
  }

  private static func append(_ bytes: RawSpan, _ range: Range<Int>, to out: inout [UInt8]) {
    unsafe bytes.extracting(range).withUnsafeBytes { unsafe out.append(contentsOf: $0) }
  }
}

/// A copy of a part of the bytes.
func array(_ bytes: RawSpan, _ range: Range<Int>) -> [UInt8] {
  unsafe bytes.extracting(range).withUnsafeBytes { unsafe Array($0) }
}
