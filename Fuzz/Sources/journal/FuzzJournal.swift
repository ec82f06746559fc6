// SPDX-License-Identifier: Apache-2.0
import CairnStorage

/// Any bytes as a journal, its sums not asked for: frames and gaps, every body unpacked.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJournal(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  Fsck.probe(journal: unsafe Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
