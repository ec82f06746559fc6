// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnFormats
import CairnPlan

/// GetMetricData: metrics, searches of metrics, and what is calculated from them.
extension MetricsDesk {
  func getData(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    guard let values = call.input["MetricDataQueries"]?.array, !values.isEmpty else {
      throw LogsError(.missingParameter, "The parameter MetricDataQueries is required.")
    }
    let queries = try MetricQuery.all(values)
    var sheet = try await sheet(call, queries, try span(call))
    let isAscending = call.input["ScanBy"]?.string == "TimestampAscending"
    var results: [(id: String, series: MetricSeries)] = []
    for query in queries where query.isReturned { results += try Self.series(of: query, &sheet).map { (query.id, $0) } }
    let (page, next) = try page(call, results)
    return .object { writer in
      writer.objects("MetricDataResults", page) { writer, part in
        let points = Array(zip(part.series.times, part.series.values))
        let ordered = (isAscending ? points : points.reversed())[part.range]
        writer.member("Id", part.id)
        writer.member("Label", part.series.label)
        writer.member("Timestamps", .array(ordered.map { .double(Double($0.0)) }))
        writer.member("Values", .array(ordered.map { .double($0.1) }))
        writer.member("StatusCode", part.range.upperBound == points.count ? "Complete" : "PartialData")
      }
      writer.member("Messages", .array([]))
      writer.member("NextToken", ifPresent: next)
    }
  }

  /// What of a result is on a page.
  private typealias Part = (id: String, series: MetricSeries, range: Range<Int>)

  /// As many datapoints as `MaxDatapoints` allows, result by result, from where the token says; the first page names every result.
  private func page(_ call: LogsCall, _ results: [(id: String, series: MetricSeries)]) throws(LogsError) -> (page: [Part], next: String?) {
    let limit = Int(min(call.input["MaxDatapoints"]?.looseInteger ?? Self.datapointCountMax, Self.datapointCountMax))
    guard limit >= 1 else { throw LogsError(.invalidParameterValue, "The parameter MaxDatapoints must be at least 1.") }
    let total = results.reduce(0) { $0 + $1.series.times.count }
    var start = 0
    if let token = call.input["NextToken"]?.string {
      guard let place = Int(token), (0...total).contains(place) else { throw LogsError(.invalidNextToken, "The NextToken is not one of this list.") }
      start = place
    }
    let end = min(total, start + limit)
    var page: [Part] = []
    var place = 0
    for result in results {
      let count = result.series.times.count
      let range = min(max(start - place, 0), count)..<min(max(end - place, 0), count)
      if !range.isEmpty || start == 0 { page.append((result.id, result.series, range)) }
      place += count
    }
    return (page, end < total ? String(end) : nil)
  }

  private static let datapointCountMax: Int64 = 100_800

  /// What a query comes to, labelled.
  static func series(of query: MetricQuery, _ sheet: inout MetricMathSheet) throws(LogsError) -> [MetricSeries] {
    let value: MetricMathValue
    do throws(MetricMathError) {
      value = try sheet.value(query.id)
    } catch {
      throw LogsError(.validationError, "Error in expression '\(query.id)': \(error.message)")
    }
    switch value {
    case .number:
      throw LogsError(.validationError, "Error in expression '\(query.id)': it comes to a number and has to come to a time series.")
    case .series(var series):
      if case .expression = query.kind { series.label = query.id }
      series.label = query.label ?? series.label
      return [series]
    case .list(let all):
      return all.map { series in
        var series = series
        if let label = query.label { series.label = "\(label) \(series.label)" }
        return series
      }
    }
  }

  /// The values of every metric that queries and their searches name, ready for the expressions.
  func sheet(_ call: LogsCall, _ queries: [MetricQuery], _ span: TimeRange) async throws(LogsError) -> MetricMathSheet {
    var periods: [Int64] = []
    for query in queries {
      if case .metric(let source) = query.kind { periods.append(source.periodSeconds) } else if let period = query.periodSeconds { periods.append(period) }
    }
    let period = max(1, periods.max() ?? 60)
    var sheet = MetricMathSheet(
      startUnixSeconds: span.startUnixNanoseconds / 1_000_000_000, endUnixSeconds: span.endUnixNanoseconds / 1_000_000_000,
      periodSeconds: period)
    for query in queries {
      switch query.kind {
      case .metric(let source):
        sheet.add(metric: query.id, try await series(call, source, label: source.metric.name, span))
      case .expression(let expression, _):
        sheet.add(expression: query.id, expression)
        for search in expression.searches {
          sheet.add(found: try await found(call, query.id, search, period: search.periodSeconds ?? query.periodSeconds ?? period, span), by: search)
        }
      }
    }
    return sheet
  }

  private func series(
    _ call: LogsCall, _ source: MetricQuery.Source, label: String, _ span: TimeRange
  ) async throws(LogsError) -> MetricSeries {
    let found = try await values(
      call, source.metric, [source.statistic], unit: source.unit, periodSeconds: source.periodSeconds,
      try aligned(span, source.periodSeconds))
    var series = MetricSeries(label: label, periodSeconds: source.periodSeconds)
    for period in found { if let value = period.values[0] { series.append(period.startUnixNanoseconds / 1_000_000_000, value) } }
    return series
  }

  /// The metrics that a search finds, labelled by what tells them apart.
  private func found(
    _ call: LogsCall, _ id: String, _ search: MetricSearch, period: Int64, _ span: TimeRange
  ) async throws(LogsError) -> [MetricSeries] {
    guard let statistic = MetricStatistic(search.statistic) else {
      throw LogsError(.validationError, "Error in expression '\(id)': the statistic '\(search.statistic)' of a SEARCH is not known.")
    }
    let matching = try await known(call, namespace: search.namespace, span)
      .filter { search.matches(namespace: $0.namespace, name: $0.name, dimensions: $0.dimensions) }
      .sorted { precedes("\($0.name)\u{1}\(MetricPoint.key($0.dimensions))", "\($1.name)\u{1}\(MetricPoint.key($1.dimensions))") }
      .prefix(MetricSearch.seriesCountMax)
    let isOneName = Set(matching.map(\.name)).count <= 1
    var all: [MetricSeries] = []
    for metric in matching {
      let values = metric.dimensions.sorted { precedes($0.key, $1.key) }.map(\.value)
      let parts = values + (isOneName && !values.isEmpty ? [] : [metric.name])
      let source = MetricQuery.Source(
        metric: metric, statistic: statistic, statisticName: search.statistic, periodSeconds: period)
      all.append(try await series(call, source, label: parts.joined(separator: " "), span))
    }
    return all
  }
}
