// SPDX-License-Identifier: Apache-2.0
import CairnOTLP
import CairnSecrets

/// Any bytes as text, as a JSON document and as OTLP requests: what is left has nothing more to take out.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSecrets(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  _ = SecretText.scrubbed(bytes)
  if let document = unsafe JSONScrubber.scrubbed(bytes.span.bytes) { _ = unsafe JSONScrubber.scrubbed(document.span.bytes) }
  _ = unsafe scrubbedTraces(bytes.span.bytes)
  _ = unsafe scrubbedLogs(bytes.span.bytes)
  _ = unsafe scrubbedMetrics(bytes.span.bytes)
  return 0
}
