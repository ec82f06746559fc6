// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnFormats
import CairnServer

/// `cairn tail`: events as they come.
struct TailCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "tail", abstract: "Print events as they come.")

  @OptionGroup var options: ClientOptions
  @Option(help: "Dataset; all of them if not given.") var dataset = "__all__"
  @Option(parsing: .unconditional, help: "How many events that there are already come first, at most 500.") var last = 0

  func run() async throws {
    let isJSON = options.json, client = try options.client()
    if let hint = await missingDataset(dataset, client) { sayAside("\(hint) Waiting for its first event.") }
    try await client.follow("/api/cairn/tail?dataset=\(percentEncoded(dataset))&last=\(last)") { (event, data) in
      // Whoever reads through a pipe shall see each event at once.
      defer { endIfNobodyReads() }
      if isJSON { return print(data) }
      guard let json = try? JSONValue(parsing: data) else { return }
      if event == "skipped" { return print("… \(cell(json["events"])) events skipped") }
      print(line(json))
    }
  }
}

/// An event on one line: time, dataset, the fields that say most, then the others.
private func line(_ event: JSONValue) -> String {
  let seconds = (event["us"]?.integer ?? 0) / 1_000_000 % 86_400
  let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  let fields = event["fields"]?.members ?? []
  let first = ["severity", "name", "body", "duration_ms", "error"]
  let lead = first.compactMap { name in fields.first { $0.name == name }.map { short($0.value, 400) } }
  let rest = fields.filter { !first.contains($0.name) }.prefix(12).map { "\($0.name)=\(short($0.value, 80))" }
  return printable(([clock, cell(event["dataset"])] + lead + rest).joined(separator: " "))
}

/// A stack trace or a document would fill the screen: `--json` has it whole.
private func short(_ value: JSONValue, _ characterCountMax: Int) -> String {
  let text = cell(value)
  return text.count <= characterCountMax ? text : text.prefix(characterCountMax) + "…"
}
