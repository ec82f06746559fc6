// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnFormats

// Annotations, metadata, aws and service: objects whose leaves become fields under dotted names.
//
//   string, boolean      a field of that type
//   whole number         an integer; any other number a float
//   object               its leaves, down to depth 5; deeper as JSON text
//   array                JSON text
//   null                 nothing

extension SegmentReader {
  private static var flattenDepthMax: Int { 5 }
  /// A longer text of an array or deep object is not a field; the original document has it.
  private static var nestedByteCountMax: Int { 65_535 }

  /// Sets the leaves of the object at a place as fields under a prefix.
  mutating func setTree(_ bytes: RawSpan, _ place: Range<Int>, prefix: String, _ batch: inout Batch) throws(DecodeError) {
    json.reset(at: place.lowerBound)
    guard case .objectStart = try json.next(bytes) else { return }
    columnName.removeAll(keepingCapacity: true)
    columnName.append(contentsOf: prefix.utf8)
    // Where the name of each open object ends.
    var ends: [Int] = [columnName.count]
    while true {
      let token = try json.next(bytes)
      guard case .key(let name) = token else {
        // The end of an object.
        ends.removeLast()
        guard !ends.isEmpty else { return }
        continue
      }
      let end = ends[ends.count - 1]
      columnName.removeSubrange(end...)
      if ends.count > 1 { columnName.append(UInt8(ascii: ".")) }
      appendName(name, bytes)
      let start = json.offset
      let value = try json.next(bytes)
      if value == .objectStart, ends.count < Self.flattenDepthMax {
        ends.append(columnName.count)
        continue
      }
      if value == .objectStart || value == .arrayStart {
        try json.skipRest(bytes)
        if json.offset - start <= Self.nestedByteCountMax, let column = try treeColumn(.string, &batch) {
          setRaw(bytes, start..<json.offset, column, &batch)
        }
      } else {
        try setLeaf(value, bytes, &batch)
      }
    }
  }

  private mutating func appendName(_ name: JSONText, _ bytes: RawSpan) {
    var made = columnName
    json.withUTF8(name, bytes) { (utf8) in
      unsafe utf8.withUnsafeBytes { unsafe made.append(contentsOf: $0) }
    }
    columnName = made
  }

  private mutating func setLeaf(_ token: JSONToken, _ bytes: RawSpan, _ batch: inout Batch) throws(DecodeError) {
    switch token {
    case .string(let text):
      guard let column = try treeColumn(.string, &batch) else { return }
      json.withUTF8(text, bytes) { (utf8) in _ = batch.setText(column, utf8, 0, utf8.byteCount) }
    case .integer(let value):
      if let column = try treeColumn(.integer, &batch) { batch.setWord(column, UInt64(bitPattern: value)) }
    case .unsigned(let value):
      if let column = try treeColumn(.float, &batch) { batch.setWord(column, Double(value).bitPattern) }
    case .double(let value):
      if let column = try treeColumn(.float, &batch) { batch.setWord(column, value.bitPattern) }
    case .boolean(let value):
      if let column = try treeColumn(.boolean, &batch) { batch.setWord(column, value ? 1 : 0) }
    default: break
    }
  }

  /// The column of the name at hand; nil where the field is not kept.
  private mutating func treeColumn(_ kind: ColumnKind, _ batch: inout Batch) throws(DecodeError) -> ColumnIndex? {
    guard fieldsLeft > 0, columnName.count <= fieldNameByteCountMax else { return nil }
    fieldsLeft -= 1
    guard let column = unsafe batch.column(columnName.span.bytes, 0, columnName.count, kind) else {
      throw DecodeError(.tooManyFields, at: 0)
    }
    // `service.name` is the segment's own name.
    return columnName.count == 12 && columnName.elementsEqual(FieldName.serviceName.utf8) ? nil : column
  }
}
