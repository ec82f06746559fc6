// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats

/// Takes secrets out of a JSON document: texts under a name that promises one, at any depth below it, and what `SecretText` finds in others.
///
/// Goes from one suspicious place of `SecretScan` to the next and looks at the string around it alone: its opening quote is the last one
/// in front that no backslash escapes. All that lies between stays byte for byte. A document that is no JSON is none afterwards either:
/// whoever reads it will refuse it. Cost: the scan, and what the suspicious strings cost (benchmark: `Benchmarks/errors.py`).
public enum JSONScrubber {
  /// The document without its secrets, or nil where it has none; what `ids` names is left alone.
  public static func scrubbed(_ bytes: RawSpan, ids: IDMembers = .none) -> [UInt8]? {
    var out: [UInt8] = []
    let hasSecrets = scrub(bytes, ids: ids) { (piece) in
      if out.isEmpty { out.reserveCapacity(bytes.byteCount) }
      unsafe piece.withUnsafeBytes { unsafe out.append(contentsOf: $0) }
    }
    return hasSecrets ? out : nil
  }

  /// Hands on the document without its secrets, piece by piece; where it has none, nothing, and gives false.
  public static func scrub(_ bytes: RawSpan, ids: IDMembers = .none, _ write: (RawSpan) -> Void) -> Bool {
    guard var place = SecretScan.next(bytes) else { return false }
    var walk = SuspicionWalk(ids)
    while true {
      guard let behind = walk.look(bytes, at: place) else { return false }
      guard let next = SecretScan.next(bytes, from: behind) else { break }
      place = next
    }
    guard !walk.edits.isEmpty else { return false }
    var copied = 0
    for edit in walk.edits {
      write(bytes.extracting(copied..<edit.range.lowerBound))
      write(unsafe edit.replacement.span.bytes)
      copied = edit.range.upperBound
    }
    write(bytes.extracting(copied..<bytes.byteCount))
    return true
  }
}

/// What is to be replaced, and how far the document is looked at.
private struct SuspicionWalk: ~Copyable {
  /// In the order of the document, apart from each other.
  var edits: [(range: Range<Int>, replacement: [UInt8])] = []
  /// Nothing before is part of a string that is still to be looked at.
  private var floor = 0
  private let ids: IDMembers
  /// Goes along where only the grammar can tell what a place is.
  private var grammar = JSONReader(depthMax: JSONReader.depthMaxLimit)
  private var token = JSONToken.null
  /// What the name before the token says of ids, and the depth of the container in which names say nothing of them.
  private var (isID, isFree) = (false, false)
  private var freeDepth: Int?

  init(_ ids: IDMembers) { self.ids = ids }

  /// Deals with the string around a place, and with the value that follows where it is a name. Gives where to look on; nil where the
  /// document turns out to be broken.
  mutating func look(_ bytes: RawSpan, at place: Int) -> Int? {
    if isDigit(bytes, place), mayBeNumber(bytes, place) {
      guard advance(bytes, to: place) else { return nil }
      switch token {
      case .key, .string: break
      default: return moved(to: behindNumber(bytes, place))
      }
    }
    guard let start = opening(bytes, before: place), let end = closing(bytes, from: start) else { return nil }
    floor = end + 1
    var position = behindSpace(bytes, end + 1)
    guard position < bytes.byteCount, loadByte(bytes, position) == 0x3a else {
      if ids != .none, IDMembers.isID(bytes, start..<end), advance(bytes, to: start), isID, freeDepth == nil { return floor }
      scrub(bytes, start..<end, .nothing)
      return floor
    }
    let promise = plain(bytes, start..<end) { SecretScan.promise(ofName: $0) }
    position = behindSpace(bytes, position + 1)
    guard promise != .nothing, position < bytes.byteCount else { return floor }
    switch loadByte(bytes, position) {
    case 0x22:
      guard let end = closing(bytes, from: position + 1) else { return nil }
      scrub(bytes, (position + 1)..<end, promise)
      return moved(to: end + 1)
    case 0x5b, 0x7b: return scrubContainer(bytes, at: position)
    default: return floor
    }
  }

  private mutating func moved(to position: Int) -> Int {
    floor = position
    return position
  }

  /// All texts of a container under a name that promises a secret, but those whose own names promise something themselves.
  private mutating func scrubContainer(_ bytes: RawSpan, at start: Int) -> Int? {
    var reader = JSONReader(depthMax: JSONReader.depthMaxLimit, at: start)
    var promise = SecretScan.Promise.nothing
    do throws(DecodeError) {
      repeat {
        switch try reader.next(bytes) {
        case .key(let name):
          promise = reader.withUTF8(name, bytes) { SecretScan.promise(ofName: $0) }
          continue
        case .string(let text): scrub(bytes, text.range, promise == .nothing ? .secret : promise)
        default: break
        }
        promise = .nothing
      } while reader.depth > 0
    } catch {
      return nil
    }
    return moved(to: reader.offset)
  }

  /// Replaces what is secret between two quotes.
  private mutating func scrub(_ bytes: RawSpan, _ range: Range<Int>, _ promise: SecretScan.Promise) {
    let text = plain(bytes, range) { array($0, 0..<$0.byteCount) }
    let replacement: [UInt8]
    if SecretScan.isSecret(text[...], promise) {
      replacement = SecretText.redacted
    } else {
      guard let scrubbed = SecretText.scrubbed(text) else { return }
      var writer = JSONWriter()
      writer.string(String(decoding: scrubbed, as: UTF8.self))
      replacement = Array(writer.finish().dropFirst().dropLast())
    }
    edits.append((range, replacement))
  }

  /// Hands on what stands between two quotes, its escapes resolved.
  private mutating func plain<Result>(_ bytes: RawSpan, _ range: Range<Int>, _ body: (RawSpan) -> Result) -> Result {
    let hasEscapes = range.contains { loadByte(bytes, $0) == 0x5c }
    return grammar.withUTF8(JSONText(offset: range.lowerBound, byteCount: range.count, hasEscapes: hasEscapes), bytes, body)
  }

  // MARK: Quotes

  /// Behind the opening quote of the string that `place` lies in.
  private func opening(_ bytes: RawSpan, before place: Int) -> Int? {
    var position = place - 1
    while position >= floor {
      if loadByte(bytes, position) == 0x22 {
        var slashes = position
        while slashes > floor, loadByte(bytes, slashes - 1) == 0x5c { slashes -= 1 }
        if (position - slashes) & 1 == 0 { return position + 1 }
      }
      position -= 1
    }
    return nil
  }

  /// The closing quote of a string, from a byte of it that no backslash escapes.
  private func closing(_ bytes: RawSpan, from start: Int) -> Int? {
    var position = start
    while position < bytes.byteCount {
      let byte = loadByte(bytes, position)
      if byte == 0x22 { return position }
      position += byte == 0x5c ? 2 : 1
    }
    return nil
  }

  private func behindSpace(_ bytes: RawSpan, _ start: Int) -> Int {
    var position = start
    while position < bytes.byteCount, isSpace(loadByte(bytes, position)) { position += 1 }
    return position
  }

  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d }

  // MARK: Numbers

  private func isDigit(_ bytes: RawSpan, _ place: Int) -> Bool { loadByte(bytes, place) &- 0x30 < 10 }

  private func isOfNumber(_ byte: UInt8) -> Bool {
    byte &- 0x30 < 10 || byte == 0x2b || byte == 0x2d || byte == 0x2e || byte == 0x45 || byte == 0x65
  }

  private func behindNumber(_ bytes: RawSpan, _ place: Int) -> Int {
    var position = place
    while position < bytes.byteCount, isOfNumber(loadByte(bytes, position)) { position += 1 }
    return position
  }

  /// Digits between what stands around a number of JSON: inside a string, they may be.
  private func mayBeNumber(_ bytes: RawSpan, _ place: Int) -> Bool {
    var position = place
    while position > floor, isOfNumber(loadByte(bytes, position - 1)) { position -= 1 }
    while position > floor, isSpace(loadByte(bytes, position - 1)) { position -= 1 }
    guard position > floor else { return true }
    let before = loadByte(bytes, position - 1)
    guard before == 0x3a || before == 0x2c || before == 0x5b else { return false }
    position = behindSpace(bytes, behindNumber(bytes, place))
    guard position < bytes.byteCount else { return true }
    let behind = loadByte(bytes, position)
    return behind == 0x2c || behind == 0x5d || behind == 0x7d
  }

  // MARK: Grammar

  /// Reads to the token that `place` lies in; false where the bytes before are no JSON.
  private mutating func advance(_ bytes: RawSpan, to place: Int) -> Bool {
    do throws(DecodeError) {
      while grammar.offset <= place {
        let before = token
        token = try grammar.next(bytes)
        switch token {
        case .end: return false
        case .key(let name): noteIDs(bytes, name)
        case .objectStart, .arrayStart:
          if case .key = before, isFree, freeDepth == nil { freeDepth = grammar.depth }
          isID = false
        case .objectEnd, .arrayEnd:
          if let depth = freeDepth, grammar.depth < depth { freeDepth = nil }
          isID = false
        default:
          if case .key = before {} else { isID = false }
        }
      }
      return true
    } catch {
      return false
    }
  }

  private mutating func noteIDs(_ bytes: RawSpan, _ name: JSONText) {
    guard ids != .none, freeDepth == nil else { return (isID, isFree) = (false, false) }
    let text = grammar.string(name, bytes)
    (isID, isFree) = (ids.names.contains(text), ids.free.contains(text))
  }
}

/// A copy of a part of the bytes.
func array(_ bytes: RawSpan, _ range: Range<Int>) -> [UInt8] {
  unsafe bytes.extracting(range).withUnsafeBytes { unsafe Array($0) }
}
