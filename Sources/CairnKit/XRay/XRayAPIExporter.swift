// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import NIOCore

/// Sends segment documents to X-Ray itself by PutTraceSegments, for programs that have no daemon beside them.
///
/// Source: AWS X-Ray API Reference, "PutTraceSegments": `{"TraceSegmentDocuments": ["…"]}`; what was not taken is in
/// `UnprocessedTraceSegments`.
struct XRayAPIExporter: Sendable {
  /// The daemon's own bounds for one call and for one document.
  static let documentCountMax = 50
  static let documentByteCountMax = 64 * 1_024

  let access: AWSAccess
  let sender: HTTPSender
  let loss: Loss
  let warn: @Sendable (String) -> Void
  private let memory = BodyMemory()

  func export(_ batch: WireBatch<XRayMark>) async {
    let tree = SegmentTree(batch, byteCountMax: Self.documentByteCountMax)
    for first in stride(from: 0, to: tree.documentCount, by: Self.documentCountMax) {
      await put(tree, first..<min(first + Self.documentCountMax, tree.documentCount))
    }
  }

  private func put(_ tree: SegmentTree, _ documents: Range<Int>) async {
    let outcome = await access.call(
      "xray", path: "/TraceSegments", headers: [("content-type", "application/json")], body: body(tree, documents), sender)
    let spanCount = documents.reduce(0) { $0 + tree.spanCount($1) }
    switch outcome {
    case .answered(let response) where response.isSuccess: tellUnprocessed(response)
    case .answered(let response):
      loss.add(spanCount)
      warn("xray segments: \(spanCount) refused with status \(response.status): \(response.bodyText.prefix(200))")
    case .gaveUp(let reason):
      loss.add(spanCount)
      warn("xray segments: \(spanCount) could not be sent: \(reason)")
    }
  }

  private func body(_ tree: SegmentTree, _ documents: Range<Int>) -> ByteBuffer {
    memory.write { body in
      var document = WireBuffer()
      body.beginObject()
      body.name("TraceSegmentDocuments")
      body.beginArray()
      for index in documents {
        document.removeAll()
        tree.write(index, to: &document)
        body.string(String(decoding: document.bytes, as: UTF8.self))
      }
      body.endArray()
      body.endObject()
    }
  }

  private func tellUnprocessed(_ response: IncomingResponse) {
    guard let answer = try? JSONValue(parsing: response.body), case .array(let refused)? = answer["UnprocessedTraceSegments"], !refused.isEmpty else { return }
    loss.add(refused.count)
    warn("xray segments: \(refused.count) were not taken: \(response.bodyText.prefix(200))")
  }
}
