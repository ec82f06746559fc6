// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch

/// The first line of any bytes as a filter pattern, the rest as the line that it is asked of; and all of them as a PutLogEvents call.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPatterns(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let parts = bytes.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false)
  let text = String(decoding: parts[0], as: UTF8.self)
  let line = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : ""
  if let pattern = try? FilterPattern(text) {
    let extracted = pattern.extract(line)
    precondition(pattern.matches(line) == (extracted != nil), "what matches has values taken out")
    _ = pattern.filter
  }
  if var request = unsafe try? PutLogEventsRequest(bytes.span.bytes), (try? request.check()) != nil {
    _ = request.reject(nowUnixMilliseconds: 1_700_000_000_000, retentionDays: 3)
    LineMask.secrets.apply(to: &request.batch)
    _ = request.batch.encoded()
  }
  return 0
}
