// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnXRay
import FuzzSupport

/// Any bytes as the one document of a body.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSegmentDocuments(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt { unsafe fuzzDecoder(start, count, decodeDocument) }

private func decodeDocument(_ bytes: RawSpan, _ context: IntakeContext, _ batch: inout Batch) throws(DecodeError) -> IntakeVerdict {
  var body = SegmentBody()
  body.append(bytes)
  return try unsafe decodeSegments(body.bytes.span.bytes, context, into: &batch)
}
