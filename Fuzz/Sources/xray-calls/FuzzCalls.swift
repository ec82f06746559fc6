// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnXRay

/// Any bytes as a datagram of the daemon's protocol, as a sampling rule, and as an entity of the graph.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCalls(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe RawSpan(_unsafeStart: start, byteCount: count)
  var known: [UInt8] = []
  for _ in 0..<2 {
    if case .document(let range)? = try? DaemonDatagram(bytes, known: &known) {
      precondition(range.upperBound <= count, "a document lies in its datagram")
      _ = samplingRuleName(bytes.extracting(range))
    }
  }
  _ = unsafe try? ServiceSelector.entity(parsing: String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
  guard let json = try? JSONValue(parsing: bytes), let rule = try? SamplingRule(creating: json) else { return 0 }
  var writer = JSONWriter()
  rule.write(to: &writer, arn: "arn")
  guard let written = try? JSONValue(parsing: writer.finish()), let again = SamplingRule(stored: written) else {
    preconditionFailure("a rule that was read is written as one")
  }
  precondition(again.name == rule.name && again.fixedRate == rule.fixedRate, "a rule that is read again is the same")
  return 0
}
