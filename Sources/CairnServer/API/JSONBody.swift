// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnPlan
import NIOCore
import NIOHTTP1

/// A response whose body is the JSON object that the closure fills.
func jsonResponse(reserving byteCount: Int = 1024, _ fill: (inout JSONWriter) -> Void) -> Response {
  var writer = JSONWriter(reserving: byteCount)
  writer.beginObject()
  fill(&writer)
  writer.endObject()
  var response = Response(contentType: "application/json", bytes: ByteBuffer(bytes: writer.finish()))
  response.headers.add(name: "cache-control", value: "no-store")
  response.headers.add(name: "x-content-type-options", value: "nosniff")
  return response
}

/// The forms that the answers of Cairn's own API share.
extension JSONWriter {
  /// An array; the closure writes one element.
  mutating func array<Elements: Sequence>(
    _ name: String, _ elements: Elements, _ write: (Elements.Element, inout JSONWriter) -> Void
  ) {
    key(name)
    beginArray()
    for element in elements { write(element, &self) }
    endArray()
  }

  /// An object; the closure writes its members.
  mutating func object(_ name: String, _ write: (inout JSONWriter) -> Void) {
    key(name)
    beginObject()
    write(&self)
    endObject()
  }

  /// An object as an element of an array.
  mutating func object(_ write: (inout JSONWriter) -> Void) {
    beginObject()
    write(&self)
    endObject()
  }

  /// A field's value, null where it is absent.
  mutating func field(_ value: FieldValue?) {
    switch value {
    case nil: null()
    case .string(let text): string(text)
    case .integer(let number): integer(number)
    case .float(let number): double(number)
    case .boolean(let truth): boolean(truth)
    }
  }

  mutating func member(_ name: String, field value: FieldValue?) {
    key(name)
    field(value)
  }

  /// An event's fields as one object; what is kept for Cairn's own use is left out.
  mutating func fields(_ event: Event) {
    object("fields") { (writer) in
      for field in event.fields where !FieldName.isInternal(field.name) { writer.member(field.name, field: field.value) }
    }
  }

  /// What reading cost.
  mutating func info(_ info: ReadingInfo, stepNanoseconds: Int64? = nil) {
    object("info") { (writer) in
      writer.member("elapsed_ms", Double(info.elapsedNanoseconds) / 1e6)
      writer.member("rows_scanned", info.rowsScanned)
      writer.member("rows_matched", info.rowsMatched)
      writer.member("segments_scanned", info.segmentsScanned)
      writer.member("segments_pruned", info.segmentsPruned)
      writer.member("mean_sample_rate", info.meanSampleRate)
      if let stepNanoseconds { writer.member("granularity_seconds", wholeIfPossible: Double(stepNanoseconds) / 1e9) }
      writer.member("truncated", info.isTruncated)
      writer.member("unavailable_rows", info.rowsUnavailable)
    }
  }

  mutating func member(_ name: String, wholeIfPossible value: Double) {
    if let whole = Int64(exactly: value) { member(name, whole) } else { member(name, value) }
  }

  mutating func member(_ name: String, orNull value: Int64?) {
    key(name)
    if let value { integer(value) } else { null() }
  }
}

extension FieldType {
  /// The name in JSON.
  var name: String {
    switch self {
    case .string: "string"
    case .integer: "integer"
    case .float: "float"
    case .boolean: "boolean"
    }
  }
}

extension ReadingInfo {
  /// What several questions cost together.
  func joined(_ other: ReadingInfo) -> ReadingInfo {
    var sum = self
    sum.elapsedNanoseconds += other.elapsedNanoseconds
    sum.rowsScanned += other.rowsScanned
    sum.rowsMatched = max(rowsMatched, other.rowsMatched)
    sum.segmentsScanned += other.segmentsScanned
    sum.segmentsPruned += other.segmentsPruned
    sum.isTruncated = isTruncated || other.isTruncated
    sum.rowsUnavailable = max(rowsUnavailable, other.rowsUnavailable)
    return sum
  }
}
