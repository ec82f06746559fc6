// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

// ExportLogsServiceRequest
//
//   request     1 resource_logs { 1 resource, 2 scope_logs { 1 scope { 1 name: the logger's label }, 2 log_records } }
//   LogRecord   1 time  2 severity_number  3 severity_text  5 body  6 attributes  7 dropped_attributes_count  8 flags
//               9 trace_id  10 span_id  11 observed_time
//
//   error of the line   exception.type, exception.message, exception.stacktrace
//   place of the line   code.file.path, code.function.name, code.line.number
//
// Source: opentelemetry-proto logs.proto; semantic conventions for exceptions and code.

extension OTLPWriter {
  static func logs(_ records: [LogRecord], resource: Resource, limits: RecordLimits, encoding: OTLPEncoding) -> [UInt8] {
    let labels = Dictionary(grouping: records, by: \.label).sorted { $0.key < $1.key }
    return request(encoding) { writer in
      writer.messages(1, "resourceLogs", [resource]) { resource, group in
        group.resource(resource)
        group.messages(2, "scopeLogs", labels) { entry, scope in
          scope.message(1, "scope") { $0.text(1, "name", entry.key) }
          scope.messages(2, "logRecords", entry.value) { $1.record($0, limits) }
        }
      }
    }
  }

  private mutating func record(_ record: LogRecord, _ limits: RecordLimits) {
    var fields = record.allFields
    let droppedCount = max(0, fields.count - limits.attributeCount)
    fields.removeLast(droppedCount)
    if limits.attributeValueLength != nil { fields = fields.map { WireField($0.name, $0.value.limited(to: limits.attributeValueLength)) } }
    fixed64(1, "timeUnixNano", record.unixNanoseconds)
    number(2, "severityNumber", record.level.severityNumber)
    text(3, "severityText", record.level.severityText)
    message(5, "body") { $0.value(.string(record.message)) }
    attributes(6, fields)
    number(7, "droppedAttributesCount", droppedCount)
    if let context = record.context {
      fixed32(8, "flags", context.isSampled ? 1 : 0)
      traceID(9, "traceId", context.trace)
      spanID(10, "spanId", context.span)
    }
    fixed64(11, "observedTimeUnixNano", record.unixNanoseconds)
  }
}

extension LogRecord {
  /// Metadata, the error's fields and where the line stands.
  var allFields: [WireField] {
    var all = fields
    if let error {
      all.append(WireField("exception.type", .string(error.type)))
      all.append(WireField("exception.message", .string(error.message)))
      if !error.stackTrace.isEmpty { all.append(WireField("exception.stacktrace", .string(error.stackTrace))) }
    }
    all.append(WireField("code.file.path", .string(file)))
    all.append(WireField("code.function.name", .string(function)))
    all.append(WireField("code.line.number", .integer(Int64(clamping: line))))
    return all
  }
}
