// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnRollbar

/// Any bytes as a source map, asked for a few places.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSourceMap(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe RawSpan(_unsafeStart: start, byteCount: count)
  guard let json = try? JSONValue(parsing: bytes), let map = try? SourceMap(json) else { return 0 }
  for line in 0..<4 {
    for column in [0, 1, 7, 1_000, .max] {
      if let position = map.position(line: line, column: column) { _ = map.context(position) }
    }
  }
  return 0
}
