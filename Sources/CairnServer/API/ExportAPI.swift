// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnColumns
import CairnFormats
import CairnPlan
import NIOCore
import NIOHTTP1

/// All events of a time as lines of JSON, oldest first: the way out for whoever wants to keep or move them.
///
/// A line is an element of Honeycomb's batches with the dataset beside it, so `POST /1/batch/{dataset}` takes it as it is. The first page is
/// read before the answer begins, so that a wrong question is refused; where a later one fails, the connection is cut.
struct ExportAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    [Route(.GET, "/api/cairn/export", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await export(exchange) }]
  }

  /// Events read at once; long ones are read fewer at a time.
  private static let pageCountMax = 2_000
  private static let pageCountMin = 100
  private static let partByteCount = 1 << 20

  private func export(_ exchange: Exchange) async throws(Refusal) -> Response {
    let question = Question(exchange, nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
    let isTimed = ["start", "end", "range"].contains { question.query[$0] != nil }
    let scope = Scope(environment: exchange.environment, datasets: question.datasets, time: isTimed ? try question.time() : .everything)
    var plan = EventsPlan(scope: scope, filter: try question.filter(), direction: .oldestFirst, limit: Self.pageCountMax)
    let first = try await page(&plan)
    let rest = plan
    let headers: HTTPHeaders = ["content-type": "application/x-ndjson", "cache-control": "no-store", "x-content-type-options": "nosniff"]
    return Response(
      headers: headers,
      body: .stream { writer in
        do { try await write(first, rest, to: writer) } catch is CancellationError { throw Refusal(.unavailable, "Cairn is shutting down") }
      })
  }

  private func write(_ first: EventsAnswer, _ rest: EventsPlan, to writer: StreamWriter) async throws {
    var (plan, hasMore, lines) = (rest, first.hasMore, Self.lines(first.events))
    while true {
      // Whoever reads slowly holds a page of text, and no page of events beside it.
      while let part = lines.readSlice(length: min(lines.readableBytes, Self.partByteCount)), part.readableBytes > 0 { try await writer.write(part) }
      guard hasMore else { return }
      if state.isDraining { throw Refusal(.unavailable, "Cairn is shutting down") }
      let answer = try await page(&plan)
      (hasMore, lines) = (answer.hasMore, Self.lines(answer.events))
    }
  }

  /// The next page, after which the plan is for the one behind it.
  private func page(_ plan: inout EventsPlan) async throws(Refusal) -> EventsAnswer {
    while true {
      let (asked, store) = (plan, state.store)
      do throws(Refusal) {
        let answer = try await state.desk.ask { () async throws(QueryError) in try await store.events(asked) }
        plan.after = answer.cursor ?? plan.after
        return answer
      } catch {
        guard error.kind == .overBudget, plan.limit > Self.pageCountMin else { throw error }
        plan.limit = max(Self.pageCountMin, plan.limit / 4)
      }
    }
  }

  private static func lines(_ events: [Event]) -> ByteBuffer {
    var buffer = ByteBuffer()
    for event in events {
      var writer = JSONWriter(reserving: 512)
      writer.object { writer in
        writer.member("time", RFC3339.text(unixNanoseconds: event.timeUnixNanoseconds))
        writer.member("dataset", event.dataset)
        if case .integer(let rate)? = event[FieldName.sampleRate], rate > 1 { writer.member("samplerate", rate) }
        writer.object("data") { writer in
          for field in event.fields where field.name != FieldName.sampleRate && !FieldName.isInternal(field.name) {
            writer.member(field.name, field: field.value)
          }
        }
      }
      buffer.writeBytes(writer.finish())
      buffer.writeString("\n")
    }
    return buffer
  }
}
