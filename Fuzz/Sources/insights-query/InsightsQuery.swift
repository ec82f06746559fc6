// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnColumns
import CairnPlan

/// Any text as an Insights query, and behind the first NUL the lines that it is asked of: rows, or an error inside the text.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzInsightsQuery(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let parts = bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  do throws(InsightsError) {
    run(try InsightsProgram(parsing: parts[0]), lines: Array(parts.dropFirst().prefix(20)))
  } catch {
    let length = parts[0].unicodeScalars.count
    precondition(error.startOffset >= 0 && error.startOffset <= error.endOffset && error.endOffset <= length, "an error lies in its query")
  }
  return 0
}

private func run(_ program: InsightsProgram, lines: [String]) {
  let now: Int64 = 1_700_000_000_000_000_000
  var request = InsightsRequest(
    environment: "e", groups: ["g"], time: TimeRange(startUnixNanoseconds: now - 3_600_000_000_000, endUnixNanoseconds: now), limit: 100,
    nowUnixNanoseconds: now, account: "1", known: ["g"], logGroups: ["g"])
  request.pushesDown = false
  var task = InsightsTask(program, request)
  for _ in 0..<64 {
    switch task.step {
    case .columns: task.take([ColumnSummary(name: FieldName.body, type: .string, eventCount: 1)])
    case .run(let plan): preconditionFailure("rows are read, not \(plan.calculations)")
    case .patterns: preconditionFailure("rows are read")
    case .events(let plan): task.take(page(lines, plan, now))
    case .finished, .failed:
      _ = task.results
      return
    }
  }
}

private func page(_ lines: [String], _ plan: EventsPlan, _ now: Int64) -> EventsAnswer {
  let lines = lines.isEmpty ? [#"{"a": {"b": [1, "two"]}, "level": "error"}"#, "took 12 ms"] : lines
  let names = plan.columns.isEmpty ? [FieldName.body] : plan.columns
  return EventsAnswer(
    times: lines.indices.map { now - Int64($0) * 1_000_000_000 }, datasets: lines.map { _ in "g" },
    columns: names.map { (name) in EventColumn(name: name, values: lines.map { name == FieldName.ingestionTime ? .integer(now) : .string($0) }) },
    hasMore: false)
}
