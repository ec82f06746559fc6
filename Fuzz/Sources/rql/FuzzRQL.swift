// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnRollbar

/// The first line of any bytes as a statement of RQL, run over rows of which the rest, where it is JSON, is one.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRQL(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let parts = bytes.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false)
  guard let statement = try? RQLParser.parse(String(decoding: parts[0], as: UTF8.self)) else { return 0 }
  let sent = parts.count > 1 ? (try? JSONValue(parsing: Array(parts[1]))) ?? .string(String(decoding: parts[1], as: UTF8.self)) : .null
  _ = statement.timeBounds(nowUnixSeconds: 1_700_000_000)
  let rows: [@Sendable (String) -> JSONValue] = [
    { $0 == "timestamp" ? .integer(1_700_000_000) : .string($0) }, { sent[$0] ?? sent }, { _ in .null }, { .double(Double($0.utf8.count) * 1e300) },
    { _ in .integer(.min) },
  ]
  guard let result = try? statement.run(over: rows, starColumns: ["a", "b"], nowUnixSeconds: 1_700_000_000) else { return 0 }
  precondition(result.rows.allSatisfy { $0.count == result.columns.count }, "a row has a value for each column")
  return 0
}
