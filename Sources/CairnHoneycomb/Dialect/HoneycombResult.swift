// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
public import CairnPlan

/// A query's result as `GET /1/query_results/{dataset}/{id}` gives it.
///
/// ```json
/// {"query": {…}, "id": "…", "complete": true,
///  "data": {"series": [{"time": "2021-04-09T14:16:00Z", "data": {"app": "web", "COUNT": 3, "P99(duration_ms)": 12.5}}],
///           "results": [{"data": {"app": "web", "COUNT": 20, "P99(duration_ms)": 13.0}}],
///           "total_by_aggregate": {"data": {…}}, "total_by_aggregate_series": [{"time": "…", "data": {…}}],
///           "other_by_aggregate": {"data": {…}}},
///  "links": {"query_url": "…", "graph_image_url": "…"}}
/// ```
/// - Series come by time, then by group in the order of the results; a group without any value in a bucket has no entry there.
/// - An absent field and an undefined result are null. Counts and integers have no fraction.
/// - A heatmap is `{"counts": […], "min_value", "max_value", "step_size"}` (see `LinearHeatmap`). Answers keep heatmaps over all
///   groups only, so with breakdowns it is null in the groups and stands in the totals.
/// - Totals and the rest are there when the request asks for them; their series when it also has series.
/// Source: the `QueryResultDetails` schema of Honeycomb's OpenAPI document.
public struct HoneycombResult: Sendable {
  /// The id of this run, not of the query.
  public var id: String
  /// What was asked.
  public var query: HoneycombQuery
  /// Which parts of the result were asked for.
  public var request: HoneycombResultRequest
  /// The page that shows the result.
  public var queryURL: String
  /// The picture of its chart.
  public var graphImageURL: String

  /// A run of a query.
  public init(id: String, query: HoneycombQuery, request: HoneycombResultRequest, queryURL: String, graphImageURL: String) {
    self.id = id
    self.query = query
    self.request = request
    self.queryURL = queryURL
    self.graphImageURL = graphImageURL
  }

  /// The body while the query runs, and of the answer to `POST /1/query_results/{dataset}`.
  public var pendingBody: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writeHead(&writer)
    writer.member("complete", false)
    writeLinks(&writer)
    writer.endObject()
    return writer.finish()
  }

  /// The body once the query has run.
  ///
  /// `total` answers `HoneycombQuery.totalPlan` and `other` answers `HoneycombQuery.otherPlan`, where those give a plan and the
  /// request wants the part. Cost: O(buckets x groups x calculations).
  public func body(_ answer: Answer, total: Answer? = nil, other: Answer? = nil) -> [UInt8] {
    var writer = JSONWriter(reserving: 4096)
    let table = ResultTable(query, answer)
    writer.beginObject()
    writeHead(&writer)
    writer.member("complete", true)
    writer.key("data")
    writer.beginObject()
    writer.key("series")
    writer.beginArray()
    if request.series == .enabled { table.writeSeries(&writer) }
    writer.endArray()
    writer.key("results")
    writer.beginArray()
    table.writeResults(&writer)
    writer.endArray()
    if request.totalByAggregate == .enabled { writeTotals(table, total, &writer) }
    if request.otherByAggregate == .enabled { writeOther(other, &writer) }
    writer.endObject()
    writeLinks(&writer)
    writer.endObject()
    return writer.finish()
  }

  private func writeTotals(_ table: ResultTable, _ total: Answer?, _ writer: inout JSONWriter) {
    writer.key("total_by_aggregate")
    table.writeTotals(&writer)
    guard request.series == .enabled else { return }
    let source = query.breakdowns.isEmpty ? table : total.map { ResultTable(query.ungrouped, $0) }
    guard let source else { return }
    writer.key("total_by_aggregate_series")
    writer.beginArray()
    source.writeSeries(&writer)
    writer.endArray()
  }

  private func writeOther(_ other: Answer?, _ writer: inout JSONWriter) {
    writer.key("other_by_aggregate")
    if let other { return ResultTable(query.ungrouped, other).writeTotals(&writer) }
    writer.beginObject()
    writer.key("data")
    writer.beginObject()
    writer.endObject()
    writer.endObject()
  }

  private func writeHead(_ writer: inout JSONWriter) {
    writer.key("query")
    query.write(to: &writer, limit: query.limit(for: request))
    writer.member("id", id)
  }

  private func writeLinks(_ writer: inout JSONWriter) {
    writer.key("links")
    writer.beginObject()
    writer.member("query_url", queryURL)
    writer.member("graph_image_url", graphImageURL)
    writer.endObject()
  }
}

extension HoneycombQuery {
  /// The same calculations over all events.
  var ungrouped: HoneycombQuery {
    var query = self
    query.breakdowns = []
    return query
  }
}
