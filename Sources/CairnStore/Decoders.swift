// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnCloudWatch
internal import CairnColumns
internal import CairnHoneycomb
internal import CairnIssues
internal import CairnOTLP
internal import CairnPlan
internal import CairnRollbar
internal import CairnStorage
internal import CairnXRay

/// The decoder of each kind of body that the journal may hold: the doors' intakes by the number under which the journal keeps them.
enum Decoders {
  /// Each decoder with the pass behind it that makes occurrences of exceptions, whatever the door; `tell` hears of them, at a replay too.
  static func marking(
    _ groupings: GroupingPlan, _ tell: @escaping @Sendable ([OccurrenceNote]) -> Void
  ) -> [RequestFormat: RequestDecoder] {
    var marked: [RequestFormat: RequestDecoder] = [:]
    for (format, decoder) in all(groupings) { marked[format] = marking(decoder, door(of: format), groupings, tell) }
    return marked
  }

  /// What a report of an error in such a body came through.
  private static func door(of format: RequestFormat) -> ReportingDoor {
    switch format {
    case .rollbarItem, .rollbarBatch: .rollbar
    case .xraySegments: .document
    case .otlpLogsProtobuf, .otlpLogsJSON: .record
    case .logBatch: .line
    case .honeycombEvents: .event
    default: .span
    }
  }

  private static func marking(
    _ decoder: @escaping RequestDecoder, _ door: ReportingDoor, _ groupings: GroupingPlan,
    _ tell: @escaping @Sendable ([OccurrenceNote]) -> Void
  ) -> RequestDecoder {
    { (body: RawSpan, context: IntakeContext, batch: inout Batch) throws(DecodeError) -> IntakeVerdict in
      let firstRow = batch.rowCount
      let verdict = try decoder(body, context, &batch)
      let notes = markOccurrences(&batch, from: firstRow, context, door: door, groupings)
      if !notes.isEmpty, !context.isPreview { tell(notes) }
      return verdict
    }
  }

  /// Errors are grouped by the versions in force.
  private static func all(_ groupings: GroupingPlan) -> [RequestFormat: RequestDecoder] {
    let item: RequestDecoder = { (body: RawSpan, context: IntakeContext, batch: inout Batch) throws(DecodeError) -> IntakeVerdict in
      try decodeRollbarItem(body, context, groupings: groupings, into: &batch)
    }
    let items: RequestDecoder = { (body: RawSpan, context: IntakeContext, batch: inout Batch) throws(DecodeError) -> IntakeVerdict in
      try decodeRollbarBatch(body, context, groupings: groupings, into: &batch)
    }
    var decoders = plain
    decoders[.rollbarItem] = item
    decoders[.rollbarBatch] = items
    return decoders
  }

  private static let plain: [RequestFormat: RequestDecoder] = [
    .otlpTracesProtobuf: { (body, context, batch) throws(DecodeError) in try decodeTraces(body, context, into: &batch) },
    .otlpLogsProtobuf: { (body, context, batch) throws(DecodeError) in try decodeLogs(body, context, into: &batch) },
    .otlpMetricsProtobuf: { (body, context, batch) throws(DecodeError) in try decodeMetrics(body, context, into: &batch) },
    .xraySegments: { (body, context, batch) throws(DecodeError) in try decodeSegments(body, context, into: &batch) },
    .otlpTracesJSON: { (body, context, batch) throws(DecodeError) in
      var protobuf: [UInt8] = []
      try transcodeTracesJSON(body, into: &protobuf)
      return try decodeTraces(unsafe protobuf.span.bytes, context, into: &batch)
    },
    .otlpLogsJSON: { (body, context, batch) throws(DecodeError) in
      var protobuf: [UInt8] = []
      try transcodeLogsJSON(body, into: &protobuf)
      return try decodeLogs(unsafe protobuf.span.bytes, context, into: &batch)
    },
    .otlpMetricsJSON: { (body, context, batch) throws(DecodeError) in
      var protobuf: [UInt8] = []
      try transcodeMetricsJSON(body, into: &protobuf)
      return try decodeMetrics(unsafe protobuf.span.bytes, context, into: &batch)
    },
    .honeycombEvents: { (body, context, batch) throws(DecodeError) in try decodeHoneycombEvents(body, context, into: &batch) },
    .metricPoints: { (body, context, batch) throws(DecodeError) in try decodeMetricPoints(body, context, into: &batch) },
    .logBatch: { (body, context, batch) throws(DecodeError) in try decodeLogBatch(body, context, into: &batch) },
  ]
}
