// SPDX-License-Identifier: Apache-2.0

// The messages of OTLP as the transcoder of OTLP/JSON sees them: names, numbers and kinds of the fields that the decoders read. A field
// that is not listed (dropped counts, descriptions, flags of spans) is skipped like one that nobody knows.
//
// Source: opentelemetry-proto *.proto; all field numbers are below 16, so that a tag is one byte.

/// How a field's JSON value is written in protobuf.
enum SchemaKind {
  case text
  /// base64.
  case bytes
  /// 16 or 8 bytes in hex; base64 of those lengths is taken too.
  case traceID
  case spanID
  case boolean
  case double
  /// `fixed64` and `uint64`.
  case fixed64
  case sfixed64
  case fixed32
  case uint64
  case int64
  case sint32
  case enumeration(SchemaEnumeration)
  case message(SchemaMessage)
}

/// A field of a message, by its lowerCamelCase name.
struct SchemaField {
  let name: StaticString
  let number: UInt8
  let kind: SchemaKind
  let isRepeated: Bool

  init(_ name: StaticString, _ number: UInt8, _ kind: SchemaKind) {
    self.name = name
    self.number = number
    self.kind = kind
    isRepeated = false
  }

  init(_ name: StaticString, _ number: UInt8, repeated kind: SchemaKind) {
    self.name = name
    self.number = number
    self.kind = kind
    isRepeated = true
  }
}

enum SchemaEnumeration {
  case spanKind
  case statusCode
  case severityNumber
  case temporality

  /// The names by number.
  var names: [StaticString] {
    switch self {
    case .spanKind: spanKindNames
    case .statusCode: statusCodeNames
    case .severityNumber: severityNames
    case .temporality: temporalityNames
    }
  }
}

private let spanKindNames: [StaticString] = [
  "SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER",
]
private let statusCodeNames: [StaticString] = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"]
private let temporalityNames: [StaticString] = [
  "AGGREGATION_TEMPORALITY_UNSPECIFIED", "AGGREGATION_TEMPORALITY_DELTA", "AGGREGATION_TEMPORALITY_CUMULATIVE",
]
private let severityNames: [StaticString] = [
  "SEVERITY_NUMBER_UNSPECIFIED",
  "SEVERITY_NUMBER_TRACE", "SEVERITY_NUMBER_TRACE2", "SEVERITY_NUMBER_TRACE3", "SEVERITY_NUMBER_TRACE4",
  "SEVERITY_NUMBER_DEBUG", "SEVERITY_NUMBER_DEBUG2", "SEVERITY_NUMBER_DEBUG3", "SEVERITY_NUMBER_DEBUG4",
  "SEVERITY_NUMBER_INFO", "SEVERITY_NUMBER_INFO2", "SEVERITY_NUMBER_INFO3", "SEVERITY_NUMBER_INFO4",
  "SEVERITY_NUMBER_WARN", "SEVERITY_NUMBER_WARN2", "SEVERITY_NUMBER_WARN3", "SEVERITY_NUMBER_WARN4",
  "SEVERITY_NUMBER_ERROR", "SEVERITY_NUMBER_ERROR2", "SEVERITY_NUMBER_ERROR3", "SEVERITY_NUMBER_ERROR4",
  "SEVERITY_NUMBER_FATAL", "SEVERITY_NUMBER_FATAL2", "SEVERITY_NUMBER_FATAL3", "SEVERITY_NUMBER_FATAL4",
]

enum SchemaMessage: Int, CaseIterable {
  case tracesRequest, resourceSpans, scopeSpans, span, spanEvent, spanLink, status
  case logsRequest, resourceLogs, scopeLogs, logRecord
  case metricsRequest, resourceMetrics, scopeMetrics, metric
  case gauge, sum, histogram, exponentialHistogram, summary
  case numberPoint, histogramPoint, exponentialPoint, buckets, summaryPoint, quantileValue, exemplar
  case resource, scope, keyValue, anyValue, arrayValue, keyValueList

  var fields: [SchemaField] { schema[rawValue] }
}

private let schema: [[SchemaField]] = SchemaMessage.allCases.map { message in
  sharedFields(message) ?? traceFields(message) ?? logFields(message) ?? metricFields(message) ?? pointFields(message)
}

private func sharedFields(_ message: SchemaMessage) -> [SchemaField]? {
  switch message {
  case .resource: [.init("attributes", 1, repeated: .message(.keyValue))]
  case .scope: [.init("name", 1, .text), .init("version", 2, .text), .init("attributes", 3, repeated: .message(.keyValue))]
  case .keyValue: [.init("key", 1, .text), .init("value", 2, .message(.anyValue))]
  case .anyValue:
    [
      .init("stringValue", 1, .text), .init("boolValue", 2, .boolean), .init("intValue", 3, .int64),
      .init("doubleValue", 4, .double), .init("arrayValue", 5, .message(.arrayValue)),
      .init("kvlistValue", 6, .message(.keyValueList)), .init("bytesValue", 7, .bytes),
    ]
  case .arrayValue: [.init("values", 1, repeated: .message(.anyValue))]
  case .keyValueList: [.init("values", 1, repeated: .message(.keyValue))]
  default: nil
  }
}

/// A `Resource*` or `Scope*` message.
private func envelope(
  _ inner: StaticString, _ kind: SchemaMessage, _ items: StaticString, _ item: SchemaMessage
) -> [SchemaField] {
  [.init(inner, 1, .message(kind)), .init(items, 2, repeated: .message(item)), .init("schemaUrl", 3, .text)]
}

private func traceFields(_ message: SchemaMessage) -> [SchemaField]? {
  switch message {
  case .tracesRequest: [.init("resourceSpans", 1, repeated: .message(.resourceSpans))]
  case .resourceSpans: envelope("resource", .resource, "scopeSpans", .scopeSpans)
  case .scopeSpans: envelope("scope", .scope, "spans", .span)
  case .span:
    [
      .init("attributes", 9, repeated: .message(.keyValue)), .init("traceId", 1, .traceID), .init("spanId", 2, .spanID),
      .init("parentSpanId", 4, .spanID), .init("name", 5, .text), .init("kind", 6, .enumeration(.spanKind)),
      .init("startTimeUnixNano", 7, .fixed64), .init("endTimeUnixNano", 8, .fixed64), .init("status", 15, .message(.status)),
      .init("traceState", 3, .text), .init("events", 11, repeated: .message(.spanEvent)),
      .init("links", 13, repeated: .message(.spanLink)),
    ]
  case .spanEvent:
    [
      .init("timeUnixNano", 1, .fixed64), .init("name", 2, .text), .init("attributes", 3, repeated: .message(.keyValue)),
    ]
  case .spanLink:
    [
      .init("traceId", 1, .traceID), .init("spanId", 2, .spanID), .init("traceState", 3, .text),
      .init("attributes", 4, repeated: .message(.keyValue)),
    ]
  case .status: [.init("message", 2, .text), .init("code", 3, .enumeration(.statusCode))]
  default: nil
  }
}

private func logFields(_ message: SchemaMessage) -> [SchemaField]? {
  switch message {
  case .logsRequest: [.init("resourceLogs", 1, repeated: .message(.resourceLogs))]
  case .resourceLogs: envelope("resource", .resource, "scopeLogs", .scopeLogs)
  case .scopeLogs: envelope("scope", .scope, "logRecords", .logRecord)
  case .logRecord:
    [
      .init("timeUnixNano", 1, .fixed64), .init("severityNumber", 2, .enumeration(.severityNumber)),
      .init("severityText", 3, .text), .init("body", 5, .message(.anyValue)),
      .init("attributes", 6, repeated: .message(.keyValue)), .init("flags", 8, .fixed32), .init("traceId", 9, .traceID),
      .init("spanId", 10, .spanID), .init("observedTimeUnixNano", 11, .fixed64), .init("eventName", 12, .text),
    ]
  default: nil
  }
}

private func metricFields(_ message: SchemaMessage) -> [SchemaField]? {
  let temporality = SchemaField("aggregationTemporality", 2, .enumeration(.temporality))
  switch message {
  case .metricsRequest: return [.init("resourceMetrics", 1, repeated: .message(.resourceMetrics))]
  case .resourceMetrics: return envelope("resource", .resource, "scopeMetrics", .scopeMetrics)
  case .scopeMetrics: return envelope("scope", .scope, "metrics", .metric)
  case .metric:
    return [
      .init("name", 1, .text), .init("unit", 3, .text), .init("gauge", 5, .message(.gauge)), .init("sum", 7, .message(.sum)),
      .init("histogram", 9, .message(.histogram)), .init("exponentialHistogram", 10, .message(.exponentialHistogram)),
      .init("summary", 11, .message(.summary)),
    ]
  case .gauge: return [.init("dataPoints", 1, repeated: .message(.numberPoint))]
  case .sum:
    return [.init("dataPoints", 1, repeated: .message(.numberPoint)), temporality, .init("isMonotonic", 3, .boolean)]
  case .histogram: return [.init("dataPoints", 1, repeated: .message(.histogramPoint)), temporality]
  case .exponentialHistogram: return [.init("dataPoints", 1, repeated: .message(.exponentialPoint)), temporality]
  case .summary: return [.init("dataPoints", 1, repeated: .message(.summaryPoint))]
  default: return nil
  }
}

private func pointFields(_ message: SchemaMessage) -> [SchemaField] {
  switch message {
  case .numberPoint:
    [
      .init("timeUnixNano", 3, .fixed64), .init("asDouble", 4, .double), .init("exemplars", 5, repeated: .message(.exemplar)),
      .init("asInt", 6, .sfixed64), .init("attributes", 7, repeated: .message(.keyValue)), .init("flags", 8, .uint64),
    ]
  case .histogramPoint:
    [
      .init("timeUnixNano", 3, .fixed64), .init("count", 4, .fixed64), .init("sum", 5, .double),
      .init("bucketCounts", 6, repeated: .fixed64), .init("explicitBounds", 7, repeated: .double),
      .init("exemplars", 8, repeated: .message(.exemplar)), .init("attributes", 9, repeated: .message(.keyValue)),
      .init("flags", 10, .uint64), .init("min", 11, .double), .init("max", 12, .double),
    ]
  case .exponentialPoint:
    [
      .init("attributes", 1, repeated: .message(.keyValue)), .init("timeUnixNano", 3, .fixed64), .init("count", 4, .fixed64),
      .init("sum", 5, .double), .init("scale", 6, .sint32), .init("zeroCount", 7, .fixed64),
      .init("positive", 8, .message(.buckets)), .init("negative", 9, .message(.buckets)), .init("flags", 10, .uint64),
      .init("exemplars", 11, repeated: .message(.exemplar)), .init("min", 12, .double), .init("max", 13, .double),
    ]
  case .buckets: [.init("offset", 1, .sint32), .init("bucketCounts", 2, repeated: .uint64)]
  case .summaryPoint:
    [
      .init("timeUnixNano", 3, .fixed64), .init("count", 4, .fixed64), .init("sum", 5, .double),
      .init("quantileValues", 6, repeated: .message(.quantileValue)), .init("attributes", 7, repeated: .message(.keyValue)),
      .init("flags", 8, .uint64),
    ]
  case .quantileValue: [.init("quantile", 1, .double), .init("value", 2, .double)]
  case .exemplar: [.init("spanId", 4, .spanID), .init("traceId", 5, .traceID)]
  default: []
  }
}
