// SPDX-License-Identifier: Apache-2.0
import CairnXRay

/// Any bytes as a filter expression: a tree or a syntax error with its column; a tree compiles to candidates.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFilter(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let text = unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  do throws(FilterSyntaxError) {
    let tree = try FilterExpression(parsing: text)
    _ = tree.candidates(metadataColumns: ["metadata.default.key"])
  } catch {
    precondition(error.column >= 1 && error.column <= text.count + 1, "an error lies inside its expression")
  }
  return 0
}
