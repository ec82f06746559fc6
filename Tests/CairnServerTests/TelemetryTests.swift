// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnPlan
import Logging
import Synchronization
import Testing

@testable import CairnServer

/// Cairn's own figures, and what it writes to its log about itself.
@Suite struct TelemetryTests {
  @Test func writesThePrometheusText() {
    var durations = DurationHistogram()
    for nanoseconds: Int64 in [100_000, 2_000_000, 40_000_000_000] { durations.add(nanoseconds: nanoseconds) }
    let figures = [
      Figure("a_total", "Line\nbreak", .counter, samples: [.init(labels: [.init("x", "a\"b\\c\nd")], value: 1.5)]),
      Figure("b", "B.", .gauge, 3), Figure("c_seconds", "C.", durations),
    ]
    let lines = MetricsPage(figures).text.split(separator: "\n").map(String.init)
    #expect(lines.prefix(5) == ["# HELP a_total Line\\nbreak", "# TYPE a_total counter", "a_total{x=\"a\\\"b\\\\c\\nd\"} 1.5", "# HELP b B.", "# TYPE b gauge"])
    #expect(lines.contains("b 3") && lines.contains("# TYPE c_seconds histogram"))
    #expect(lines.contains("c_seconds_bucket{le=\"0.0005\"} 1") && lines.contains("c_seconds_bucket{le=\"0.0025\"} 2"))
    #expect(lines.contains("c_seconds_bucket{le=\"30.0\"} 2") && lines.contains("c_seconds_bucket{le=\"+Inf\"} 3"))
    #expect(lines.contains("c_seconds_count 3") && lines.contains("c_seconds_sum 40.0021"))
  }

  @Test func countsRefusalsByReason() async throws {
    try await withServer { (live) async throws in
      let client = try live.client()
      _ = try await client.send("POST", "/v1/traces", headers: [("content-type", "text/plain")], body: [1])
      live.store.script.withLock { $0.outcome = .failure(.unavailable(reason: "full", retryAfterSeconds: 1)) }
      _ = try await client.send("POST", "/v1/traces", headers: [("content-type", "application/json")], body: [1])
      let text = String(decoding: try await client.send("GET", "/metrics").body, as: UTF8.self)
      #expect(text.contains("cairn_refusals_total{door=\"otlp-http\",reason=\"unsupported\"} 1"))
      #expect(text.contains("cairn_refusals_total{door=\"otlp-http\",reason=\"unavailable\"} 1"))
      #expect(text.contains("cairn_ingest_received_bytes_total{door=\"otlp-http\"} 2"))
      let figures = try await client.ask("GET", "/api/cairn/server")["figures"]?.array ?? []
      #expect(figures.contains { $0["name"]?.string == "cairn_connections_open" })
      #expect(figures.contains { $0["name"]?.string == "process_resident_memory_bytes" })
    }
  }

  @Test func theLogNamesWhatIsWrongOnce() {
    let lines = Mutex<[String]>([])
    let watch = StateWatch(logger: Logger(label: "test") { _ in Recorder { line in lines.withLock { $0.append(line) } } })
    var status = StoreStatus()
    watch.look(at: status)
    status.ingestState = "refusing"
    status.ingestReason = "the disk is nearly full: 12 MiB are free"
    watch.look(at: status)
    status.ingestReason = "the disk is nearly full: 11 MiB are free"
    status.quarantined = [.init(file: "segments/1", offset: 7, rowCount: 3, reason: "a block does not match its sum")]
    watch.look(at: status)
    watch.look(at: status)
    status.ingestState = "accepting"
    status.ingestReason = nil
    watch.look(at: status)
    #expect(
      lines.withLock { $0 } == [
        "ingest is refusing: the disk is nearly full: 12 MiB are free",
        "damaged: segments/1 at byte 7, 3 rows: a block does not match its sum", "ingest goes on",
      ])
  }
}

/// Hands each line of the log to a closure.
private struct Recorder: LogHandler {
  let record: @Sendable (String) -> Void
  var logLevel = Logger.Level.trace
  var metadata = Logger.Metadata()

  init(_ record: @escaping @Sendable (String) -> Void) { self.record = record }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { record("\(event.message)") }
}
