// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch

/// The first line of any bytes as an expression over metrics, as the rule of a composite alarm and as a trimmed statistic, each over the values of the rest.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMath(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let parts = bytes.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false)
  let text = String(decoding: parts[0], as: UTF8.self)
  if let rule = try? AlarmRule(text) { _ = rule.holds { $0.utf8.count % 2 == 0 ? "ALARM" : nil } }
  let values = parts.count > 1 ? Array(parts[1].prefix(100)) : []
  if let statistic = TrimmedStatistic(text) {
    let found = statistic.value(values.map { TrimmedStatistic.Sample(value: Double($0) - 7, count: 1 + Int($0 % 3)) })
    precondition(found?.isFinite ?? true, "a statistic of numbers is a number")
  }
  guard let math = try? MetricMath(text) else { return 0 }
  for search in math.searches { _ = search.matches(namespace: "N", name: "m1", dimensions: ["d": text]) }
  var sheet = MetricMathSheet(startUnixSeconds: 1_700_000_000, endUnixSeconds: 1_700_003_600, periodSeconds: Int64(values.first ?? 60))
  let all = values.indices.map { Int64($0) * 60 + 1_700_000_000 }
  let series = MetricSeries(label: "m1", periodSeconds: 60, times: all, values: values.map { $0 == 255 ? .infinity : Double($0) - 7 })
  sheet.add(metric: "m1", series)
  sheet.add(metric: "m2", MetricSeries(label: "m2", periodSeconds: 300, times: Array(all.prefix(3)), values: Array(repeating: -0.5, count: min(3, all.count))))
  for search in math.searches { sheet.add(found: [series, series], by: search) }
  sheet.add(expression: "e1", math)
  _ = try? sheet.value("e1")
  return 0
}
