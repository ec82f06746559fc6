// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CairnFormats
import CairnServer
import Synchronization

/// `cairn export`: events as lines of JSON.
struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Print events as lines of JSON, oldest first, as Honeycomb's batches have them.")

  @Option(help: "The server's main port (default 127.0.0.1:8080; CAIRN_SERVER).") var server: String?
  @Option(help: "An access key, where the server wants one (CAIRN_KEY).") var key: String?
  @Option(help: "Dataset; all of them if not given.") var dataset = "__all__"
  @Option(help: "How far back: 90s, 15m, 2h, 7d; everything if not given.") var last: String?
  @Option(help: "ndjson, a line an event.") var format = "ndjson"

  func run() async throws {
    guard format == "ndjson" else {
      throw ValidationError(
        "--format: '\(format)' is not written, only ndjson. DuckDB makes Parquet of the lines: COPY (SELECT * FROM read_ndjson('events.ndjson')) TO 'events.parquet'")
    }
    let time = try last.map { "&range=\(try lengthSeconds($0, "--last"))" } ?? ""
    let client = try apiClient(server: server, key: key), isEmpty = Atomic(true)
    try await client.lines("/api/cairn/export?dataset=\(percentEncoded(dataset))\(time)") { (lines) in
      for line in lines { print(line) }
      if !lines.isEmpty { isEmpty.store(false, ordering: .relaxed) }
      endIfNobodyReads()
    }
    if isEmpty.load(ordering: .relaxed), let hint = await missingDataset(dataset, client) { sayAside(hint) }
  }
}
