// SPDX-License-Identifier: Apache-2.0
import CairnOTLP
import FuzzSupport

/// Any bytes as a request with data points.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMetrics(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt { unsafe fuzzDecoder(start, count, decodeMetrics) }
