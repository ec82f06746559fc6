// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnColumns
public import TestSupport

/// One input of a decoder's fuzz target: decoded twice into one batch, so that the second meets what the first left. Returns libFuzzer's 0.
public func fuzzDecoder(_ start: UnsafePointer<UInt8>, _ count: Int, _ decoder: TestedDecoder) -> CInt {
  let bytes = unsafe RawSpan(_unsafeStart: start, byteCount: count)
  let context = IntakeContext(environment: "fuzz", receivedUnixNanoseconds: 1_700_000_000_000_000_000)
  var batch = Batch()
  for _ in 0..<2 {
    if case .broken(let reason) = decodeChecked(bytes, context, into: &batch, decoder) { preconditionFailure(reason) }
  }
  return 0
}
