// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCatalog
import CairnFormats
import CairnPlan
import CairnXRay
import NIOHTTP1

/// The X-Ray document that a span belongs to, for the trace page: as it was sent, or as BatchGetTraces makes it of spans.
struct DocumentAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    [
      Route(.GET, "/api/cairn/traces/:id/spans/:span/document", .key(.query), .cairn) { (exchange) async throws(Refusal) in
        try await document(exchange)
      }
    ]
  }

  private func document(_ exchange: Exchange) async throws(Refusal) -> Response {
    guard let id = TraceID(exchange.parameters["id"]), let span = parseHex(Array(exchange.parameters["span"].utf8)[...]) else {
      throw Refusal(.notFound, "This is no id of a trace and a span in it.")
    }
    let store = state.store
    let environment = exchange.environment
    let answer = try await state.desk.ask { () async throws(QueryError) in try await store.trace(id, environment: environment) }
    let trace = SegmentTrace(traceID: id, events: answer.events)
    guard let place = trace.places[span] else { throw Refusal(.notFound, "The trace \(id.hex) has no span '\(hexText(span))'.") }
    let owner = hexText(trace.documents[trace.segment(of: place) ?? place].id)
    let documents = TraceDocuments(trace).documents
    guard let found = documents.first(where: { $0.id == owner }) ?? documents.first(where: { $0.id == hexText(span) }) else {
      throw Refusal(.notFound, "The span belongs to no document: the segment that it was a part of never came.")
    }
    let wasSent = trace.places[parseHex(Array(found.id.utf8)[...]) ?? 0].map { trace.documents[$0].original == found.text } ?? false
    return jsonResponse(reserving: 4096) { (writer) in
      writer.member("id", found.id)
      writer.member("as_sent", wasSent)
      writer.member("document", found.text)
    }
  }
}
