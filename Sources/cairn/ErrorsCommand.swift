// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnFormats
import CairnServer

/// `cairn errors`: error items of every door; with a number, one of them.
struct ErrorsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "errors", abstract: "List error items, or show one.")

  @OptionGroup var options: ClientOptions
  @Argument(help: "An item's id; without it the list.") var id: Int64?
  @Option(help: "active, resolved, muted, archived or any.") var status = "active"
  @Option(help: "Words of the title, #12, class:, environment:, is:unassigned …") var find: String?
  @Option(help: "last, first, total, day or level.") var sort = "last"
  @Option(parsing: .unconditional, help: "The most items.") var limit = 30

  func run() async throws {
    guard ["active", "resolved", "muted", "archived", "any"].contains(status) else {
      throw ValidationError("--status: '\(status)' is not active, resolved, muted, archived or any")
    }
    let client = try options.client()
    if let id { return show(try await client.ask("GET", "/api/cairn/errors/\(id)")) }
    let query = [("status", status), ("query", find ?? ""), ("sort", sort), ("limit", String(limit))]
    let text = query.filter { !$0.1.isEmpty }.map { "\($0.0)=\(encoded($0.1))" }.joined(separator: "&")
    let answer = try await client.ask("GET", "/api/cairn/errors?\(text)")
    if options.json { return print(String(decoding: answer.bytes, as: UTF8.self)) }
    var table = Table(header: ["id", "level", "project", "environment", "times", "people", "24 h", "title"])
    table.numeric = [0, 4, 5]
    for item in answer["items"]?.array ?? [] {
      table.rows.append([
        cell(item["id"]), cell(item["level"]), cell(item["project"]), cell(item["environment"]), cell(item["total"]),
        cell(item["people"]), bars(item["hours"]?.array?.compactMap(\.number) ?? []), String(cell(item["title"]).prefix(80)),
      ])
    }
    print(table.text)
    print(count(answer["total"], "item", "items"))
  }

  private func show(_ item: JSONValue) {
    if options.json { return print(String(decoding: item.bytes, as: UTF8.self)) }
    print(printable("#\(cell(item["counter"])) \(cell(item["title"]))"))
    print(printable("\(cell(item["level"])), \(cell(item["status"])), \(cell(item["project"])) in \(cell(item["environment"]))"))
    print("\(count(item["total"], "time", "times")), \(count(item["people"], "person", "people"))")
    for trace in item["occurrence"]?["chain"]?.array ?? [] {
      print(printable("\(cell(trace["class"])): \(cell(trace["message"]))"))
      for frame in (trace["frames"]?.array ?? []).reversed() {
        print(printable("  \(frame["verdict"]?.string == "in-app" ? "*" : " ") \(place(frame))"))
      }
    }
    if let id = item["occurrence"]?["fields"]?["trace.trace_id"]?.string { print(printable("cairn trace \(id)")) }
  }

  /// `FUNCTION in FILE:LINE`, as far as they are known: Swift's frames have no lines, those of a stripped library no names.
  private func place(_ frame: JSONValue) -> String {
    let line = frame["line"]?.integer ?? 0
    let file = cell(frame["file"]) + (line > 0 ? ":\(line)" : "")
    guard let function = frame["function"]?.string, !function.isEmpty else { return file }
    return "\(function) in \(file)"
  }

  private func count(_ number: JSONValue?, _ one: String, _ many: String) -> String { "\(cell(number)) \(number?.integer == 1 ? one : many)" }

  /// Counts as eight heights of a block.
  private func bars(_ counts: [Double]) -> String {
    let most = max(1, counts.max() ?? 1)
    let blocks = Array(" ▁▂▃▄▅▆▇█")
    return String(counts.map { $0 == 0 ? blocks[0] : blocks[max(1, min(8, Int(($0 / most * 8).rounded(.up))))] })
  }

  private func encoded(_ text: String) -> String {
    text.utf8.map { byte in
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95: return String(UnicodeScalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        return "%" + (digits.count < 2 ? "0" : "") + digits
      }
    }.joined()
  }
}
