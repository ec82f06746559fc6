// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnPlan
import NIOCore

/// The three Export…Response messages, which differ in one JSON name only.
///
/// ```
/// ExportTraceServiceResponse { 1 partial_success: { 1 rejected_spans: int64, 2 error_message: string } }
/// ```
/// `partial_success` is there only where something was left out (OTLP 1.x, "Full Success"); with a count of 0 it is a warning, such as of an
/// event that its span was taken without.
enum OTLPResponse {
  static func protobuf(_ outcome: IngestOutcome) -> [UInt8] {
    guard !outcome.isWhole else { return [] }
    var partial = ProtobufWriter()
    partial.varint(1, UInt64(outcome.rejectedCount))
    partial.text(2, String(outcome.rejectionReason.prefix(2048)))
    var writer = ProtobufWriter()
    writer.message(1, partial)
    return writer.bytes
  }

  static func json(_ outcome: IngestOutcome, signal: Signal) -> [UInt8] {
    guard !outcome.isWhole else { return Array("{}".utf8) }
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("partialSuccess")
    writer.beginObject()
    writer.member(signal.rejectedName, String(outcome.rejectedCount))
    writer.member("errorMessage", String(outcome.rejectionReason.prefix(2048)))
    writer.endObject()
    writer.endObject()
    return writer.finish()
  }
}

extension IngestOutcome {
  /// True where nothing was left out.
  fileprivate var isWhole: Bool { rejectedCount == 0 && rejectionReason.isEmpty }
}
