// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnHoneycomb
import FuzzSupport

/// Any bytes as Honeycomb events; the first byte says whether as a batch, as one event, in JSON or MessagePack, or as the journal keeps them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEvents(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let form = unsafe start[0] % 5
  return unsafe fuzzDecoder(start + 1, count - 1) { (bytes, context, batch) throws(DecodeError) in
    var json: [UInt8] = []
    if form == 1 || form == 3 { json = try jsonFromMessagePack(bytes) }
    let body =
      switch form {
      case 0: try EventBatch(batch: bytes, context).body
      case 1: try unsafe EventBatch(batch: json.span.bytes, context).body
      case 2: try EventBatch(event: bytes, time: "1700000000.5", sampleRate: "7", context).body
      case 3: try unsafe EventBatch(event: json.span.bytes, time: nil, sampleRate: nil, context).body
      default: unsafe bytes.withUnsafeBytes { unsafe Array($0) }
      }
    let scrubbed = unsafe scrubbedEvents(body.span.bytes) ?? body
    return try unsafe decodeHoneycombEvents(scrubbed.span.bytes, context, into: &batch)
  }
}
