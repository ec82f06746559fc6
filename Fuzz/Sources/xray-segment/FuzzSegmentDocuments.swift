// SPDX-License-Identifier: Apache-2.0
import CairnXRay
import FuzzSupport

/// Any bytes as the one document of a body.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSegmentDocuments(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  unsafe fuzzDecoder(start, count) { (document, context, batch) in
    var body = SegmentBody()
    body.append(document)
    return try unsafe decodeSegments(body.bytes.span.bytes, context, into: &batch)
  }
}
