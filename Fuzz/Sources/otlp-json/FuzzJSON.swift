// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnOTLP
import FuzzSupport

/// Any bytes as a request in OTLP/JSON, the first byte choosing the signal: what the transcoder makes is protobuf, if no sensible request.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let first = unsafe start[0] % 3
  return unsafe fuzzDecoder(start + 1, count - 1) { (json, context, batch) throws(DecodeError) in
    var protobuf: [UInt8] = []
    switch first {
    case 0:
      try transcodeTracesJSON(json, into: &protobuf)
      check(protobuf)
      return try unsafe decodeTraces(protobuf.span.bytes, context, into: &batch)
    case 1:
      try transcodeLogsJSON(json, into: &protobuf)
      check(protobuf)
      return try unsafe decodeLogs(protobuf.span.bytes, context, into: &batch)
    default:
      try transcodeMetricsJSON(json, into: &protobuf)
      check(protobuf)
      return try unsafe decodeMetrics(protobuf.span.bytes, context, into: &batch)
    }
  }
}

/// The fields of the request fill it from end to end.
private func check(_ protobuf: [UInt8]) {
  var offset = 0
  let bytes = unsafe protobuf.span.bytes
  while offset < protobuf.count {
    guard let tag = try? readVarint(bytes, &offset, protobuf.count),
      (try? skipField(bytes, &offset, protobuf.count, tag: tag)) != nil
    else { preconditionFailure("the transcoder writes protobuf") }
  }
}
