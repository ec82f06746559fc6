// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// A board: panels on a grid of twelve columns, each a query's picture, an objective, or a text.
///
/// ```json
/// {"id": "1c9e04f2", "name": "Shop", "description": "…", "type": "flexible", "layout_generation": "manual",
///  "panels": [{"type": "query", "position": {"x_coordinate": 0, "y_coordinate": 0, "width": 6, "height": 4},
///              "query_panel": {"query_id": "…", "query_annotation_id": "…", "query_style": "graph", "visualization_settings": {…}}},
///             {"type": "slo", "slo_panel": {"slo_id": "…"}}, {"type": "text", "text_panel": {"content": "# Runbook"}}],
///  "preset_filters": [{"column": "user_id", "alias": "User"}], "tags": [{"key": "team", "value": "web"}],
///  "links": {"board_url": "http://…/ui/board/1c9e04f2"}}
/// ```
/// Source: the board types of Honeycomb's Terraform provider. Boards of the older, classic form are refused with a reason, as is every
/// other `type`.
public struct HoneycombBoard: Sendable, Hashable {
  /// Raw values are the wire's.
  public enum Layout: String, Sendable, Hashable, CaseIterable {
    case manual
    case auto
  }
  public struct PresetFilter: Sendable, Hashable {
    public var column: String
    public var alias: String
  }
  public var id: String
  public internal(set) var name = ""
  public internal(set) var description = ""
  public internal(set) var layout = Layout.manual
  public var panels: [BoardPanel] = []
  public internal(set) var presets: [PresetFilter] = []
  public internal(set) var tags: [HoneycombTrigger.Tag] = []
  public var createdUnixNanoseconds: Int64
  public var updatedUnixNanoseconds: Int64

  static let presetCountMax = 5

  /// Reads what a client sends.
  public init(parsing json: JSONValue, id: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    self.id = id
    (createdUnixNanoseconds, updatedUnixNanoseconds) = (nowUnixNanoseconds, nowUnixNanoseconds)
    try change(json, nowUnixNanoseconds: nowUnixNanoseconds)
  }

  private static let members = [
    "id", "name", "description", "type", "layout_generation", "panels", "preset_filters", "tags", "links", "created_at", "updated_at",
  ]
  private static let classicMembers = ["queries", "slos", "column_layout", "style"]

  /// The board with what a client sends in its place; what it does not name stays.
  public mutating func change(_ json: JSONValue, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    var findings = Findings()
    guard findings.isObject(json, "", known: Self.members + Self.classicMembers) else { return try findings.settle() }
    for name in Self.classicMembers where Findings.present(json[name]) != nil {
      findings.add(name, .invalid, "belongs to classic boards, which are gone; a flexible board has panels")
    }
    if let type = findings.text(json["type"], "type"), type != "flexible" { findings.add("type", .invalid, "must be flexible") }
    if let text = findings.text(json["name"], "name") { name = text }
    if !(1...255).contains(name.count) { findings.add("name", name.isEmpty ? .missing : .invalid, "must have 1 to 255 characters") }
    if let text = findings.text(json["description"], "description") { description = text }
    if description.count > 1024 { findings.add("description", .invalid, "may have at most 1024 characters") }
    if let word = findings.text(json["layout_generation"], "layout_generation") {
      if let found = Layout(rawValue: word) { layout = found } else { findings.add("layout_generation", .invalid, "manual or auto") }
    }
    if Findings.present(json["panels"]) != nil {
      panels = findings.items(json["panels"], "panels").enumerated().compactMap { BoardPanel($0.element, "panels[\($0.offset)]", &findings) }
    }
    if Findings.present(json["preset_filters"]) != nil { readPresets(json["preset_filters"], &findings) }
    if Findings.present(json["tags"]) != nil { tags = HoneycombTrigger.Tag.list(json["tags"], &findings) }
    updatedUnixNanoseconds = nowUnixNanoseconds
    try findings.settle()
    place()
  }

  private mutating func readPresets(_ json: JSONValue?, _ findings: inout Findings) {
    presets = []
    for (index, item) in findings.items(json, "preset_filters").enumerated() {
      let field = "preset_filters[\(index)]"
      guard findings.isObject(item, field, known: ["column", "alias"]) else { continue }
      let column = findings.text(item["column"], "\(field).column") ?? ""
      let alias = findings.text(item["alias"], "\(field).alias") ?? ""
      if column.isEmpty { findings.add("\(field).column", .missing, "a preset filter needs a column") }
      if alias.count > 50 { findings.add("\(field).alias", .invalid, "may have at most 50 characters") }
      presets.append(PresetFilter(column: column, alias: alias))
    }
    if presets.count > Self.presetCountMax { findings.add("preset_filters", .invalid, "may have at most \(Self.presetCountMax) items") }
  }

  /// Gives panels without a position one below the others, two beside each other; all of them where the layout is automatic.
  private mutating func place() {
    let isAuto = layout == .auto
    var y = isAuto ? 0 : panels.compactMap { $0.position.map { $0.y + $0.height } }.max() ?? 0
    var x = 0
    for index in panels.indices where isAuto || panels[index].position == nil {
      if x >= BoardPanel.columnCount { (x, y) = (0, y + BoardPanel.Position.heightDefault) }
      panels[index].position = BoardPanel.Position(x: x, y: y, width: BoardPanel.columnCount / 2, height: BoardPanel.Position.heightDefault)
      x += BoardPanel.columnCount / 2
    }
  }

  /// Writes the board as one object; `url` is where its page is.
  public func write(to writer: inout JSONWriter, url: String) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("name", name)
    writer.member("description", description)
    writer.member("type", "flexible")
    // Left out where they say nothing, as Honeycomb does: its Go client tells an absent list from an empty one.
    if layout == .auto { writer.member("layout_generation", layout.rawValue) }
    writer.objects("panels", panels) { (panel, writer) in panel.writeMembers(&writer) }
    if !presets.isEmpty {
      writer.objects("preset_filters", presets) { (preset, writer) in
        writer.member("column", preset.column)
        writer.member("alias", preset.alias)
      }
    }
    if !tags.isEmpty {
      writer.objects("tags", tags) { (tag, writer) in
        writer.member("key", tag.key)
        writer.member("value", tag.value)
      }
    }
    writer.key("links")
    writer.beginObject()
    writer.member("board_url", url)
    writer.endObject()
    writer.member("created_at", RFC3339.text(unixNanoseconds: createdUnixNanoseconds))
    writer.member("updated_at", RFC3339.text(unixNanoseconds: updatedUnixNanoseconds))
    writer.endObject()
  }
}
