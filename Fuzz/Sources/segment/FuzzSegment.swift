// SPDX-License-Identifier: Apache-2.0
import CairnStorage

/// Any bytes as a segment, its sums not asked for: the footer, and every value of every column.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSegment(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  Fsck.probe(segment: unsafe Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
