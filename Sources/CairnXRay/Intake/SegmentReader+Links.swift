// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnFormats

extension SegmentReader {
  /// A document links to no more others than this.
  private static var linkCountMax: Int { 1_000 }

  /// The documents of other traces that the list at a place names; what is no link is left out.
  mutating func links(_ bytes: RawSpan, _ place: Range<Int>?) throws(DecodeError) -> [SegmentDocument.Link] {
    guard let place else { return [] }
    json.reset(at: place.lowerBound)
    guard case .arrayStart = try json.next(bytes) else { return [] }
    var found: [SegmentDocument.Link] = []
    while true {
      let element = try json.next(bytes)
      if element == .arrayEnd { return found }
      guard element == .objectStart else {
        try skip(element, bytes)
        continue
      }
      var traceID: TraceID?
      var id: UInt64?
      while case .key(let name) = try json.next(bytes) {
        let isTrace = json.matches(name, bytes, "trace_id")
        let isID = json.matches(name, bytes, "id")
        let token = try json.next(bytes)
        if isTrace, case .string(let text) = token { traceID = TraceID(json.string(text, bytes)) }
        if isID, case .string(let text) = token { id = segmentID(json.string(text, bytes)) }
        try skip(token, bytes)
      }
      if let traceID, let id, found.count < Self.linkCountMax { found.append(SegmentDocument.Link(traceID: traceID, id: id)) }
    }
  }
}
