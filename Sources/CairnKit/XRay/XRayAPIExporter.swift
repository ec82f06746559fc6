// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// Sends segment documents to X-Ray itself by PutTraceSegments, for programs that have no daemon beside them.
///
/// Source: AWS X-Ray API Reference, "PutTraceSegments": `{"TraceSegmentDocuments": ["…"]}`; what was not taken is in
/// `UnprocessedTraceSegments`.
struct XRayAPIExporter: Sendable {
  /// The daemon's own bounds for one call and for one document.
  static let documentCountMax = 50
  static let documentByteCountMax = 64 * 1_024

  let access: AWSAccess
  let writer: SegmentWriter
  let sender: HTTPSender
  let loss: Loss
  let warn: @Sendable (String) -> Void

  func export(_ spans: [SpanRecording]) async {
    var rest = spans[...]
    while !rest.isEmpty {
      await put(rest.prefix(Self.documentCountMax).map { writer.document($0, byteCountMax: Self.documentByteCountMax) })
      rest = rest.dropFirst(Self.documentCountMax)
    }
  }

  private func put(_ documents: [[UInt8]]) async {
    var body = JSONWriter(reserving: documents.reduce(64) { $0 + $1.count + $1.count / 4 })
    body.beginObject()
    body.key("TraceSegmentDocuments")
    body.beginArray()
    for document in documents { body.string(String(decoding: document, as: UTF8.self)) }
    body.endArray()
    body.endObject()
    let outcome = await access.call("xray", path: "/TraceSegments", headers: [("content-type", "application/json")], body: body.finish(), sender)
    switch outcome {
    case .answered(let response) where response.isSuccess: tellUnprocessed(response)
    case .answered(let response):
      loss.add(documents.count)
      warn("xray segments: \(documents.count) refused with status \(response.status): \(response.bodyText.prefix(200))")
    case .gaveUp(let reason):
      loss.add(documents.count)
      warn("xray segments: \(documents.count) could not be sent: \(reason)")
    }
  }

  private func tellUnprocessed(_ response: IncomingResponse) {
    guard let answer = try? JSONValue(parsing: response.body), case .array(let refused)? = answer["UnprocessedTraceSegments"], !refused.isEmpty else { return }
    loss.add(refused.count)
    warn("xray segments: \(refused.count) were not taken: \(response.bodyText.prefix(200))")
  }
}
