// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
internal import CairnColumns
public import CairnPlan

/// The documents of one trace, put together from its events: each once, with its exceptions and the service it belongs to.
///
/// A document that came complete wins over one that was in progress, the later of two alike over the earlier. Work that came through two
/// doors with one id is one document: the X-Ray document, with what only the span says. Exceptions of rows of their own are joined to the document that they hang under; a subsegment that was sent alone takes the service of the nearest
/// segment above it. Parents may be missing or make a circle: nothing here follows them further than the trace has documents.
public struct SegmentTrace: Sendable {
  public var traceID: TraceID
  /// By start, then by id.
  public private(set) var documents: [SegmentDocument]
  /// The place of each id in `documents`.
  public private(set) var places: [UInt64: Int]
  private var owners: [Int] = []

  /// Reads the events of one trace; those that are no documents are left out. O(events).
  public init(traceID: TraceID, events: [Event]) {
    self.traceID = traceID
    var read: [SegmentDocument] = []
    var places: [UInt64: Int] = [:]
    var exceptions: [UInt64: [SegmentDocument.Exception]] = [:]
    var links: [UInt64: [SegmentDocument.Link]] = [:]
    var twins: [Int: SegmentDocument] = [:]
    var names = NameMemory<FieldRole>()
    read.reserveCapacity(events.count)
    for event in events {
      if let document = SegmentDocument(event, &names) {
        if let place = places[document.id] {
          if document.isXRay != read[place].isXRay {
            if let known = twins[place], !Self.wins(document, over: known) { continue }
            twins[place] = document
          } else if Self.wins(document, over: read[place]) {
            read[place] = document
          }
        } else {
          places[document.id] = read.count
          read.append(document)
        }
      } else if let owner = event[FieldName.parentID].flatMap({ word(ofHex: $0.text) }) {
        if let exception = SegmentDocument.Exception(event) {
          exceptions[owner, default: []].append(exception)
        } else if let link = SegmentDocument.Link(event) {
          links[owner, default: []].append(link)
        }
      }
    }
    for (place, twin) in twins { read[place] = Self.joined(read[place], twin) }
    for place in twins.keys { exceptions[read[place].id] = exceptions[read[place].id].map(Self.once) }
    documents = Self.ordered(read)
    for index in documents.indices { places[documents[index].id] = index }
    for (owner, list) in exceptions { if let place = places[owner] { documents[place].exceptions = list } }
    for (owner, list) in links { if let place = places[owner] { documents[place].links = list } }
    self.places = places
    findOwners()
    nameServices()
  }

  /// The place of the document above, or nil where there is none in the trace.
  public func parent(of index: Int) -> Int? {
    guard let parentID = documents[index].parentID, let place = places[parentID], place != index else { return nil }
    return place
  }

  /// The place of the segment that the document belongs to: itself, or the nearest one above; nil for an orphan.
  public func segment(of index: Int) -> Int? { owners[index] < 0 ? nil : owners[index] }

  /// Each document's segment, or -1; every document is walked over once, whatever the parents are.
  private mutating func findOwners() {
    let unknown = Int.min
    owners = [Int](repeating: unknown, count: documents.count)
    var path: [Int] = []
    for index in documents.indices where owners[index] == unknown {
      path.removeAll(keepingCapacity: true)
      var place = index
      var owner = -1
      while true {
        if owners[place] != unknown {
          owner = owners[place]
          break
        }
        path.append(place)
        // For now an orphan: a circle comes back here and ends.
        owners[place] = -1
        if documents[place].isSegment {
          owner = place
          break
        }
        guard let above = parent(of: place) else { break }
        place = above
      }
      for step in path { owners[step] = owner }
    }
  }

  /// By start, then by id; mostly they come so.
  private static func ordered(_ read: [SegmentDocument]) -> [SegmentDocument] {
    // Documents are large: their places are sorted, and each is copied once.
    let order = read.indices.sorted {
      let (left, right) = (read[$0].startUnixNanoseconds, read[$1].startUnixNanoseconds)
      return left != right ? left < right : read[$0].id < read[$1].id
    }
    return order.elementsEqual(read.indices) ? read : order.map { read[$0] }
  }

  /// The X-Ray document and the span of one piece of work: the document, unless only the span is complete.
  private static func joined(_ left: SegmentDocument, _ right: SegmentDocument) -> SegmentDocument {
    var document = left.isXRay ? left : right
    let span = left.isXRay ? right : left
    if document.isInProgress, !span.isInProgress { return span }
    document.join(span)
    return document
  }

  /// Exceptions without those that a span tells again; only documents give them ids.
  private static func once(_ exceptions: [SegmentDocument.Exception]) -> [SegmentDocument.Exception] {
    let told = Set(exceptions.filter { !$0.id.isEmpty }.map { [$0.type, $0.message] })
    return exceptions.filter { !$0.id.isEmpty || !told.contains([$0.type, $0.message]) }
  }

  private static func wins(_ new: SegmentDocument, over old: SegmentDocument) -> Bool {
    if new.isInProgress != old.isInProgress { return old.isInProgress }
    return new.endUnixNanoseconds >= old.endUnixNanoseconds
  }

  private mutating func nameServices() {
    for index in documents.indices where documents[index].serviceName.isEmpty {
      if let segment = segment(of: index) { documents[index].serviceName = documents[segment].serviceName }
    }
  }
}
