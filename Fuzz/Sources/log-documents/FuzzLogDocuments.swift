// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnFormats

/// Any bytes as a line in the embedded metric format, a metric filter's transformation, a data protection policy, or a lookup table; the first
/// byte chooses.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLogDocuments(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let (kind, bytes) = unsafe (start[0] % 4, Array(UnsafeBufferPointer(start: start + 1, count: count - 1)))
  let text = String(decoding: bytes, as: UTF8.self)
  var batch = LogBatch(group: "g", stream: "s")
  batch.append(timeUnixMilliseconds: 1_700_000_000_000, message: bytes)
  switch kind {
  case 0: check(EmbeddedMetrics.points(batch))
  case 1:
    guard let json = try? JSONValue(parsing: bytes) else { return 0 }
    for pattern in ["{ $.a = * }", "[a, b]", "error", ""] {
      guard let read = try? FilterPattern(pattern), let filter = try? MetricFilter(name: "f", pattern: read, transformation: json) else { continue }
      batch.append(timeUnixMilliseconds: 1_700_000_060_000, message: Array(#"{"a": 12, "b": {"c": "x"}}"#.utf8))
      check(filter.points(batch))
    }
  case 2:
    guard let policy = try? DataProtection(document: text) else { return 0 }
    batch.append(timeUnixMilliseconds: 1_700_000_060_000, message: Array("alice@example.com paid with 4111 1111 1111 1111".utf8))
    policy.mask.apply(to: &batch)
    _ = policy.mask.masked(text)
  default:
    if let table = try? InsightsTable(parsing: text) { precondition(table.rows.allSatisfy { $0.count == table.columns.count }, "rows are whole") }
    _ = InsightsPointer(text)
    _ = LogPosition(digits: text)
  }
  return 0
}

private func check(_ points: [MetricPoint]) { _ = MetricPoint.encode(MetricPoint.gathered(points)) }
