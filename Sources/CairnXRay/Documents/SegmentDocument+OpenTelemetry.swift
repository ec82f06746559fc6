// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnFormats

extension SegmentDocument {
  /// The document as a span in JSON, as ListRetrievedTraces gives it in the format OTEL.
  public var openTelemetryText: String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("traceId", traceID.hex)
    writer.member("spanId", hexText(id))
    if let parentID { writer.member("parentSpanId", hexText(parentID)) }
    writer.member("name", spanName ?? name)
    writer.member("kind", (kind.isEmpty ? "internal" : kind).uppercased())
    writer.member("startTimeUnixNano", startUnixNanoseconds)
    writer.member("endTimeUnixNano", endUnixNanoseconds)
    writer.member("durationNano", durationNanoseconds)
    writer.key("attributes")
    writer.beginObject()
    for (name, value) in attributes.sorted(by: { $0.key < $1.key }) { writer.member(name, value.json) }
    writer.endObject()
    writer.key("status")
    writer.beginObject()
    writer.member("code", isOK ? "UNSET" : "ERROR")
    writer.endObject()
    writer.key("resource")
    writer.beginObject()
    writer.key("attributes")
    writer.beginObject()
    writer.member("service.name", serviceName)
    writer.endObject()
    writer.endObject()
    writer.endObject()
    return String(decoding: writer.finish(), as: UTF8.self)
  }

  private var attributes: [String: FieldValue] {
    var found: [String: FieldValue] = [:]
    for entry in annotations { found[entry.key] = entry.value }
    let texts = [
      (SegmentField.method, http.method), (SegmentField.url, http.url), (SegmentField.userAgent, http.userAgent),
      (SegmentField.clientAddress, http.clientAddress), (SegmentField.databaseType, sql.databaseType), (SegmentField.databaseQuery, sql.query),
      (SegmentField.user, user), ("aws.remote.operation", aws.operation), ("aws.dynamodb.table_names", aws.tableName),
      ("cloud.region", aws.region), ("cloud.account.id", aws.accountID),
    ]
    for (name, text) in texts {
      if let text { found[name] = .string(text) }
    }
    if let status = http.status { found[SegmentField.status] = .integer(status) }
    for entry in metadata { found[SegmentField.metadataPrefix + entry.key] = entry.value }
    for entry in resource { found[entry.key] = entry.value }
    return found
  }
}
