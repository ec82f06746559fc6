// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnColumns
import CairnFormats
import CairnPlan
import NIOCore
import NIOHTTP1

/// Events as they come, as server-sent events.
///
/// A feed of the store (see `EventFeed`) hands over what requests brought once they are acknowledged; the events that match are sent,
/// oldest first, each once. A client that takes them slower than they come gets a count of what it missed instead. With `last`, the
/// newest events that there are already come first.
struct TailAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    [Route(.GET, "/api/cairn/tail", .key(.query), .cairn) { (exchange) async throws(Refusal) in try tail(exchange) }]
  }

  private func tail(_ exchange: Exchange) throws(Refusal) -> Response {
    let question = Question(exchange, nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
    var filter = try question.filter()
    if question.query["signal"] == "log" {
      filter = .all([.compare(column: FieldName.signalType, .equal, .string("log")), filter])
    }
    let plan = EventsPlan(
      scope: Scope(environment: exchange.environment, datasets: question.datasets, time: .everything), filter: filter)
    let lastCount = try question.count("last", otherwise: 0, 0...Self.batchMax)
    let headers: HTTPHeaders = ["content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"]
    let state = state
    return Response(
      headers: headers,
      body: .stream { writer in
        let feed = state.store.follow(plan)
        defer { feed.close() }
        try await writer.write(ByteBuffer(string: ": connected\n\n"))
        try await follow(feed, after: lastCount > 0 ? begin(feed, lastCount, writer) : [], writer)
      })
  }

  private static let batchMax = 500
  private static let pause = Duration.milliseconds(200)
  private static let silenceMax = Duration.seconds(15)

  /// Sends the newest events that there are already, and returns them: what came since the feed was opened is among them and in the feed.
  private func begin(_ feed: EventFeed, _ count: Int, _ writer: StreamWriter) async throws -> Set<Event> {
    var plan = feed.plan
    plan.limit = count
    let store = state.store
    let last = plan
    let answer = try await state.desk.ask { () async throws(QueryError) in try await store.events(last) }
    let events = answer.events
    if !events.isEmpty { try await writer.write(text(events)) }
    return Set(events)
  }

  private func follow(_ feed: EventFeed, after sent: Set<Event>, _ writer: StreamWriter) async throws {
    var sent = sent
    var lastWrite = ContinuousClock.now
    while !Task.isCancelled, !state.isDraining {
      if feed.hasEvents {
        let store = state.store
        let answer = try await state.desk.ask { () async throws(QueryError) in
          try await store.read(feed, limit: Self.batchMax)
        }
        let fresh = sent.isEmpty ? answer.events.events : answer.events.events.filter { !sent.contains($0) }
        sent = []
        if !fresh.isEmpty || answer.missedCount > 0 {
          try await writer.write(text(fresh, missedCount: answer.missedCount))
          lastWrite = .now
        }
      } else if ContinuousClock.now - lastWrite > Self.silenceMax {
        try await writer.write(ByteBuffer(string: ": still here\n\n"))
        lastWrite = .now
      }
      try await Task.sleep(for: Self.pause)
    }
  }

  private func text(_ newestFirst: [Event], missedCount: Int = 0) -> ByteBuffer {
    var buffer = ByteBuffer()
    if missedCount > 0 { buffer.writeString("event: skipped\ndata: {\"events\": \(missedCount)}\n\n") }
    for event in newestFirst.reversed() {
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
