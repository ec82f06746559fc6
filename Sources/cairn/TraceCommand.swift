// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnFormats
import CairnServer

/// `cairn trace ID`: the spans of a trace as an indented list with bars.
struct TraceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "trace", abstract: "Print one trace.")

  @OptionGroup var options: ClientOptions
  @Argument(help: "32 hex digits, or X-Ray's 1-8hex-24hex.") var id: String

  private static let barWidth = 40

  func run() async throws {
    guard !id.isEmpty, id.allSatisfy({ $0.isHexDigit || $0 == "-" }) else { throw ValidationError("'\(id)' is not a trace id: 32 hex digits, or X-Ray's 1-8hex-24hex") }
    let trace = try await options.client().ask("GET", "/api/cairn/traces/\(id)?fields=none")
    if options.json { return print(String(decoding: trace.bytes, as: UTF8.self)) }
    let whole = max(1, trace["duration_ns"]?.number ?? 1)
    var depths: [String: Int] = [:]
    var table = Table(header: ["service", "span", "ms", "", ""])
    table.numeric = [2]
    for span in trace["spans"]?.array ?? [] {
      let depth = span["parent"]?.string.flatMap { depths[$0] }.map { $0 + 1 } ?? 0
      if let id = span["id"]?.string { depths[id] = depth }
      let offset = span["offset_ns"]?.number ?? 0
      let length = span["duration_ns"]?.number ?? 0
      let start = min(Self.barWidth - 1, max(0, Int(offset / whole * Double(Self.barWidth))))
      let width = min(Self.barWidth - start, max(1, Int(length / whole * Double(Self.barWidth))))
      table.rows.append([
        cell(span["service"]), String(repeating: "  ", count: min(depth, 40)) + cell(span["title"] ?? span["name"]), cell(.double(length / 1e6)),
        String(repeating: " ", count: start) + String(repeating: "█", count: width),
        span["error"]?.boolean == true ? "error" : "",
      ])
    }
    print("trace \(cell(trace["trace_id"]))  \(cell(trace["xray_id"]))")
    print(table.text)
  }
}
