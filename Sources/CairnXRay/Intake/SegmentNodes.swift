// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats

/// The members of a document that the intake reads.
enum SegmentMember: Int, CaseIterable {
  case name, id, traceID, parentID, startTime, endTime, inProgress, type, namespace, origin, user, error, fault, throttle, inferred
  case resourceARN, http, aws, sql, service, annotations, metadata, cause, precursorIDs, links, subsegments

  private static let words: [(StaticString, SegmentMember)] = [
    ("name", .name), ("id", .id), ("trace_id", .traceID), ("parent_id", .parentID), ("start_time", .startTime), ("end_time", .endTime),
    ("in_progress", .inProgress), ("type", .type), ("namespace", .namespace), ("origin", .origin), ("user", .user), ("error", .error),
    ("fault", .fault), ("throttle", .throttle), ("inferred", .inferred), ("http", .http), ("aws", .aws), ("sql", .sql),
    ("service", .service), ("annotations", .annotations), ("metadata", .metadata), ("cause", .cause),
    ("precursor_ids", .precursorIDs), ("resource_arn", .resourceARN), ("links", .links), ("subsegments", .subsegments),
  ]

  /// The words by their length.
  private static let wordsByLength: [[(StaticString, SegmentMember)]] = (0...13).map { (count) in
    words.filter { $0.0.utf8CodeUnitCount == count }
  }

  /// The member of this name, or nil for one that is not read.
  static func named(_ text: JSONText, _ reader: inout JSONReader, _ bytes: RawSpan) -> SegmentMember? {
    if text.hasEscapes {
      for (word, member) in words where reader.matches(text, bytes, word) { return member }
      return nil
    }
    guard text.byteCount < wordsByLength.count else { return nil }
    for (word, member) in wordsByLength[text.byteCount] where isWord(bytes, text.offset, word) { return member }
    return nil
  }

  private static func isWord(_ bytes: RawSpan, _ offset: Int, _ word: StaticString) -> Bool {
    for index in 0..<word.utf8CodeUnitCount where unsafe loadByte(bytes, offset &+ index) != word.utf8Start[index] { return false }
    return true
  }
}

/// One segment or subsegment inside a document: where its members' values lie.
struct SegmentNode {
  /// The node that it is embedded in; -1 for the document itself.
  var parent: Int32
  /// Start and end of each member's value, 0 and 0 where it is absent.
  private var places = InlineArray<26, UInt64>(repeating: 0)

  init(parent: Int32) { self.parent = parent }

  /// Where the value of a member lies; nil where it is absent.
  subscript(_ member: SegmentMember) -> Range<Int>? {
    get {
      let word = places[member.rawValue]
      return word == 0 ? nil : Int(word >> 32)..<Int(word & 0xffff_ffff)
    }
    set {
      guard let newValue else { return places[member.rawValue] = 0 }
      places[member.rawValue] = UInt64(newValue.lowerBound) << 32 | UInt64(newValue.upperBound)
    }
  }
}

/// Finds the segments and subsegments of a document in one walk, whatever the order of its members. Nothing recurses.
struct SegmentNodes: ~Copyable {
  /// More than any program sends; each costs some 200 bytes while its document is read.
  static let countMax = 250_000

  private(set) var nodes: [SegmentNode] = []

  init() {}

  /// Reads a document; parents come before what is embedded in them.
  mutating func scan(_ bytes: RawSpan, _ reader: inout JSONReader) throws(SegmentRefusal) {
    do throws(DecodeError) {
      if try !walk(bytes, &reader) { throw DecodeError(.tooManyFields, at: 0) }
    } catch {
      throw error.reason == .tooManyFields ? .tooMany : .notJSON
    }
  }

  /// False where there are too many.
  private mutating func walk(_ bytes: RawSpan, _ reader: inout JSONReader) throws(DecodeError) -> Bool {
    nodes.removeAll(keepingCapacity: true)
    reader.reset()
    guard case .objectStart = try reader.next(bytes) else { throw DecodeError(.syntax(expected: "an object"), at: 0) }
    nodes.append(SegmentNode(parent: -1))
    var here = 0
    var isInList = false
    while true {
      switch try reader.next(bytes) {
      case .key(let text):
        isInList = try read(text, of: here, bytes, &reader)
      case .objectStart:
        guard nodes.count < Self.countMax else { return false }
        nodes.append(SegmentNode(parent: Int32(here)))
        here = nodes.count - 1
        isInList = false
      case .objectEnd:
        let parent = nodes[here].parent
        guard parent >= 0 else {
          guard case .end = try reader.next(bytes) else { throw DecodeError(.syntax(expected: "nothing more"), at: reader.offset) }
          return true
        }
        here = Int(parent)
        isInList = true
      case .arrayEnd: isInList = false
      case .arrayStart where isInList: try reader.skipRest(bytes)
      default: break
      }
    }
  }

  /// Reads a member's value, or up to the first element of the list of subsegments: then the result is true.
  private mutating func read(
    _ text: JSONText, of node: Int, _ bytes: RawSpan, _ reader: inout JSONReader
  ) throws(DecodeError) -> Bool {
    let member = SegmentMember.named(text, &reader, bytes)
    let start = reader.offset
    guard member == .subsegments else {
      try reader.skipValue(bytes)
      if let member { nodes[node][member] = start..<reader.offset }
      return false
    }
    switch try reader.next(bytes) {
    case .arrayStart: return true
    case .objectStart: try reader.skipRest(bytes)
    default: break
    }
    return false
  }
}
