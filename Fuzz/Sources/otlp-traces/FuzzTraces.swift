// SPDX-License-Identifier: Apache-2.0
import CairnOTLP
import FuzzSupport

/// Any bytes as a request with spans.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTraces(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt { unsafe fuzzDecoder(start, count, decodeTraces) }
