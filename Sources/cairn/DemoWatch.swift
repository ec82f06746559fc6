// SPDX-License-Identifier: Apache-2.0
import CairnDemo
import CairnFormats
import CairnServer

/// What a team of the microblog would have by now: a promise about its home feed, a trigger for the day it is slow, and a board. Made by
/// Honeycomb's API, as anybody makes theirs, and once: whoever changes or deletes a part of it finds it as they left it.
struct DemoWatch {
  private let client: APIClient
  private let minutes: Int

  /// - Parameter minutes: How far the board looks back at first.
  init(_ client: APIClient, minutes: Int) {
    self.client = client
    self.minutes = minutes
  }

  private static let name = "Microblog", dataset = "gateway", indicator = "home_feed_in_time"

  /// - Throws: Where the server or the key takes no such things.
  func make() async throws(ClientError) {
    let known = try await client.ask("GET", "/1/derived_columns/\(Self.dataset)")
    guard case .array(let columns) = known, !columns.contains(where: { $0["alias"]?.string == Self.indicator }) else { return }
    try await make("derived_columns", #"{"alias": "\#(Self.indicator)", "expression": "IF(EQUALS($name, \"\#(PlantedFault.requestName)\"), LT($duration_ms, 1000))"}"#)
    let objective = try await make("slos", #"""
      {"name": "Home feed within a second", "description": "99 of 100 home feeds are answered in less than a second.",
       "sli": {"alias": "\#(Self.indicator)"}, "time_period_days": 7, "target_per_million": 990000}
      """#)
    try await make("triggers", #"""
      {"name": "Home feed is slow", "description": "The slowest of a hundred home feeds takes longer than a second.",
       "query": {"calculations": [{"op": "P99", "column": "duration_ms"}], \#(Self.homeFeeds), "time_range": 900},
       "threshold": {"op": ">", "value": 1000}, "frequency": 300}
      """#)
    let everywhere = "__all__"
    let requests = try await question("Requests", "graph", place(8, 0, 4, 3), in: everywhere, #"""
      "calculations": [{"op": "COUNT"}], \#(Self.spans(["is_root"]))
      """#)
    let home = try await question("Home feed", "graph", place(0, 3, 12, 4), #""calculations": [{"op": "HEATMAP", "column": "duration_ms"}], \#(Self.homeFeeds)"#)
    let failures = try await question("Errors by service", "graph", place(0, 7, 6, 4), in: everywhere, #"""
      "calculations": [{"op": "COUNT"}], "breakdowns": ["service.name"], \#(Self.spans(["error"]))
      """#)
    let services = try await question("Services", "table", place(6, 7, 6, 4), in: everywhere, #"""
      "calculations": [{"op": "COUNT"}, {"op": "P50", "column": "duration_ms"}, {"op": "P99", "column": "duration_ms"}],
      "breakdowns": ["service.name"], "orders": [{"op": "P99", "column": "duration_ms", "order": "descending"}], \#(Self.spans([]))
      """#)
    let text = #"""
      Since the deploy of **\#(PlantedFault.deploy)** some home feeds are slow. Open the heatmap in Explore, draw a box around the thin band\#
       above one second, and read what BubbleUp names.
      """#
    try await make("boards", #"""
      {"name": "\#(Self.name)", "description": "Made by cairn demo.", "type": "flexible", "panels": [
        {"type": "text", "text_panel": {"content": "\#(text)"}, \#(place(0, 0, 4, 3))},
        {"type": "slo", "slo_panel": {"slo_id": "\#(objective)"}, \#(place(4, 0, 4, 3))}, \#(requests), \#(home), \#(failures), \#(services)]}
      """#, in: nil)
  }

  /// Keeps a query under a name; the panel that shows it.
  private func question(_ name: String, _ style: String, _ place: String, in dataset: String = Self.dataset, _ members: String) async throws(ClientError) -> String {
    let query = try await make("queries", #"{\#(members), "time_range": \#(minutes * 60)}"#, in: dataset)
    let annotation = try await make("query_annotations", #"{"name": "\#(name)", "query_id": "\#(query)"}"#, in: dataset)
    return #"{"type": "query", "query_panel": {"query_id": "\#(query)", "query_annotation_id": "\#(annotation)", "query_style": "\#(style)"}, \#(place)}"#
  }

  /// Returns the id of what was made.
  @discardableResult
  private func make(_ kind: String, _ json: String, in dataset: String? = Self.dataset) async throws(ClientError) -> String {
    try await client.ask("POST", "/1/\(kind)" + (dataset.map { "/\($0)" } ?? ""), body: Array(json.utf8))["id"]?.string ?? ""
  }

  private static let homeFeeds = #""filters": [{"column": "name", "op": "=", "value": "\#(PlantedFault.requestName)"}]"#

  /// Spans that have all of these set.
  private static func spans(_ columns: [String]) -> String {
    let filters = columns.map { #", {"column": "\#($0)", "op": "=", "value": true}"# }.joined()
    return #""filters": [{"column": "trace.span_id", "op": "exists"}\#(filters)]"#
  }

  private func place(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> String {
    #""position": {"x_coordinate": \#(x), "y_coordinate": \#(y), "width": \#(width), "height": \#(height)}"#
  }
}
