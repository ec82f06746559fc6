// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import CairnOTLP
import FuzzSupport

/// Any bytes as a request with log records: as events, and as the lines of a log group.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLogs(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe RawSpan(_unsafeStart: start, byteCount: count)
  for line in (try? LogLines(bytes, byteCountMax: 1 << 20))?.lines ?? [] {
    precondition((try? JSONValue(parsing: line.json, depthMax: JSONReader.depthMaxLimit)) != nil, "a line is JSON")
  }
  return unsafe fuzzDecoder(start, count, decodeLogs)
}
