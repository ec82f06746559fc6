// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnCloudWatch
internal import CairnColumns
internal import CairnOTLP
internal import CairnPlan
internal import CairnStorage
internal import CairnXRay

/// The decoder of each kind of body that the journal may hold: the doors' intakes by the number under which the journal keeps them.
enum Decoders {
  static let all: [RequestFormat: RequestDecoder] = [
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
    .logBatch: { (body, context, batch) throws(DecodeError) in try decodeLogBatch(body, context, into: &batch) },
  ]
}
