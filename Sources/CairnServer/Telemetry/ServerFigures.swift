// SPDX-License-Identifier: Apache-2.0

/// All of Cairn's own figures at one moment, for `/metrics` and for the page of the server.
struct ServerFigures {
  let state: ServerState

  var all: [Figure] { doors + wire + questions + store + ProcessFigures.all(startedUnixMicroseconds: state.startedUnixMicroseconds) }

  // MARK: The way in

  private var doors: [Figure] {
    let counts = state.telemetry.counts
    let arrivals = state.ledger.snapshot(for: .operators).arrivals.sorted {
      ($0.key.door.rawValue, $0.key.signal.rawValue) < ($1.key.door.rawValue, $1.key.signal.rawValue)
    }
    let samples = { (value: (DoorLedger.Arrivals) -> Int) in
      arrivals.map { (source, arrivals) in
        let labels = [Figure.Label("door", source.door.rawValue), Figure.Label("signal", source.signal.rawValue)]
        return Figure.Sample(labels: labels, value: Double(value(arrivals)))
      }
    }
    let refusals = counts.refusals.sorted { ($0.key.door, $0.key.reason) < ($1.key.door, $1.key.reason) }
    let received = counts.receivedBytes.sorted { $0.key < $1.key }
    return [
      Figure("cairn_ingest_requests_total", "Accepted requests by door and signal.", .counter, samples: samples(\.requestCount)),
      Figure("cairn_ingest_events_total", "Accepted events by door and signal.", .counter, samples: samples(\.eventCount)),
      Figure(
        "cairn_ingest_rejected_items_total", "Items left out of accepted requests, by door and signal.", .counter,
        samples: samples(\.rejectedItemCount)),
      Figure(
        "cairn_ingest_received_bytes_total", "Bytes of bodies as they were sent, by door.", .counter,
        samples: received.map { Figure.Sample(labels: [Figure.Label("door", $0.key)], value: Double($0.value)) }),
      Figure("cairn_ingest_duration_seconds", "From the last byte of a body to its answer, the sync included.", counts.ingests),
      Figure(
        "cairn_refusals_total", "Requests that were not served, by door and kind of reason.", .counter,
        samples: refusals.map { (key, count) in
          Figure.Sample(labels: [Figure.Label("door", key.door), Figure.Label("reason", key.reason)], value: Double(count))
        }),
    ]
  }

  // MARK: The wire

  private var wire: [Figure] {
    let connections = state.connections.figures
    let requests = state.telemetry.counts.requests.sorted { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }
    return [
      Figure(
        "cairn_requests_total", "Requests by route and status.", .counter,
        samples: requests.map { (key, count) in
          Figure.Sample(labels: [Figure.Label("route", key.route), Figure.Label("status", String(key.status))], value: Double(count))
        }),
      Figure("cairn_connections_open", "Connections that are open.", .gauge, Double(connections.openCount)),
      Figure("cairn_connections_max", "Connections that may be open.", .gauge, Double(state.connections.limit)),
      Figure("cairn_connections_accepted_total", "Connections that were taken.", .counter, Double(connections.acceptedCount)),
      Figure("cairn_connections_displaced_total", "Idle connections closed to make room.", .counter, Double(connections.displacedCount)),
      Figure("cairn_connections_refused_total", "Connections closed because all others were busy.", .counter, Double(connections.refusedCount)),
      Figure("cairn_held_request_bytes", "Bytes of request bodies in memory.", .gauge, Double(state.held.current)),
    ]
  }

  // MARK: The way out

  private var questions: [Figure] {
    let counts = state.desk.counts
    return [
      Figure("cairn_query_duration_seconds", "Time of queries.", state.telemetry.counts.queries),
      Figure("cairn_queries_running", "Queries that run.", .gauge, Double(counts.running)),
      Figure("cairn_queries_waiting", "Queries that wait for their turn.", .gauge, Double(counts.waiting)),
      Figure(
        "cairn_query_result_bytes", "Bytes of query results that are kept for whoever asked, packed, by door.", .gauge,
        samples: [("honeycomb", state.results.heldByteCount), ("cloudwatch", state.insights.heldByteCount), ("rollbar", state.queryJobs.heldByteCount)].map {
          Figure.Sample(labels: [Figure.Label("door", $0.0)], value: Double($0.1))
        }),
    ]
  }

  // MARK: The store

  private var store: [Figure] {
    let store = state.parts.status()
    let gauges: [(String, String, Double)] = [
      ("cairn_events", "Events kept.", Double(store.eventCount)),
      ("cairn_head_events", "Events not yet in a segment.", Double(store.headEventCount)),
      ("cairn_segments", "Segments on disk.", Double(store.segmentCount)),
      ("cairn_segment_bytes", "Bytes of segments on disk.", Double(store.diskBytes)),
      ("cairn_memory_bytes", "Bytes that the store holds in memory.", Double(store.memoryBytes)),
      ("cairn_quarantined_ranges", "Damaged ranges kept out of answers.", Double(store.quarantined.count)),
      ("cairn_ingest_accepting", "1 while events are taken, else 0.", store.ingestState == "refusing" ? 0 : 1),
    ]
    let refused = store.refusedCounts.sorted { $0.key < $1.key }
    var figures = gauges.map { Figure($0.0, $0.1, .gauge, $0.2) }
    figures.append(
      Figure(
        "cairn_store_refusals_total", "Good requests that the store could not take, by cause.", .counter,
        samples: refused.map { Figure.Sample(labels: [Figure.Label("cause", $0.key)], value: Double($0.value)) }))
    figures += store.gauges.map { Figure("cairn_" + $0.name, $0.help, .gauge, $0.value) }
    figures += store.counters.map { Figure("cairn_" + $0.name, $0.help, .counter, $0.value) }
    figures += store.durations.map { Figure("cairn_" + $0.name, $0.help, $0.value) }
    return figures
  }
}
