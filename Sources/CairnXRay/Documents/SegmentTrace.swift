// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
internal import CairnColumns
public import CairnPlan

/// The documents of one trace, put together from its events: each once, with its exceptions and the service it belongs to.
///
/// A document that came complete wins over one that was in progress, the later of two alike over the earlier. Exceptions of rows
/// of their own are joined to the document that they hang under; a subsegment that was sent alone takes the service of the nearest
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
    var byID: [UInt64: SegmentDocument] = [:]
    var exceptions: [UInt64: [SegmentDocument.Exception]] = [:]
    for event in events {
      if let document = SegmentDocument(event) {
        if let known = byID[document.id], !Self.wins(document, over: known) { continue }
        byID[document.id] = document
      } else if let exception = SegmentDocument.Exception(event),
        let owner = event[FieldName.parentID].flatMap({ parseHex(Array($0.text.utf8)[...]) })
      {
        exceptions[owner, default: []].append(exception)
      }
    }
    documents = byID.values.sorted {
      $0.startUnixNanoseconds != $1.startUnixNanoseconds ? $0.startUnixNanoseconds < $1.startUnixNanoseconds : $0.id < $1.id
    }
    places = [:]
    for index in documents.indices {
      places[documents[index].id] = index
      documents[index].exceptions = exceptions[documents[index].id] ?? []
    }
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
