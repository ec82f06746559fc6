// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnBytes
import CairnFormats
import CairnServer

/// `cairn query`: `cairn query --calc 'P95(duration_ms)' --by service.name --where 'http.route = /cart' --last 1h`
struct QueryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "query", abstract: "Ask a question and print the groups.")

  @OptionGroup var options: ClientOptions
  @Option(help: "Dataset; all of them if not given.") var dataset = "__all__"
  @Option(name: .customLong("calc"), help: "COUNT, P95(duration_ms), 'failed=COUNT where error exists and …' (may be repeated).")
  var calculations: [String] = []
  @Option(name: .customLong("formula"), help: "'rate=DIV($failed, $COUNT)', over results by their names (may be repeated).")
  var formulas: [String] = []
  @Option(name: .customLong("where"), help: "'COLUMN OP VALUE', all must hold (may be repeated).") var filters: [String] = []
  @Option(name: .customLong("by"), help: "Group by this column (may be repeated).") var breakdowns: [String] = []
  @Option(help: "How far back: 90s, 15m, 2h, 7d.") var last = "2h"
  @Option(help: "Beside each result that of so long before: 30m, 1h, 2h, 8h, 1d, 7d, 28d, 182d, or what --last says.") var compare: String?
  @Option(parsing: .unconditional, help: "The most groups.") var limit = 20
  @Option(help: "A whole query specification as JSON instead of the options above.") var spec: String?

  func run() async throws {
    let query = try spec.map(parsed) ?? specification()
    let body = JSONValue.object([JSONMember("dataset", .string(dataset)), JSONMember("query", query), JSONMember("missing", .boolean(true))])
    let client = try options.client(), answer = try await client.ask("POST", "/api/cairn/query", body: body.bytes)
    if options.json { return print(String(decoding: answer.bytes, as: UTF8.self)) }
    let columns = answer["columns"]?.array ?? []
    let data = (answer["data"]?.array ?? []).map { $0.array ?? [] }
    var shown = columns.indices.map { (name: columns[$0]["name"]?.string ?? "", type: columns[$0]["type"]?.string ?? "", values: data[$0]) }
    let earlier = (answer["compare"]?["data"]?.array ?? []).map { $0.array ?? [] }
    for index in earlier.indices.reversed() where columns[index]["kind"]?.string != "breakdown" {
      shown.insert((name: "\(compare ?? "earlier") before", type: shown[index].type, values: earlier[index]), at: index + 1)
    }
    var table = Table(header: shown.map(\.name))
    table.numeric = Set(shown.indices.filter { shown[$0].type != "string" })
    for row in 0..<(data.first?.count ?? 0) { table.rows.append(shown.map { cell($0.values[row]) }) }
    if !shown.isEmpty { print(table.text) }
    for column in answer["missing"]?.array ?? [] { print(missing(column)) }
    for (name, _) in answer["heatmaps"]?.members?.map({ ($0.name, $0.value) }) ?? [] {
      print("\(name) is drawn on the page Explore; --json prints its cells.")
    }
    let info = answer["info"]
    if info?["rows_matched"]?.integer == 0, let hint = await missingDataset(dataset, client) { print(hint) }
    print("\(cell(info?["rows_matched"])) events matched, \(cell(info?["elapsed_ms"])) ms")
  }

  private func parsed(_ spec: String) throws -> JSONValue {
    do {
      return try JSONValue(parsing: spec)
    } catch {
      throw ValidationError("--spec: '\(spec)' is not JSON: \(error.message)")
    }
  }

  /// A column that no event has, as it was written, and what may have been meant.
  private func missing(_ column: JSONValue) -> String {
    let near = (column["near"]?.array ?? []).compactMap(\.string)
    let offer = near.isEmpty ? "" : " Did you mean \(near.joined(separator: ", "))?"
    return "No event\(dataset == "__all__" ? "" : " of \(dataset)") has the column \(cell(column["name"])).\(offer)"
  }

  private func specification() throws -> JSONValue {
    var members: [JSONMember] = []
    let terms = try (calculations.isEmpty ? ["COUNT"] : calculations).map(calculation)
    members.append(JSONMember("calculations", .array(terms.map { .object($0) })))
    let worked = try formulas.map(formula)
    if !worked.isEmpty { members.append(JSONMember("formulas", .array(worked.map { .object($0) }))) }
    members.append(JSONMember("filters", .array(try filters.map { try filter($0, "--where") })))
    if !breakdowns.isEmpty {
      members.append(JSONMember("breakdowns", .array(breakdowns.map { .string($0) })))
      if let order = order(worked.first ?? terms.first ?? []) { members.append(JSONMember("orders", .array([order]))) }
    }
    if let compare { members.append(JSONMember("compare_time_offset_seconds", .double(try lengthSeconds(compare, "--compare")))) }
    members.append(JSONMember("limit", .integer(Int64(limit))))
    members.append(JSONMember("time_range", .double(try lengthSeconds(last, "--last"))))
    return .object(members)
  }

  /// From the most down by a formula or calculation: by its name where it has one.
  private func order(_ term: [JSONMember]) -> JSONValue? {
    let name = term.first { $0.name == "name" }.map { [JSONMember("column", $0.value)] }
    let terms = name ?? term
    return terms.first?.value.string == "HEATMAP" ? nil : .object(terms + [JSONMember("order", .string("descending"))])
  }

  /// `NAME=REST`; no name where what stands before the first `=` is none.
  private func named(_ text: String) -> (name: String?, rest: String) {
    guard let sign = text.firstIndex(of: "=") else { return (nil, text) }
    let name = text[..<sign].drop { $0 == " " }
    guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }) else { return (nil, text) }
    return (String(name), String(text[text.index(after: sign)...].drop { $0 == " " }))
  }

  /// `OP`, `OP(COLUMN)` or `NAME=OP(COLUMN) where COLUMN OP VALUE and …`.
  private func calculation(_ text: String) throws -> [JSONMember] {
    let (name, rest) = named(text)
    let parts = rest.split(separator: " where ", maxSplits: 1).map(String.init)
    guard let head = parts.first else { throw ValidationError("--calc: '\(text)' is not a calculation such as COUNT or P95(duration_ms)") }
    var members: [JSONMember]
    if let open = head.firstIndex(of: "("), head.hasSuffix(")") {
      let column = head[head.index(after: open)...].dropLast()
      members = [JSONMember("op", .string(head[..<open].uppercased())), JSONMember("column", .string(String(column)))]
    } else {
      members = [JSONMember("op", .string(head.uppercased()))]
    }
    if let name { members.append(JSONMember("name", .string(name))) }
    if parts.count > 1 {
      let filters = try parts[1].split(separator: " and ").map { try filter(String($0), "--calc") }
      members.append(JSONMember("filters", .array(filters)))
    }
    return members
  }

  private func formula(_ text: String) throws -> [JSONMember] {
    let (name, rest) = named(text)
    guard let name else { throw ValidationError("--formula: '\(text)' is not 'NAME=EXPRESSION'") }
    return [JSONMember("name", .string(name)), JSONMember("expression", .string(rest))]
  }

  private func filter(_ text: String, _ option: String) throws -> JSONValue {
    let parts = text.split(separator: " ", maxSplits: 2).map(String.init)
    guard parts.count >= 2 else { throw ValidationError("\(option): '\(text)' is not 'COLUMN OP VALUE', with blanks between") }
    var members = [JSONMember("column", .string(parts[0])), JSONMember("op", .string(parts[1]))]
    if parts.count == 3 { members.append(JSONMember("value", literal(parts[2], isList: parts[1].hasSuffix("in")))) }
    return .object(members)
  }

  private func literal(_ text: String, isList: Bool) -> JSONValue {
    if isList, let json = try? JSONValue(parsing: text), json.array != nil { return json }
    if isList { return .array(text.split(separator: ",").map { literal(String($0), isList: false) }) }
    if let whole = Int64(text) { return .integer(whole) }
    if let number = plainNumber(text) { return .double(number) }
    if text == "true" || text == "false" { return .boolean(text == "true") }
    return .string(text)
  }
}
