// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCatalog
import CairnFormats
import CairnPlan
import CairnXRay

/// The operations that give whole traces back: BatchGetTraces, and the retrieval of traces in several calls.
struct TraceOperations: Sendable {
  let state: ServerState
  /// Traces of a page of BatchGetTraces.
  private static let pageCount = 50
  private static let idsMax = 1_000

  var routes: [Route] {
    [
      Route.xray("/Traces", .query) { (call) async throws(Refusal) in try await batchGetTraces(call) },
      Route.xray("/StartTraceRetrieval", .query) { (call) async throws(Refusal) in try start(call) },
      Route.xray("/ListRetrievedTraces", .query) { (call) async throws(Refusal) in try await list(call) },
      Route.xray("/GetRetrievedTracesGraph", .query) { (call) async throws(Refusal) in try await graph(call) },
      Route.xray("/CancelTraceRetrieval", .query) { (call) async throws(Refusal) in try cancel(call) },
    ]
  }

  // MARK: BatchGetTraces

  private func batchGetTraces(_ call: XRayCall) async throws(Refusal) -> Response {
    let ids = try ids(call)
    guard ids.count <= Self.idsMax else {
      throw XRayCall.constraint("'\(ids.count) ids'", "TraceIds", "Member must have length less than or equal to \(Self.idsMax)")
    }
    let start = min(try call.place(), ids.count)
    let page = ids[start...].prefix(Self.pageCount)
    let traces = try await written(page.map(\.id), call.environment)
    let found = Set(traces.map(\.id))
    return XRayCall.answer(reserving: traces.reduce(1_024) { $0 + $1.text.count }) { (writer) in
      writer.array("Traces", traces) { (trace, writer) in writer.raw(trace.text) }
      writer.member("UnprocessedTraceIds", page.filter { !found.contains($0.id) }.map(\.text))
      if page.endIndex < ids.count { writer.member("NextToken", String(page.endIndex)) }
    }
  }

  /// The ids of a call, each once, in order.
  private func ids(_ call: XRayCall) throws(Refusal) -> [(text: String, id: TraceID)] {
    var seen = Set<TraceID>()
    var ids: [(text: String, id: TraceID)] = []
    for value in try call.requiredList("TraceIds") {
      guard let text = value.string, text.utf8.count > 16, let id = TraceID(text) else {
        throw Refusal(aws: "InvalidRequestException", "Invalid trace id: \(value.string?.prefix(100) ?? "null")")
      }
      if seen.insert(id).inserted { ids.append((text, id)) }
    }
    return ids
  }

  /// A trace as BatchGetTraces gives it, in JSON.
  private struct Written: Sendable {
    var id: TraceID
    var text: [UInt8]

    init(_ trace: TraceDocuments) {
      id = trace.traceID
      var writer = JSONWriter(reserving: trace.documents.reduce(1_024) { $0 + $1.text.utf8.count * 5 / 4 })
      writer.object { (writer) in
        writer.member("Id", trace.traceID.xrayText)
        writer.member("Duration", trace.durationSeconds)
        writer.member("LimitExceeded", false)
        writer.array("Segments", trace.documents) { (document, writer) in
          writer.object { (writer) in
            writer.member("Id", document.id)
            writer.member("Document", document.text)
          }
        }
      }
      text = writer.finish()
    }
  }

  /// The traces that are there, in the order of the ids: two halves at once, as most of the time goes into documents.
  private func written(_ ids: [TraceID], _ environment: String) async throws(Refusal) -> [Written] {
    try await state.desk.ask { () async throws(QueryError) in
      async let first = half(ids[..<(ids.count / 2)], environment)
      let second = await half(ids[(ids.count / 2)...], environment)
      return try await first.get() + second.get()
    }
  }

  private func half(_ ids: ArraySlice<TraceID>, _ environment: String) async -> Result<[Written], QueryError> {
    guard !ids.isEmpty else { return .success([]) }
    do throws(QueryError) {
      let answers = try await state.store.traces(ids: Array(ids), environment: environment)
      let traces = answers.map { SegmentTrace(traceID: $0.traceID, events: $0.events) }
      return .success(traces.filter { !$0.documents.isEmpty }.map { Written(TraceDocuments($0)) })
    } catch {
      return .failure(error)
    }
  }

  private func traces(_ ids: [TraceID], _ environment: String) async throws(Refusal) -> [SegmentTrace] {
    let store = state.store
    let answers = try await state.desk.ask { () async throws(QueryError) in
      try await store.traces(ids: ids, environment: environment)
    }
    return answers.map { SegmentTrace(traceID: $0.traceID, events: $0.events) }.filter { !$0.documents.isEmpty }
  }

  // MARK: Retrieval

  private func start(_ call: XRayCall) throws(Refusal) -> Response {
    let ids = try ids(call)
    guard !ids.isEmpty else { throw Refusal(aws: "InvalidRequestException", "TraceIds names no trace.") }
    let start = try call.time("StartTime")
    let end = try call.time("EndTime")
    guard start <= end else { throw Refusal(aws: "InvalidRequestException", "StartTime must not be later than EndTime.") }
    // Both ends are inside.
    let time = TimeRange(startUnixNanoseconds: start, endUnixNanoseconds: end + 1)
    let token = state.retrievals.add(ids.map(\.id), time, environment: call.environment)
    return XRayCall.answer { $0.member("RetrievalToken", token) }
  }

  /// One span of a page.
  private struct Part {
    var trace: Int
    var id: String
    var document: String
  }

  private func list(_ call: XRayCall) async throws(Refusal) -> Response {
    let retrieval = try retrieval(call)
    let format = call.text("TraceFormat") ?? "XRAY"
    guard format == "XRAY" || format == "OTEL" else {
      throw XRayCall.constraint("'\(format)'", "TraceFormat", "Member must satisfy enum value set: [XRAY, OTEL]")
    }
    guard !retrieval.isCancelled else {
      return XRayCall.answer { (writer) in
        writer.member("RetrievalStatus", "CANCELLED")
        writer.member("TraceFormat", format)
        writer.array("Traces", [Part]()) { _, _ in }
      }
    }
    let traces = try await traces(retrieval.ids, call.environment).filter { (trace) in
      trace.documents.contains { retrieval.time.contains($0.startUnixNanoseconds) }
    }
    let documents = traces.map { TraceDocuments($0) }
    let parts = format == "XRAY" ? xrayParts(documents) : otelParts(traces)
    let page = Self.page(parts, from: try call.place())
    return XRayCall.answer { (writer) in
      writer.member("RetrievalStatus", "COMPLETE")
      writer.member("TraceFormat", format)
      let places = Array(Set(page.map(\.trace))).sorted()
      writer.array("Traces", places) { (place, writer) in
        writer.object { (writer) in
          writer.member("Id", documents[place].traceID.xrayText)
          writer.member("Duration", documents[place].durationSeconds)
          writer.array("Spans", page.filter { $0.trace == place }) { (part, writer) in
            writer.object { (writer) in
              writer.member("Id", part.id)
              writer.member("Document", part.document)
            }
          }
        }
      }
      if page.endIndex < parts.count { writer.member("NextToken", String(page.endIndex)) }
    }
  }

  /// At most five traces and of each at most a hundred spans.
  private static func page(_ parts: [Part], from start: Int) -> ArraySlice<Part> {
    let start = min(start, parts.count)
    var end = start
    var counts: [Int: Int] = [:]
    while end < parts.count {
      let trace = parts[end].trace
      guard counts[trace] != nil || counts.count < 5, counts[trace, default: 0] < 100 else { break }
      counts[trace, default: 0] += 1
      end += 1
    }
    return parts[start..<end]
  }

  private func xrayParts(_ traces: [TraceDocuments]) -> [Part] {
    traces.enumerated().flatMap { (place, trace) in
      trace.documents.map { Part(trace: place, id: $0.id, document: $0.text) }
    }
  }

  private func otelParts(_ traces: [SegmentTrace]) -> [Part] {
    traces.enumerated().flatMap { (place, trace) in
      trace.documents.map { Part(trace: place, id: hexText($0.id), document: $0.openTelemetryText) }
    }
  }

  private func graph(_ call: XRayCall) async throws(Refusal) -> Response {
    try call.refuseToken()
    let retrieval = try retrieval(call)
    var services: [JSONValue] = []
    if !retrieval.isCancelled {
      let plan = ServiceGraphPlan(
        environment: call.environment, time: retrieval.time, condition: TraceCondition(traces: retrieval.ids), rules: .xray)
      let store = state.store
      let graph = try await state.desk.ask { () async throws(QueryError) in try await store.serviceGraph(plan) }
      let accounts = try await ServiceAccounts.find(state, call.environment, retrieval.time, traces: retrieval.ids)
      var writer = JSONWriter()
      ServiceGraphJSON(graph, accounts: accounts).write(&writer)
      services = (try? JSONValue(parsing: writer.finish()).array) ?? []
    }
    let found = services
    return XRayCall.answer { (writer) in
      writer.member("RetrievalStatus", retrieval.isCancelled ? "CANCELLED" : "COMPLETE")
      writer.array("Services", found) { (service, writer) in
        writer.object { (writer) in
          writer.member("Service", service)
          writer.array("Links", [JSONValue]()) { _, _ in }
        }
      }
    }
  }

  private func cancel(_ call: XRayCall) throws(Refusal) -> Response {
    _ = try retrieval(call)
    state.retrievals.cancel(try call.requiredText("RetrievalToken"))
    return XRayCall.answer { _ in }
  }

  private func retrieval(_ call: XRayCall) throws(Refusal) -> RetrievalShelf.Retrieval {
    let token = try call.requiredText("RetrievalToken")
    guard let found = state.retrievals[token], found.environment == call.environment else {
      throw Refusal(aws: "ResourceNotFoundException", "No retrieval has this token.", kind: .notFound)
    }
    return found
  }
}
