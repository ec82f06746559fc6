// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnFormats
internal import CairnPlan

/// An answer arranged for writing: where each of the query's breakdowns and results has its values. Where there are formulas these are the
/// results, else the calculations are.
struct ResultTable {
  /// The values of one calculation or formula.
  private enum Source {
    /// A column of the answer; with its number among the totals and in the series.
    case column(AnswerColumn, total: Int, series: Int?)
    case heatmap(LinearHeatmap)
    case missing
  }

  private let breakdowns: [AnswerColumn]
  private let results: [(name: String, source: Source)]
  private let answer: Answer
  private let rowCount: Int

  init(_ query: HoneycombQuery, _ answer: Answer) {
    self.answer = answer
    breakdowns = answer.columns.filter { $0.kind == .breakdown }
    let columns = answer.columns.filter { $0.kind != .breakdown }
    let names = query.formulas.isEmpty ? query.calculations.map(\.name) : query.formulas.map(\.name)
    results = names.map { (name) in
      if let heatmap = answer.heatmaps.first(where: { $0.name == name }) { return (name, .heatmap(LinearHeatmap(heatmap))) }
      guard let index = columns.firstIndex(where: { $0.name == name }) else { return (name, .missing) }
      let series = answer.series?.resultNames.firstIndex(of: name)
      return (name, .column(columns[index], total: index, series: series))
    }
    // A query for nothing but heatmaps has no columns, but one row.
    let isPicture = query.breakdowns.isEmpty && answer.columns.isEmpty && !answer.heatmaps.isEmpty
    rowCount = isPicture ? 1 : answer.rowCount
  }

  /// Writes one `{"data": {…}}` for each group.
  func writeResults(_ writer: inout JSONWriter) {
    for row in 0..<rowCount {
      writer.beginObject()
      writer.key("data")
      writer.beginObject()
      writeGroup(row, &writer)
      for (name, source) in results {
        writer.key(name)
        switch source {
        case .column(let column, _, _): Self.write(column.values[row], &writer)
        case .heatmap(let heatmap) where breakdowns.isEmpty: heatmap.write(heatmap.total, to: &writer)
        case .heatmap, .missing: writer.null()
        }
      }
      writer.endObject()
      writer.endObject()
    }
  }

  /// Writes `{"data": {…}}` with each calculation over all groups.
  func writeTotals(_ writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("data")
    writer.beginObject()
    for (name, source) in results {
      writer.key(name)
      switch source {
      case .column(_, let total, _): Self.write(total < answer.totals.count ? answer.totals[total] : nil, &writer)
      case .heatmap(let heatmap): heatmap.write(heatmap.total, to: &writer)
      case .missing: writer.null()
      }
    }
    writer.endObject()
    writer.endObject()
  }

  /// Writes one `{"time": …, "data": {…}}` for each bucket and group that has a value.
  func writeSeries(_ writer: inout JSONWriter) {
    let clock = answer.series.map { ($0.startUnixNanoseconds, $0.stepNanoseconds, $0.bucketCount) }
      ?? answer.heatmaps.first.map { ($0.startUnixNanoseconds, $0.stepNanoseconds, $0.counts.count) }
    guard let (start, step, bucketCount) = clock else { return }
    for bucket in 0..<bucketCount {
      let time = start &+ step &* Int64(bucket)
      let text = RFC3339.text(unixNanoseconds: time)
      for row in 0..<rowCount where hasValue(row, bucket, time) {
        writer.beginObject()
        writer.member("time", text)
        writer.key("data")
        writer.beginObject()
        writeGroup(row, &writer)
        for (name, source) in results {
          writer.key(name)
          write(source, row, bucket, time, &writer)
        }
        writer.endObject()
        writer.endObject()
      }
    }
  }

  private func writeGroup(_ row: Int, _ writer: inout JSONWriter) {
    for column in breakdowns {
      writer.key(column.name)
      Self.write(column.values[row], &writer)
    }
  }

  private func hasValue(_ row: Int, _ bucket: Int, _ time: Int64) -> Bool {
    results.contains { (_, source) in
      switch source {
      case .column(_, _, let series): value(series, row, bucket) != nil
      case .heatmap(let heatmap): breakdowns.isEmpty && heatmap.counts(atUnixNanoseconds: time)?.contains { $0 > 0 } ?? false
      case .missing: false
      }
    }
  }

  private func write(_ source: Source, _ row: Int, _ bucket: Int, _ time: Int64, _ writer: inout JSONWriter) {
    switch source {
    case .column(let column, _, let series):
      guard let value = value(series, row, bucket) else { return writer.null() }
      if column.type == .integer, let whole = Int64(exactly: value) { return writer.integer(whole) }
      writer.double(value)
    case .heatmap(let heatmap):
      guard breakdowns.isEmpty, let counts = heatmap.counts(atUnixNanoseconds: time) else { return writer.null() }
      heatmap.write(counts, to: &writer)
    case .missing: writer.null()
    }
  }

  private func value(_ series: Int?, _ row: Int, _ bucket: Int) -> Double? {
    guard let series, let groups = answer.series?.values[series], row < groups.count, bucket < groups[row].count else { return nil }
    return groups[row][bucket]
  }

  private static func write(_ value: FieldValue?, _ writer: inout JSONWriter) {
    switch value {
    case nil: writer.null()
    case .string(let text)?: writer.string(text)
    case .integer(let number)?: writer.integer(number)
    case .float(let number)?: writer.double(number)
    case .boolean(let truth)?: writer.boolean(truth)
    }
  }
}
