// SPDX-License-Identifier: Apache-2.0
import CairnRollbar
import FuzzSupport

/// Any bytes as one of Rollbar's items: read, grouped, made a row.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzItem(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt { unsafe fuzzDecoder(start, count, decodeRollbarItem) }
