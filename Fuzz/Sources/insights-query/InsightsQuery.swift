// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch

/// Any text as an Insights query: a program, or an error inside the text.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzInsightsQuery(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let text = unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  do throws(InsightsError) {
    _ = try InsightsProgram(parsing: text)
  } catch {
    let length = text.unicodeScalars.count
    precondition(error.startOffset >= 0 && error.startOffset <= error.endOffset && error.endOffset <= length, "an error lies in its query")
  }
  return 0
}
