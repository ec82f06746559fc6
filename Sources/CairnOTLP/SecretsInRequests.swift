// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnColumns
internal import CairnFormats
internal import CairnSecrets

// Where texts stand in the three requests, for who takes secrets out of them before they are journaled.
//
//   request   1 Resource…{ 1 Resource{1 attributes}, 2 Scope…{ 1 Scope{1 name, 2 version, 3 attributes}, 2 item } }
//   Span      3 trace_state  5 name  9 attributes  11 events{2 name, 3 attributes}  13 links{3 trace_state, 4 attributes}  15 status{2 message}
//   LogRecord 3 severity_text  5 body  6 attributes  12 event_name
//   Metric    5, 7, 9, 10, 11 {1 points{attributes, exemplars{7 attributes}}}  12 metadata

/// The `ExportTraceServiceRequest` without its secrets, or nil where it has none.
public func scrubbedTraces(_ bytes: RawSpan) -> [UInt8]? { ProtobufScrubber.scrubbed(bytes, traces) }

/// The `ExportLogsServiceRequest` without its secrets, or nil where it has none.
public func scrubbedLogs(_ bytes: RawSpan) -> [UInt8]? { ProtobufScrubber.scrubbed(bytes, logs) }

/// The `ExportMetricsServiceRequest` without its secrets, or nil where it has none.
public func scrubbedMetrics(_ bytes: RawSpan) -> [UInt8]? { ProtobufScrubber.scrubbed(bytes, metrics) }

/// The `ExportLogsServiceRequest` with the texts of bodies and of attributes (records', scopes' and resources', but for `service.name`) as
/// their dataset's mask leaves them; nil where nothing changes. `mask` is asked once for each resource: nil for a dataset that has none.
///
/// Throws where the bytes are broken: what cannot be masked must not be kept.
public func maskedLogs(
  _ bytes: RawSpan, _ context: IntakeContext, mask: (_ dataset: String) -> (([UInt8]) -> [UInt8]?)?
) throws(DecodeError) -> [UInt8]? {
  let groups = GroupReader(signal: .logs, context: context, bodyByteCount: bytes.byteCount)
  var writer = ProtobufWriter()
  var isChanged = false
  var position = 0
  while let resource = try nextMessage(bytes, &position, bytes.byteCount, tag: 0x0A) {
    let content = bytes.extracting(resource)
    var edited: [UInt8]?
    if let edit = mask(try groups.dataset(bytes, try Envelope(bytes, resource))) {
      edited = try ProtobufScrubber.edited(
        content, maskedResource, isKept: { isText($0, 0..<$0.byteCount, "service.name") }, edit: edit)
    }
    if let edited {
      isChanged = true
      writer.data(1, edited)
    } else {
      writer.data(1, unsafe content.withUnsafeBytes { unsafe Array($0) })
    }
  }
  return isChanged ? writer.bytes : nil
}

private let maskedResource = WireShape.message([
  1: .message([1: .pair]), 2: .message([1: .message([3: .pair]), 2: .message([5: .any, 6: .pair])]),
])

private func request(_ item: WireShape) -> WireShape {
  let scope = WireShape.message([1: .text, 2: .text, 3: .pair])
  return .message([1: .message([1: .message([1: .pair]), 2: .message([1: scope, 2: item])])])
}

private let traces = request(
  .message([
    3: .text, 5: .text, 9: .pair, 11: .message([2: .text, 3: .pair]), 13: .message([3: .text, 4: .pair]), 15: .message([2: .text]),
  ]))

private let logs = request(.message([3: .text, 5: .any, 6: .pair, 12: .text]))

private let metrics: WireShape = {
  let exemplar = WireShape.message([7: .pair])
  let number = WireShape.message([1: .message([7: .pair, 5: exemplar])])
  let histogram = WireShape.message([1: .message([9: .pair, 8: exemplar])])
  let exponential = WireShape.message([1: .message([1: .pair, 11: exemplar])])
  let summary = WireShape.message([1: .message([7: .pair])])
  return request(.message([3: .text, 5: number, 7: number, 9: histogram, 10: exponential, 11: summary, 12: .pair]))
}()
