// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnFormats
import CairnServer

/// `cairn query`: `cairn query --calc 'P95(duration_ms)' --by service.name --where 'http.route = /cart' --last 1h`
struct QueryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "query", abstract: "Ask a question and print the groups.")

  @OptionGroup var options: ClientOptions
  @Option(help: "Dataset; all of them if not given.") var dataset = "__all__"
  @Option(name: .customLong("calc"), help: "COUNT, P95(duration_ms), … (may be repeated).") var calculations: [String] = []
  @Option(name: .customLong("where"), help: "'COLUMN OP VALUE', all must hold (may be repeated).") var filters: [String] = []
  @Option(name: .customLong("by"), help: "Group by this column (may be repeated).") var breakdowns: [String] = []
  @Option(help: "How far back: 90s, 15m, 2h, 7d.") var last = "2h"
  @Option(help: "The most groups.") var limit = 20
  @Option(help: "A whole query specification as JSON instead of the options above.") var spec: String?

  func run() async throws {
    let query = try spec.map { try JSONValue(parsing: $0) } ?? specification()
    let body = JSONValue.object([JSONMember("dataset", .string(dataset)), JSONMember("query", query), JSONMember("missing", .boolean(true))])
    let answer = try await options.client().ask("POST", "/api/cairn/query", body: body.bytes)
    if options.json { return print(String(decoding: answer.bytes, as: UTF8.self)) }
    let columns = answer["columns"]?.array ?? []
    let data = (answer["data"]?.array ?? []).map { $0.array ?? [] }
    var table = Table(header: columns.map { $0["name"]?.string ?? "" })
    table.numeric = Set(columns.indices.filter { columns[$0]["type"]?.string != "string" })
    for row in 0..<(data.first?.count ?? 0) { table.rows.append(data.map { cell($0[row]) }) }
    print(table.text)
    for column in answer["missing"]?.array ?? [] { print(missing(column)) }
    let info = answer["info"]
    print("\(cell(info?["rows_matched"])) events matched, \(cell(info?["elapsed_ms"])) ms")
  }

  /// A column that no event has, as it was written, and what may have been meant.
  private func missing(_ column: JSONValue) -> String {
    let near = (column["near"]?.array ?? []).compactMap(\.string)
    let offer = near.isEmpty ? "" : " Did you mean \(near.joined(separator: ", "))?"
    return "No event\(dataset == "__all__" ? "" : " of \(dataset)") has the column \(cell(column["name"])).\(offer)"
  }

  private func specification() throws -> JSONValue {
    var members: [JSONMember] = []
    let wanted = calculations.isEmpty ? ["COUNT"] : calculations
    let terms = wanted.map(calculation)
    members.append(JSONMember("calculations", .array(terms.map { .object($0) })))
    members.append(JSONMember("filters", .array(try filters.map(filter))))
    if !breakdowns.isEmpty {
      members.append(JSONMember("breakdowns", .array(breakdowns.map { .string($0) })))
      if terms.first?.first?.value.string != "HEATMAP" {
        members.append(
          JSONMember("orders", .array([.object((terms.first ?? []) + [JSONMember("order", .string("descending"))])])))
      }
    }
    members.append(JSONMember("limit", .integer(Int64(limit))))
    members.append(JSONMember("time_range", .double(try lengthSeconds(last))))
    return .object(members)
  }

  private func calculation(_ text: String) -> [JSONMember] {
    guard let open = text.firstIndex(of: "("), text.hasSuffix(")") else { return [JSONMember("op", .string(text.uppercased()))] }
    let column = text[text.index(after: open)...].dropLast()
    return [JSONMember("op", .string(text[..<open].uppercased())), JSONMember("column", .string(String(column)))]
  }

  private func filter(_ text: String) throws -> JSONValue {
    let parts = text.split(separator: " ", maxSplits: 2).map(String.init)
    guard parts.count >= 2 else { throw ValidationError("'\(text)' is not 'COLUMN OP VALUE'") }
    var members = [JSONMember("column", .string(parts[0])), JSONMember("op", .string(parts[1]))]
    if parts.count == 3 { members.append(JSONMember("value", literal(parts[2], isList: parts[1].hasSuffix("in")))) }
    return .object(members)
  }

  private func literal(_ text: String, isList: Bool) -> JSONValue {
    if isList, let json = try? JSONValue(parsing: text), json.array != nil { return json }
    if isList { return .array(text.split(separator: ",").map { literal(String($0), isList: false) }) }
    if let whole = Int64(text) { return .integer(whole) }
    if let number = Double(text) { return .double(number) }
    if text == "true" || text == "false" { return .boolean(text == "true") }
    return .string(text)
  }
}
