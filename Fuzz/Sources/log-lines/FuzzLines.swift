// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import FuzzSupport

/// Any bytes as a batch of log lines out of a journal.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLines(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt { unsafe fuzzDecoder(start, count, decodeLogBatch) }
