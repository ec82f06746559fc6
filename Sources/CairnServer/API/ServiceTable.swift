// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnPlan

/// The figures of all services, collected from several answers.
struct ServiceTable: Sendable {
  struct Row: Sendable {
    var name: String
    var eventCount = 0.0
    var requestCount: Double?
    var errorCount = 0.0
    var percentiles: [Double?] = [nil, nil, nil]
    var requestSeries: [Double?] = []
    var errorSeries: [Double?] = []
    var p95Series: [Double?] = []
    var p99Series: [Double?] = []
  }
  private(set) var rows: [Row] = []
  private var info: ReadingInfo
  private var seriesStart: Int64?
  private var bucketCount = 0

  /// A row for every service of an answer grouped by service with COUNT; events without a service have none.
  init(_ all: Answer) {
    info = all.info
    for (index, value) in (all.columns.first?.values ?? []).enumerated() {
      guard let name = value?.text, !name.isEmpty else { continue }
      rows.append(Row(name: name, eventCount: Self.number(all, 1, index)))
    }
  }

  /// The services that no answer gave requests yet.
  var namesWithoutRequests: [String] { rows.filter { $0.requestCount == nil }.map(\.name) }

  /// Takes COUNT, P50, P95 and P99 by service.
  mutating func add(requests answer: Answer) {
    info = info.joined(answer.info)
    each(answer) { (row, group) in
      row.requestCount = Self.number(answer, 1, group)
      row.percentiles = (2...4).map { Self.optional(answer, $0, group) }
      row.requestSeries = Self.series(answer, "COUNT", group)
      row.p95Series = Self.series(answer, "P95(duration_ms)", group)
      row.p99Series = Self.series(answer, "P99(duration_ms)", group)
    }
    guard let series = answer.series, seriesStart == nil, series.bucketCount > 0 else { return }
    seriesStart = series.startUnixNanoseconds
    bucketCount = series.bucketCount
  }

  /// Takes COUNT by service, of errors alone.
  mutating func add(errors answer: Answer) {
    info = info.joined(answer.info)
    each(answer) { (row, group) in
      row.errorCount = Self.number(answer, 1, group)
      row.errorSeries = Self.series(answer, "COUNT", group)
    }
  }

  private mutating func each(_ answer: Answer, _ change: (inout Row, Int) -> Void) {
    for (group, value) in (answer.columns.first?.values ?? []).enumerated() {
      guard let name = value?.text, let index = rows.firstIndex(where: { $0.name == name }) else { continue }
      change(&rows[index], group)
    }
  }

  private static func number(_ answer: Answer, _ column: Int, _ row: Int) -> Double { optional(answer, column, row) ?? 0 }

  private static func optional(_ answer: Answer, _ column: Int, _ row: Int) -> Double? {
    guard column < answer.columns.count, row < answer.columns[column].values.count else { return nil }
    return answer.columns[column].values[row]?.number
  }

  private static func series(_ answer: Answer, _ name: String, _ group: Int) -> [Double?] {
    guard let series = answer.series, let index = series.resultNames.firstIndex(of: name) else { return [] }
    guard index < series.values.count, group < series.values[index].count else { return [] }
    return series.values[index][group]
  }

  /// Writes the members of `GET /api/cairn/services`.
  func write(_ writer: inout JSONWriter, _ time: TimeRange, _ step: Int64) {
    let lengthSeconds = max(1e-9, Double(time.durationNanoseconds) / 1e9)
    writer.array("services", rows) { (row, writer) in
      let requests = row.requestCount ?? 0
      writer.object { (writer) in
        writer.member("name", row.name)
        writer.member("events", wholeIfPossible: row.eventCount)
        writer.member("requests", wholeIfPossible: requests)
        writer.member("rate_per_s", requests / lengthSeconds)
        writer.member("errors", wholeIfPossible: row.errorCount)
        writer.member("error_rate", requests > 0 ? row.errorCount / requests : 0)
        for (name, value) in zip(["p50_ms", "p95_ms", "p99_ms"], row.percentiles) { writer.member(name, orNull: value) }
      }
    }
    writer.object("series") { (writer) in
      writer.member("start_us", (seriesStart ?? time.startUnixNanoseconds) / 1000)
      writer.member("step_us", step / 1000)
      writer.member("count", bucketCount)
      writer.array("services", rows) { (row, writer) in
        writer.object { (writer) in
          writer.member("name", row.name)
          numbers("requests", row.requestSeries, otherwise: 0, &writer)
          numbers("errors", row.errorSeries, otherwise: 0, &writer)
          numbers("p95_ms", row.p95Series, otherwise: nil, &writer)
          numbers("p99_ms", row.p99Series, otherwise: nil, &writer)
        }
      }
    }
    writer.info(info, stepNanoseconds: step)
  }

  /// One value a bucket, also where a service has no series at all.
  private func numbers(_ name: String, _ values: [Double?], otherwise: Double?, _ writer: inout JSONWriter) {
    writer.array(name, 0..<bucketCount) { (bucket, writer) in
      let value = bucket < values.count ? values[bucket] ?? otherwise : otherwise
      if let value { writer.double(value) } else { writer.null() }
    }
  }
}
