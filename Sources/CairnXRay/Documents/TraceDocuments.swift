// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
internal import CairnFormats

/// The documents of a trace as BatchGetTraces gives them back: a segment each, with all that hangs under it embedded.
///
/// A segment that came whole is given back byte for byte. Where parts came by themselves (a subsegment sent alone, a span of another
/// kind under a segment) they are put into the segment they belong to; orphans are documents of their own, of type subsegment.
public struct TraceDocuments: Sendable {
  /// One document: its id in hex and its JSON.
  public struct Document: Sendable, Hashable {
    public var id: String
    public var text: String
  }
  public var traceID: TraceID
  public var documents: [Document] = []
  /// From the first start to the last end.
  public var durationSeconds: Double

  private let trace: SegmentTrace
  private var children: [Int: [Int]] = [:]
  /// The segments that parts are put into, at whatever depth.
  private var fillable = Set<Int>()
  /// Deeper parts are documents of their own.
  private static let depthMax = 100

  /// O(documents), and once more over each document that parts are put into.
  public init(_ trace: SegmentTrace) {
    traceID = trace.traceID
    self.trace = trace
    let start = trace.documents.map(\.startUnixNanoseconds).min() ?? 0
    let end = trace.documents.map(\.endUnixNanoseconds).max() ?? start
    durationSeconds = Double(end.subtractingReportingOverflow(start).partialValue) / 1e9
    var tops: [Int] = []
    for index in trace.documents.indices {
      let document = trace.documents[index]
      if Self.isEmbedded(document) { continue }
      if !document.isSegment, trace.segment(of: index) != nil, let parent = trace.parent(of: index) {
        children[parent, default: []].append(index)
      } else {
        tops.append(index)
      }
    }
    tops += cutDeep(tops)
    fillable = Set(children.keys.compactMap { trace.segment(of: $0) })
    documents = tops.map { Document(id: hexText(trace.documents[$0].id), text: text($0)) }
  }

  /// It stands inside the original of a segment.
  private static func isEmbedded(_ document: SegmentDocument) -> Bool {
    document.isXRay && !document.isSegment && document.original == nil
  }

  /// Takes the parts that lie too deep away from their parents; the result is their places.
  private mutating func cutDeep(_ tops: [Int]) -> [Int] {
    var cut: [Int] = []
    // Parts hang under embedded subsegments too, which are no tops: those begin a chain as well.
    var open = children.keys.filter { Self.isEmbedded(trace.documents[$0]) }.map { ($0, 0) } + tops.map { ($0, 0) }
    while let (place, depth) = open.popLast() {
      guard let parts = children[place] else { continue }
      if depth + 1 >= Self.depthMax {
        children[place] = nil
        cut += parts
        open += parts.map { ($0, 0) }
      } else {
        open += parts.map { ($0, depth + 1) }
      }
    }
    return cut
  }

  private func text(_ index: Int) -> String {
    let document = trace.documents[index]
    if let original = document.original, !hasParts(index) { return original }
    return String(decoding: tree(index, isEmbedded: false, depth: 0).bytes, as: UTF8.self)
  }

  /// True if anything must be put into the document: under itself or under one of its embedded subsegments.
  private func hasParts(_ index: Int) -> Bool { children[index] != nil || fillable.contains(index) }

  private func tree(_ index: Int, isEmbedded: Bool, depth: Int) -> JSONValue {
    let document = trace.documents[index]
    if let original = document.original, let parsed = try? JSONValue(parsing: original, depthMax: JSONReader.depthMaxLimit) {
      return filled(parsed, isEmbedded: isEmbedded, depth: depth)
    }
    return filled(document.json(isEmbedded: isEmbedded), isEmbedded: isEmbedded, depth: depth)
  }

  /// The tree of a segment or subsegment with its parts put in, at every level. Recurses once a level.
  private func filled(_ tree: JSONValue, isEmbedded: Bool, depth: Int) -> JSONValue {
    guard var members = tree.members, depth < JSONReader.depthMaxLimit else { return tree }
    var parts: [JSONValue] = []
    if let place = members.firstIndex(where: { $0.name == "subsegments" }) {
      parts = (members.remove(at: place).value.array ?? []).map { filled($0, isEmbedded: true, depth: depth + 1) }
    }
    if let id = tree["id"]?.string.flatMap({ segmentID($0) }), let index = trace.places[id] {
      parts += (children[index] ?? []).map { self.tree($0, isEmbedded: true, depth: depth + 1) }
    }
    if !parts.isEmpty { members.append(JSONMember("subsegments", .array(parts))) }
    return .object(members)
  }
}
