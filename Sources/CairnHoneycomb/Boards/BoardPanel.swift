// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// One panel of a board and where it lies.
public struct BoardPanel: Sendable, Hashable {
  public enum Content: Sendable, Hashable {
    case query(Query)
    case slo(id: String)
    /// Markdown.
    case text(String)
  }
  public struct Query: Sendable, Hashable {
    public var queryID = ""
    public var annotationID = ""
    /// graph, table or combo.
    public var style = "graph"
    /// The slug of the query's dataset; read-only on the wire.
    public var dataset = ""
    /// Which of `switches` are on.
    public var switches: Set<String> = []
    public var charts: [Chart] = []
  }
  public struct Chart: Sendable, Hashable {
    public var index = 0
    public var type = "default"
    public var isLogarithmic = false
    public var omitsMissing = false
  }
  /// In cells of the grid.
  public struct Position: Sendable, Hashable {
    public var x: Int
    public var y: Int
    public var width: Int
    public var height: Int

    static let heightDefault = 4
  }
  public var content: Content
  public internal(set) var position: Position?

  static let columnCount = 12
  static let textCountMax = 10_000
  static let switches = ["utc_xaxis", "hide_markers", "hide_hovers", "hide_compare", "overlaid_charts"]
  private static let chartTypes = ["default", "line", "stacked", "stat", "tsbar", "cbar", "cpie"]

  init?(_ json: JSONValue, _ field: String, _ findings: inout Findings) {
    let bodies = ["query_panel", "slo_panel", "text_panel"]
    guard findings.isObject(json, field, known: ["type", "position"] + bodies) else { return nil }
    content = .text("")
    position = Self.position(json["position"], "\(field).position", &findings)
    let type = findings.text(json["type"], "\(field).type") ?? ""
    let name = "\(type)_panel"
    guard bodies.contains(name) else {
      findings.add("\(field).type", type.isEmpty ? .missing : .invalid, "must be query, slo or text")
      return nil
    }
    for other in bodies where other != name && Findings.present(json[other]) != nil {
      findings.add("\(field).\(other)", .invalid, "does not belong to a panel of type \(type)")
    }
    guard let body = Findings.present(json[name]) else {
      findings.add("\(field).\(name)", .missing, "a panel of type \(type) needs it")
      return nil
    }
    guard let read = Self.content(type, body, "\(field).\(name)", &findings) else { return nil }
    content = read
  }

  private static func content(_ type: String, _ json: JSONValue, _ field: String, _ findings: inout Findings) -> Content? {
    switch type {
    case "slo":
      guard findings.isObject(json, field, known: ["slo_id"]) else { return nil }
      let id = findings.text(json["slo_id"], "\(field).slo_id") ?? ""
      if id.isEmpty { findings.add("\(field).slo_id", .missing, "an SLO's id is needed") }
      return .slo(id: id)
    case "text":
      guard findings.isObject(json, field, known: ["content"]) else { return nil }
      let text = findings.text(json["content"], "\(field).content") ?? ""
      if text.isEmpty || text.count > textCountMax { findings.add("\(field).content", text.isEmpty ? .missing : .invalid, "must have 1 to \(textCountMax) characters") }
      return .text(text)
    default: return query(json, field, &findings).map { .query($0) }
    }
  }

  private static func query(_ json: JSONValue, _ field: String, _ findings: inout Findings) -> Query? {
    let known = ["query_id", "query_annotation_id", "query_style", "dataset", "visualization_settings"]
    guard findings.isObject(json, field, known: known) else { return nil }
    var query = Query()
    query.queryID = findings.text(json["query_id"], "\(field).query_id") ?? ""
    if query.queryID.isEmpty { findings.add("\(field).query_id", .missing, "a query's id is needed") }
    query.annotationID = findings.text(json["query_annotation_id"], "\(field).query_annotation_id") ?? ""
    query.dataset = findings.text(json["dataset"], "\(field).dataset") ?? ""
    if let style = findings.text(json["query_style"], "\(field).query_style") {
      if ["graph", "table", "combo"].contains(style) { query.style = style } else { findings.add("\(field).query_style", .invalid, "must be graph, table or combo") }
    }
    let place = "\(field).visualization_settings"
    guard let settings = Findings.present(json["visualization_settings"]), findings.isObject(settings, place, known: switches + ["charts"]) else { return query }
    for name in switches where findings.truth(settings[name], "\(place).\(name)") == true { query.switches.insert(name) }
    for (index, item) in findings.items(settings["charts"], "\(place).charts").enumerated() {
      let field = "\(place).charts[\(index)]"
      guard findings.isObject(item, field, known: ["chart_index", "chart_type", "log_scale", "omit_missing_values"]) else { continue }
      var chart = Chart()
      chart.index = findings.integer(item["chart_index"], "\(field).chart_index", in: 0...100).map { Int($0) } ?? 0
      if let type = findings.text(item["chart_type"], "\(field).chart_type"), !type.isEmpty {
        if chartTypes.contains(type) { chart.type = type } else { findings.add("\(field).chart_type", .invalid, "must be one of \(chartTypes.joined(separator: ", "))") }
      }
      chart.isLogarithmic = findings.truth(item["log_scale"], "\(field).log_scale") ?? false
      chart.omitsMissing = findings.truth(item["omit_missing_values"], "\(field).omit_missing_values") ?? false
      query.charts.append(chart)
    }
    return query
  }

  /// nil where it is absent or, as the Go client writes an absent one, all zeros.
  private static func position(_ json: JSONValue?, _ field: String, _ findings: inout Findings) -> Position? {
    let names = ["x_coordinate", "y_coordinate", "width", "height"]
    guard let json = Findings.present(json), findings.isObject(json, field, known: names) else { return nil }
    let bounds: [ClosedRange<Int64>] = [0...11, 0...10_000, 0...12, 0...100]
    let numbers = zip(names, bounds).map { (name, range) in findings.integer(json[name], "\(field).\(name)", in: range).map { Int($0) } ?? 0 }
    guard numbers != [0, 0, 0, 0] else { return nil }
    let width = numbers[2] == 0 ? columnCount / 2 : numbers[2]
    if numbers[0] + width > columnCount { findings.add(field, .invalid, "goes beyond the \(columnCount) columns of the grid") }
    return Position(x: numbers[0], y: numbers[1], width: width, height: numbers[3] == 0 ? Position.heightDefault : numbers[3])
  }

  func writeMembers(_ writer: inout JSONWriter) {
    switch content {
    case .query: writer.member("type", "query")
    case .slo: writer.member("type", "slo")
    case .text: writer.member("type", "text")
    }
    if let position {
      writer.key("position")
      writer.beginObject()
      writer.member("x_coordinate", position.x)
      writer.member("y_coordinate", position.y)
      writer.member("width", position.width)
      writer.member("height", position.height)
      writer.endObject()
    }
    switch content {
    case .query(let query):
      writer.key("query_panel")
      write(query, &writer)
    case .slo(let id):
      writer.key("slo_panel")
      writer.beginObject()
      writer.member("slo_id", id)
      writer.endObject()
    case .text(let text):
      writer.key("text_panel")
      writer.beginObject()
      writer.member("content", text)
      writer.endObject()
    }
  }

  private func write(_ query: Query, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("query_id", query.queryID)
    if !query.annotationID.isEmpty { writer.member("query_annotation_id", query.annotationID) }
    writer.member("query_style", query.style)
    if !query.dataset.isEmpty { writer.member("dataset", query.dataset) }
    if !query.switches.isEmpty || !query.charts.isEmpty {
      writer.key("visualization_settings")
      writer.beginObject()
      for name in Self.switches { writer.member(name, query.switches.contains(name)) }
      writer.objects("charts", query.charts) { (chart, writer) in
        writer.member("chart_index", chart.index)
        writer.member("chart_type", chart.type)
        writer.member("log_scale", chart.isLogarithmic)
        writer.member("omit_missing_values", chart.omitsMissing)
      }
      writer.endObject()
    }
    writer.endObject()
  }
}
