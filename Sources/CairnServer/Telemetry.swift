// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Cairn's own figures, as Prometheus reads them (text format 0.0.4).
///
/// Bounded: the label values are the server's own (routes, statuses), never a client's.
final class Telemetry: Sendable {
  private struct RequestKey: Hashable {
    var route: String
    var status: Int
  }
  private struct Histogram {
    var counts = [Int](repeating: 0, count: Telemetry.boundsSeconds.count + 1)
    var sumSeconds = 0.0

    mutating func add(_ seconds: Double) {
      counts[Telemetry.boundsSeconds.firstIndex { seconds <= $0 } ?? Telemetry.boundsSeconds.count] += 1
      sumSeconds += seconds
    }
  }
  private struct State {
    var requests: [RequestKey: Int] = [:]
    var queries = Histogram()
  }
  private let state = Mutex(State())
  static let boundsSeconds = [0.005, 0.025, 0.1, 0.25, 1, 2.5, 10]

  func request(route: String, status: Int) {
    state.withLock { $0.requests[RequestKey(route: route, status: status), default: 0] += 1 }
  }

  func query(seconds: Double) { state.withLock { $0.queries.add(seconds) } }

  /// Everything as text: these figures, the doors', and what the store says of itself.
  func text(_ ledger: DoorLedger.Snapshot, store: StoreStatus, heldBytes: Int) -> String {
    let (requests, queries) = state.withLock { ($0.requests, $0.queries) }
    var page = MetricsPage()
    page.family("cairn_requests_total", "counter", "Requests by route and status.")
    for (key, count) in requests.sorted(by: { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }) {
      page.sample("cairn_requests_total", [("route", key.route), ("status", String(key.status))], Double(count))
    }
    page.family("cairn_ingest_requests_total", "counter", "Accepted requests by door and signal.")
    let arrivals = ledger.arrivals.sorted {
      ($0.key.door.rawValue, $0.key.signal.rawValue) < ($1.key.door.rawValue, $1.key.signal.rawValue)
    }
    for (source, value) in arrivals { page.sample("cairn_ingest_requests_total", labels(source), Double(value.requestCount)) }
    page.family("cairn_ingest_events_total", "counter", "Accepted events by door and signal.")
    for (source, value) in arrivals { page.sample("cairn_ingest_events_total", labels(source), Double(value.eventCount)) }
    page.family("cairn_ingest_rejected_items_total", "counter", "Items left out of accepted requests, by door and signal.")
    for (source, value) in arrivals {
      page.sample("cairn_ingest_rejected_items_total", labels(source), Double(value.rejectedItemCount))
    }
    page.family("cairn_query_duration_seconds", "histogram", "Time of queries.")
    var sum = 0
    for (index, count) in queries.counts.enumerated() {
      sum += count
      let bound = index < Self.boundsSeconds.count ? String(Self.boundsSeconds[index]) : "+Inf"
      page.sample("cairn_query_duration_seconds_bucket", [("le", bound)], Double(sum))
    }
    page.sample("cairn_query_duration_seconds_sum", [], queries.sumSeconds)
    page.sample("cairn_query_duration_seconds_count", [], Double(sum))
    storeFigures(store, heldBytes, &page)
    return page.text
  }

  private func storeFigures(_ store: StoreStatus, _ heldBytes: Int, _ page: inout MetricsPage) {
    let gauges: [(String, String, Double)] = [
      ("cairn_events", "Events kept.", Double(store.eventCount)),
      ("cairn_head_events", "Events not yet in a segment.", Double(store.headEventCount)),
      ("cairn_segments", "Segments on disk.", Double(store.segmentCount)),
      ("cairn_disk_bytes", "Bytes on disk.", Double(store.diskBytes)),
      ("cairn_memory_bytes", "Bytes that the store holds in memory.", Double(store.memoryBytes)),
      ("cairn_quarantined_ranges", "Damaged ranges kept out of answers.", Double(store.quarantined.count)),
      ("cairn_ingest_accepting", "1 while events are taken, else 0.", store.ingestState == "accepting" ? 1 : 0),
      ("cairn_held_request_bytes", "Bytes of request bodies in memory.", Double(heldBytes)),
    ]
    for (name, help, value) in gauges {
      page.family(name, "gauge", help)
      page.sample(name, [], value)
    }
    for (name, value) in store.figures.sorted(by: { $0.key < $1.key }) {
      page.family("cairn_store_\(name)", "untyped", "Of the store.")
      page.sample("cairn_store_\(name)", [], value)
    }
  }

  private func labels(_ source: DoorSignal) -> [(String, String)] {
    [("door", source.door.rawValue), ("signal", source.signal.rawValue)]
  }
}

/// The lines of a metrics page.
private struct MetricsPage {
  var text = ""

  mutating func family(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
    let inside = labels.map { "\($0.0)=\"\(escaped($0.1))\"" }.joined(separator: ",")
    let number = value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    text += inside.isEmpty ? "\(name) \(number)\n" : "\(name){\(inside)} \(number)\n"
  }

  private func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.append(character)
      }
    }
    return result
  }
}
