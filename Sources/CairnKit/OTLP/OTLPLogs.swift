// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import NIOCore

// ExportLogsServiceRequest
//
//   request     1 resource_logs { 1 resource, 2 scope_logs { 1 scope { 1 name: the logger's label }, 2 log_records } }
//   LogRecord   1 time  2 severity_number  3 severity_text  5 body  6 attributes  7 dropped_attributes_count  8 flags
//               9 trace_id  10 span_id  11 observed_time
//
//   error of the line   exception.type, exception.message, exception.stacktrace
//   place of the line   code.file.path, code.function.name, code.line.number; not of the kit's own lines
//
// Source: opentelemetry-proto logs.proto; semantic conventions for exceptions and code.

extension OTLPWriter {
  /// The request of a batch whose items are records, marked with their logger's label.
  static func logs(_ batch: WireBatch<String>, resource: Resource, encoding: OTLPEncoding, in memory: BodyMemory) -> ByteBuffer {
    let labels = Dictionary(grouping: batch.items.indices) { batch.items[$0].mark }.sorted { $0.key < $1.key }
    let byteCount = batch.bytes.count + batch.count
    return body(encoding, in: memory, about: byteCount) { writer in
      writer.only(1, "resourceLogs", about: byteCount) { group in
        group.resource(resource)
        group.several("scopeLogs") { group in
          for (label, items) in labels { group.scopeLogs(label, items, of: batch) }
        }
      }
    }
  }

  private mutating func scopeLogs(_ label: String, _ items: [Int], of batch: WireBatch<String>) {
    element(2, about: items.reduce(label.utf8.count) { $0 + batch.range($1).count }) { scope in
      scope.message(1, "scope") { $0.text(1, "name", label) }
      scope.written("logRecords") { [isJSON = scope.isJSON] bytes in
        for index in items {
          // Records of other labels may have stood between: the comma is not the item's own.
          if isJSON { bytes.separate() }
          bytes.append(batch.bytes, batch.range(index))
        }
      }
    }
  }

  /// Adds a record to a batch.
  static func write(_ record: LogRecord, to bytes: inout WireBuffer, _ limits: RecordLimits, _ encoding: OTLPEncoding) -> String {
    bytes.needsComma = false
    append(2, to: &bytes, encoding) { $0.record(record, limits) }
    return record.label
  }

  private mutating func record(_ record: LogRecord, _ limits: RecordLimits) {
    fixed64(1, "timeUnixNano", record.unixNanoseconds)
    number(2, "severityNumber", record.level.severityNumber)
    text(3, "severityText", record.level.severityText)
    message(5, "body") { $0.value(.string(record.message)) }
    attributes(6, record, limits)
    if let context = record.context {
      fixed32(8, "flags", context.isSampled ? 1 : 0)
      traceID(9, "traceId", context.trace)
      spanID(10, "spanId", context.span)
    }
    fixed64(11, "observedTimeUnixNano", record.unixNanoseconds)
  }
}

extension OTLPWriter {
  private mutating func attributes(_ number: Int, _ record: LogRecord, _ limits: RecordLimits) {
    let count = record.fields.count + 6
    if count <= limits.attributeCount, limits.attributeValueLength == nil, !isJSON {
      attributes(number, record.fieldsApart { _ in false })
      record.forEachOwnField { attribute(number, $0) }
    } else {
      let all = record.allFields.map { WireField($0.name, $0.value.limited(to: limits.attributeValueLength)) }
      attributes(number, Array(all.prefix(limits.attributeCount)))
      self.number(number + 1, "droppedAttributesCount", max(0, all.count - limits.attributeCount))
    }
  }
}

extension LogRecord {
  /// The error's fields and where the line stands: at most six.
  func forEachOwnField(_ body: (WireField) -> Void) {
    if let error {
      body(WireField("exception.type", .string(error.type)))
      body(WireField("exception.message", .string(error.message)))
      if !error.stackTrace.isEmpty { body(WireField("exception.stacktrace", .string(error.stackTrace))) }
    }
    guard let place else { return }
    body(WireField("code.file.path", .string(place.file)))
    body(WireField("code.function.name", .string(place.function)))
    body(WireField("code.line.number", .integer(Int64(clamping: place.line))))
  }

  /// Metadata, the error's fields and where the line stands.
  var allFields: [WireField] {
    var all = fieldsApart { _ in false }
    forEachOwnField { all.append($0) }
    return all
  }

  /// `forEachOwnField` has one of that name.
  private func isOwnField(_ name: String) -> Bool {
    // Most names are told apart by their length.
    switch name.utf8.count {
    case 14: name == "exception.type" && error != nil || name == "code.file.path" && place != nil
    case 16: name == "code.line.number" && place != nil
    case 17: name == "exception.message" && error != nil
    case 18: name == "code.function.name" && place != nil
    case 20: name == "exception.stacktrace" && error?.stackTrace.isEmpty == false
    default: false
    }
  }

  /// The metadata beside which the line's own fields, and further names, stand once: the program's are under `metadata.` and their name then.
  func fieldsApart(from isTaken: (String) -> Bool) -> [WireField] {
    guard fields.contains(where: { isOwnField($0.name) || isTaken($0.name) }) else { return fields }
    var names = Set(fields.map(\.name))
    return fields.map { field in
      guard isOwnField(field.name) || isTaken(field.name) else { return field }
      var name = field.name
      repeat { name = "metadata." + name } while !names.insert(name).inserted
      return WireField(name, field.value)
    }
  }
}
