// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnColumns
import CairnFormats
import CairnPlan

/// What a metric's values come to, period by period.
extension MetricsDesk {
  /// The statistics of a period; nil for one that nothing of the period counts for.
  typealias Period = (startUnixNanoseconds: Int64, values: [Double?])

  /// Statistics by period: the periods that have values, in order of time. `time` starts where a period does.
  func values(
    _ call: LogsCall, _ metric: MetricName, _ statistics: [MetricStatistic], unit: String?, periodSeconds: Int64,
    _ time: TimeRange
  ) async throws(LogsError) -> [Period] {
    var filter = Filter.all([Self.isPoint, metric.filter])
    if let unit {
      let own = Filter.compare(column: MetricField.unit, .equal, .string(unit))
      // A point that came by another door may say none at all.
      filter = .all([filter, unit == "None" ? .any([own, .not(.exists(column: MetricField.unit))]) : own])
    }
    let calculations = statistics.map(\.calculation)
    let plan = Plan(
      scope: scope(call, metric.namespace, time), filter: filter, calculations: [.count] + calculations.compactMap(\.self),
      limit: 1,
      granularityNanoseconds: periodSeconds * 1_000_000_000)
    let answer = try await logs.ask { store throws(QueryError) in try await store.run(plan) }
    guard let series = answer.series else { return [] }
    var found: [Period] = []
    for bucket in 0..<series.bucketCount {
      guard let count = series.values.first?.first?[bucket], count > 0 else { continue }
      var place = 0
      let values = calculations.map { (calculation) -> Double? in
        guard calculation != nil else { return nil }
        place += 1
        return series.values[place].first?[bucket] ?? 0
      }
      found.append((series.startUnixNanoseconds + Int64(bucket) * series.stepNanoseconds, values))
    }
    let trimmed = statistics.map(\.trimmed)
    if trimmed.contains(where: { $0 != nil }) {
      let events = EventsPlan(
        scope: plan.scope, filter: filter, columns: [MetricField.value, FieldName.sampleRate], direction: .oldestFirst,
        limit: EventsPlan.limitMax)
      try await fill(&found, trimmed, stepNanoseconds: periodSeconds * 1_000_000_000, events)
    }
    return found
  }

  /// More single values than these in one question are refused.
  static let sampleCountMax = 2_000_000

  /// How many events a kept one stands for, within the engine's bounds: clients write anything into the field.
  private static func weight(_ rate: FieldValue?) -> Int {
    guard case .integer(let count)? = rate else { return 1 }
    return Int(min(max(count, 1), 1 << 32))
  }

  /// Puts in what has to be worked out of the single values: they are read in order of time, and kept for one period at a time.
  private func fill(
    _ found: inout [Period], _ statistics: [TrimmedStatistic?], stepNanoseconds: Int64, _ first: EventsPlan
  ) async throws(LogsError) {
    var (place, count, plan) = (0, 0, first)
    var samples: [TrimmedStatistic.Sample] = []
    func close(_ found: inout [Period]) {
      for (index, statistic) in statistics.enumerated() {
        if let statistic { found[place].values[index] = statistic.value(samples) }
      }
      samples.removeAll(keepingCapacity: true)
      place += 1
    }
    while place < found.count {
      let asked = plan
      let page = try await logs.ask { store throws(QueryError) in try await store.events(asked) }
      count += page.rowCount
      guard count <= Self.sampleCountMax else {
        throw LogsError(
          .invalidParameterCombination,
          "Trimmed statistics read every value, and the time range has more than \(Self.sampleCountMax): ask for a shorter one.")
      }
      for row in 0..<page.rowCount {
        while place < found.count, page.times[row] >= found[place].startUnixNanoseconds + stepNanoseconds { close(&found) }
        guard place < found.count, page.times[row] >= found[place].startUnixNanoseconds,
          let value = page.columns[0].values[row]?.number, value.isFinite
        else { continue }
        samples.append(TrimmedStatistic.Sample(value: value, count: Self.weight(page.columns[1].values[row])))
      }
      guard page.hasMore, let cursor = page.cursor else { break }
      plan.after = cursor
    }
    while place < found.count { close(&found) }
  }
}
