// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnColumns

// ExportMetricsServiceRequest: points that belong together become one wide event.
//
//   request     1 resource_metrics (repeated)          ResourceMetrics and ScopeMetrics: see GroupReader
//   Metric      1 name  2 description  3 unit  5 gauge  7 sum  9 histogram  10 exponential_histogram  11 summary
//   Gauge …     1 data_points (repeated)  2 aggregation_temporality  3 is_monotonic
//   points      3 time (fixed64), attributes, exemplars, flags: see MetricForm; the values: see MetricValues
//
// Points of one request with the same resource and scope, the same second and the same attributes (in any order) are one event; its
// time is the whole second. A second point of the same metric begins another event, so that no value hides another.
//
//   attributes            fields, as for spans (AttributeReader)
//   gauge, sum            <name>: float or integer, as the point has it
//   histogram             <name>.count .sum .avg .min .max (where the point has them), .p001 .p01 .p05 .p10 .p20 .p25 .p50 .p75 .p80
//                         .p90 .p95 .p99 .p999 by interpolation, and .buckets: the bounds and counts as JSON text
//   exponential histogram the same
//   summary               <name>.count .sum, and .p<digits> for its quantiles; .min and .max for quantiles 0 and 1
//   unit, form, temporality, is_monotonic   meta.metrics: JSON text by metric name. One field for all metrics of an event, and one
//                         entry in that column's dictionary for each set of metrics that occurs, where a field for each metric would
//                         double the columns. Left out where it is over 65,535 bytes; units over 63 bytes are not kept
//   exemplars             trace.link.trace_id, trace.link.span_id of the last one with a trace id: the event points into the trace
//                         without being part of it
//   description, start time, exemplar values, dropped counts   not kept
//
// A point flagged "no recorded value", and a value that is not a finite number, leave nothing behind and count as accepted. A point with
// a time that is not kept, with too many attributes, or of a metric without a name (or with one too long) is rejected by itself.
//
// Source: opentelemetry-proto metrics.proto; Honeycomb's event form of metrics.

/// Decodes an `ExportMetricsServiceRequest` in protobuf into rows of `batch`; the verdict counts data points.
///
/// Throws where the bytes are not such a message; the caller then takes the batch back to its mark. Cost: two passes over each scope,
/// and for each point a look-up of its attributes; memory for the places of a scope's points.
public func decodeMetrics(
  _ bytes: RawSpan, _ context: IntakeContext, into batch: inout Batch
) throws(DecodeError) -> IntakeVerdict {
  let links = try LinkColumns(&batch)
  var reader = MetricReader(
    context, bodyByteCount: bytes.byteCount, links: links, metadataColumn: try batch.column(needed: "meta.metrics", .string))
  try reader.readRequest(bytes, &batch)
  return reader.verdict
}

/// Source: OpenTelemetry specification, instrument names.
private let metricNameByteCountMax = 255

/// Reads the points of one scope after another.
private struct MetricReader: RequestReader, ~Copyable {
  let context: IntakeContext
  var groups: GroupReader
  var groupFlags = GroupFlags(word: 0)
  var verdict = IntakeVerdict()
  private var metrics: [Metric] = []
  private var table = MetricEventTable()
  private var attributes: [Range<Int>] = []
  private let links: LinkColumns
  private let metadataColumn: ColumnIndex
  /// What `meta.metrics` may still take: its texts are longer than small points, and go without where a body would blow up.
  private var metadataBytesLeft: Int

  init(_ context: IntakeContext, bodyByteCount: Int, links: LinkColumns, metadataColumn: ColumnIndex) {
    self.context = context
    groups = GroupReader(signal: .metrics, context: context, bodyByteCount: bodyByteCount)
    self.links = links
    self.metadataColumn = metadataColumn
    metadataBytesLeft = 1_048_576 + 8 * bodyByteCount
  }

  mutating func readScope(
    _ bytes: RawSpan, _ scope: Range<Int>, _ group: GroupIndex, _ batch: inout Batch
  ) throws(DecodeError) {
    try gather(bytes, scope)
    try append(bytes, group, &batch)
  }

  /// First pass: which points there are, and which of them share an event.
  mutating func gather(_ bytes: RawSpan, _ scope: Range<Int>) throws(DecodeError) {
    metrics.removeAll(keepingCapacity: true)
    table.removeAll()
    var item = scope.lowerBound
    while let message = try nextMessage(bytes, &item, scope.upperBound, tag: 0x12) {
      let head = try MetricHead(bytes, message)
      guard let form = head.form else { continue }
      metrics.append(Metric(head, form, bytes))
      let nameCode = table.nameCode(bytes, head.name)
      var position = head.data.lowerBound
      while let range = try nextMessage(bytes, &position, head.data.upperBound, tag: 0x0A) {
        try gather(bytes, range, form, head, nameCode)
      }
    }
  }

  private mutating func gather(
    _ bytes: RawSpan, _ range: Range<Int>, _ form: MetricForm, _ head: MetricHead, _ nameCode: UInt32
  ) throws(DecodeError) {
    var point = MetricPoint(range, metric: metrics.count - 1)
    attributes.removeAll(keepingCapacity: true)
    try point.readHead(bytes, form, &attributes)
    if let refusal = refusal(point, head) { return verdict.reject(refusal) }
    verdict.acceptedCount += 1
    guard !point.hasNoValue else { return }
    let time = point.time == 0 ? context.receivedUnixNanoseconds : Int64(point.time)
    table.add(point, second: floorOfSecond(time), attributes: attributes, nameCode: nameCode, bytes)
  }

  private func refusal(_ point: MetricPoint, _ head: MetricHead) -> StaticText? {
    if groupFlags.isRefused { return GroupFlags.refusal }
    if head.name.isEmpty { return "a metric has no name" }
    if head.name.count > metricNameByteCountMax { return "a metric's name is longer than 255 bytes" }
    if attributes.count > fieldCountMax { return "more than 2,000 attributes" }
    return context.refusal(unixNanoseconds: point.time)
  }

  /// Second pass: a row for each event.
  mutating func append(_ bytes: RawSpan, _ group: GroupIndex, _ batch: inout Batch) throws(DecodeError) {
    for index in 0..<table.events.count { try append(bytes, table.events[index], group, &batch) }
  }

  private mutating func append(
    _ bytes: RawSpan, _ event: MetricEvent, _ group: GroupIndex, _ batch: inout Batch
  ) throws(DecodeError) {
    var state = EventState()
    state.sampleRate = Int64(groupFlags.sampleRate)
    let first = table.points[event.firstPoint]
    var position = first.message.lowerBound
    let tag = metrics[first.metric].form.attributeTag
    while let attribute = try nextMessage(bytes, &position, first.message.upperBound, tag: tag) {
      try readAttribute(bytes, attribute.lowerBound, attribute.upperBound, &batch, &state)
    }
    if let refusal = state.refusal {
      batch.abandonRow()
      for _ in 0..<event.pointCount { verdict.reject(refusal) }
      return verdict.acceptedCount -= event.pointCount
    }
    var metadata: [UInt8] = []
    var valueCount = 0
    var pointIndex = event.firstPoint
    while pointIndex >= 0 {
      let point = table.points[pointIndex]
      pointIndex = point.next
      guard try metrics[point.metric].setValues(bytes, point.message, &batch) else { continue }
      valueCount += 1
      if metadata.count <= nestedByteCountMax {
        metadata.append(UInt8(ascii: metadata.isEmpty ? "{" : ","))
        metadata.append(contentsOf: metrics[point.metric].metadata)
      }
      try links.setLink(bytes, point.message, tag: metrics[point.metric].form.exemplarTag, &batch)
    }
    guard valueCount > 0 else { return batch.abandonRow() }
    metadata.append(UInt8(ascii: "}"))
    metadataBytesLeft -= metadata.count
    if metadata.count <= nestedByteCountMax, metadataBytesLeft >= 0 {
      unsafe batch.setText(metadataColumn, metadata.span.bytes, 0, metadata.count)
    }
    if state.sampleRate > 1 { batch.set(FieldName.sampleRate, integer: state.sampleRate) }
    batch.appendRow(timeUnixNanoseconds: event.second, group: state.group(group, &batch))
  }
}

/// The start of the second.
private func floorOfSecond(_ time: Int64) -> Int64 { time >= 0 ? time - time % 1_000_000_000 : time }

/// The columns for what an exemplar points to.
private struct LinkColumns {
  let traceID, spanID: ColumnIndex

  init(_ batch: inout Batch) throws(DecodeError) {
    traceID = try batch.column(needed: FieldName.linkTraceID, .traceID)
    spanID = try batch.column(needed: FieldName.linkSpanID, .spanID)
  }

  /// Sets the ids of the last exemplar that has a trace id; Exemplar: 4 span_id, 5 trace_id.
  func setLink(_ bytes: RawSpan, _ point: Range<Int>, tag: UInt64, _ batch: inout Batch) throws(DecodeError) {
    guard tag != 0 else { return }
    var position = point.lowerBound
    while let exemplar = try nextMessage(bytes, &position, point.upperBound, tag: tag) {
      var inner = exemplar.lowerBound
      guard let trace = try nextMessage(bytes, &inner, exemplar.upperBound, tag: 0x2A), isTraceID(bytes, trace) else { continue }
      batch.setText(traceID, bytes, trace.lowerBound, 16)
      inner = exemplar.lowerBound
      if let span = try nextMessage(bytes, &inner, exemplar.upperBound, tag: 0x22), span.count == 8 {
        batch.setWord(spanID, loadWord(bytes, span.lowerBound))
      }
    }
  }
}
