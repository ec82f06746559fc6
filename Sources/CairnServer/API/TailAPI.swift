// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnColumns
import CairnFormats
import CairnPlan
import NIOCore
import NIOHTTP1

/// Events as they come, as server-sent events.
///
/// The store is asked for the newest events of the last minute whenever a door took something; those not seen before are sent, oldest
/// first. A client that takes them slower than they come gets a count of what it missed instead.
struct TailAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    [Route(.GET, "/api/cairn/tail", .key(.query), .cairn) { (exchange) async throws(Refusal) in try tail(exchange) }]
  }

  private func tail(_ exchange: Exchange) throws(Refusal) -> Response {
    let question = Question(exchange, nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
    let filter = try question.filter()
    let datasets = question.datasets
    let headers: HTTPHeaders = ["content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"]
    let state = state
    let environment = exchange.environment
    return Response(
      headers: headers,
      body: .stream { writer in
        var follower = Follower(state: state, environment: environment, datasets: datasets, filter: filter)
        try await follower.run(writer)
      })
  }
}

/// One client's view of the stream.
private struct Follower {
  let state: ServerState
  let environment: String
  let datasets: DatasetScope
  let filter: Filter
  private var seen: Set<Int> = []
  private var lastArrivalCount = -1
  private var lastTotal = 0.0

  private static let windowNanoseconds: Int64 = 60_000_000_000
  private static let batchMax = 500
  private static let pause = Duration.milliseconds(300)
  private static let silenceMax = Duration.seconds(15)

  init(state: ServerState, environment: String, datasets: DatasetScope, filter: Filter) {
    self.state = state
    self.environment = environment
    self.datasets = datasets
    self.filter = filter
  }

  mutating func run(_ writer: StreamWriter) async throws {
    try await writer.write(ByteBuffer(string: ": connected\n\n"))
    let start = state.parts.clock.unixNanoseconds() - Self.windowNanoseconds
    _ = try await fresh(since: start)
    var lastWrite = ContinuousClock.now
    while !Task.isCancelled, !state.isDraining {
      let arrivals = state.ledger.arrivalCount
      if arrivals != lastArrivalCount {
        lastArrivalCount = arrivals
        let since = max(start, state.parts.clock.unixNanoseconds() - Self.windowNanoseconds)
        let (events, skipped) = try await fresh(since: since)
        if !events.isEmpty || skipped > 0 {
          try await writer.write(text(events, skipped: skipped))
          lastWrite = .now
        }
      } else if ContinuousClock.now - lastWrite > Self.silenceMax {
        try await writer.write(ByteBuffer(string: ": still here\n\n"))
        lastWrite = .now
      }
      try await Task.sleep(for: Self.pause)
    }
  }

  /// The events that came since the last look, oldest first, and how many more there were than could be fetched.
  private mutating func fresh(since: Int64) async throws -> (events: [Event], skipped: Int) {
    let scope = Scope(
      environment: environment, datasets: datasets, time: TimeRange(startUnixNanoseconds: since, endUnixNanoseconds: .max))
    let (store, filter) = (state.store, filter)
    let page = EventsPlan(scope: scope, filter: filter, limit: Self.batchMax)
    let answer = try await state.desk.ask { () async throws(QueryError) in try await store.events(page) }
    let newest = Array(answer.events.reversed())
    let marks = newest.map(\.hashValue)
    let events = zip(newest, marks).filter { !seen.contains($0.1) }.map(\.0)
    let isFull = newest.count == Self.batchMax && events.count == newest.count && !seen.isEmpty
    seen = Set(marks)
    guard isFull else { return (events, 0) }
    let plan = Plan(scope: scope, filter: filter)
    let total = try await state.desk.ask { () async throws(QueryError) in try await store.run(plan) }.totals.first??.number ?? 0
    defer { lastTotal = total }
    return (events, max(0, Int(total - lastTotal) - events.count))
  }

  private func text(_ events: [Event], skipped: Int) -> ByteBuffer {
    var buffer = ByteBuffer()
    if skipped > 0 { buffer.writeString("event: skipped\ndata: {\"events\": \(skipped)}\n\n") }
    for event in events {
      var writer = JSONWriter(reserving: 512)
      writer.beginObject()
      writer.member("us", event.timeUnixNanoseconds / 1000)
      writer.member("dataset", event.dataset)
      writer.fields(event)
      writer.endObject()
      buffer.writeString("data: ")
      buffer.writeBytes(writer.finish())
      buffer.writeString("\n\n")
    }
    return buffer
  }
}
