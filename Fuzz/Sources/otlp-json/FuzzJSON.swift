// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnOTLP

/// Any bytes as a request in OTLP/JSON, the first byte choosing the signal: what the transcoder makes is protobuf, if no sensible request.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let all = unsafe RawSpan(_unsafeStart: start, byteCount: count)
  let bytes = all.extracting(1..<count)
  let context = IntakeContext(environment: "fuzz", receivedUnixNanoseconds: 1_700_000_000_000_000_000)
  var batch = Batch()
  var protobuf: [UInt8] = []
  switch loadByte(all, 0) % 3 {
  case 0:
    guard (try? transcodeTracesJSON(bytes, into: &protobuf)) != nil else { return 0 }
    check(protobuf)
    _ = unsafe try? decodeTraces(protobuf.span.bytes, context, into: &batch)
  case 1:
    guard (try? transcodeLogsJSON(bytes, into: &protobuf)) != nil else { return 0 }
    check(protobuf)
    _ = unsafe try? decodeLogs(protobuf.span.bytes, context, into: &batch)
  default:
    guard (try? transcodeMetricsJSON(bytes, into: &protobuf)) != nil else { return 0 }
    check(protobuf)
    _ = unsafe try? decodeMetrics(protobuf.span.bytes, context, into: &batch)
  }
  return 0
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
