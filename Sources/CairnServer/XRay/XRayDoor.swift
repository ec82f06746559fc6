// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCatalog
import CairnColumns
import CairnFormats
import CairnPlan
import CairnXRay
import NIOCore

/// The way in by X-Ray's API: PutTraceSegments and PutTelemetryRecords.
///
/// The documents are journaled in the form that the daemon's datagrams take too (`SegmentBody`); a document alone can fail, never the call.
struct XRayDoor: Sendable {
  let state: ServerState

  var routes: [Route] {
    var segments = Route.xray("/TraceSegments", .ingest) { (call) async throws(Refusal) in try await putTraceSegments(call) }
    segments.door = DoorSignal(.xrayAPI, .traces)
    segments.bodyBytesMax = state.limits.bodyBytesMax
    var telemetry = Route.xray("/TelemetryRecords", .ingest) { (call) async throws(Refusal) in try putTelemetryRecords(call) }
    telemetry.bodyBytesMax = 1 << 20
    return [segments, telemetry]
  }

  private func putTraceSegments(_ call: XRayCall) async throws(Refusal) -> Response {
    let list = try call.requiredList("TraceSegmentDocuments")
    let documents = list.map { Array(($0.string ?? "").utf8) }
    var refusals: [RefusedDocument] = []
    if !documents.isEmpty {
      do {
        refusals = try await store(documents, call)
      } catch {
        // One document may have more names than a head has columns for: each gets its chance by itself.
        guard documents.count > 1, case .malformed = error else { throw Refusal(error) }
        refusals = try await storeSingly(documents, call)
      }
    }
    return XRayCall.answer { (writer) in
      writer.array("UnprocessedTraceSegments", refusals) { (refused, writer) in
        writer.object { (writer) in
          if let id = refused.id { writer.member("Id", id) }
          writer.member("ErrorCode", refused.refusal.code.text)
          writer.member("Message", refused.refusal.message)
        }
      }
    }
  }

  /// Stores the documents in one body; the result is which of them were left out.
  private func store(_ documents: [[UInt8]], _ call: XRayCall) async throws(IngestError) -> [RefusedDocument] {
    var body = SegmentBody()
    let services = services(documents)
    for (index, document) in documents.enumerated() {
      let weight = call.environment == XRayDaemon.environment ? unsafe state.sampling.weight(document.span.bytes) : 1
      unsafe body.append(document.span.bytes, service: services[index], sampleRate: weight)
    }
    let header = RequestHeader(
      format: .xraySegments, encoding: .identity, environment: call.environment,
      receivedUnixNanoseconds: state.parts.clock.unixNanoseconds())
    let outcome = try unsafe state.store.accept(header, body: body.bytes.span.bytes)
    try await state.store.commit(outcome)
    state.ledger.accepted(
      DoorSignal(.xrayAPI, .traces), environment: call.environment, outcome, unixMicroseconds: header.receivedUnixNanoseconds / 1000)
    return outcome.rejectedCount > 0 ? unsafe segmentRefusals(body.bytes.span.bytes, IntakeContext.now(state)) : []
  }

  private func storeSingly(_ documents: [[UInt8]], _ call: XRayCall) async throws(Refusal) -> [RefusedDocument] {
    var refusals: [RefusedDocument] = []
    for document in documents {
      do throws(IngestError) {
        refusals += try await store([document], call)
      } catch {
        guard case .malformed = error else { throw Refusal(error) }
        let id = unsafe SegmentInspection(document.span.bytes, IntakeContext.now(state)).id
        refusals.append(RefusedDocument(index: refusals.count, id: id, refusal: .tooManyFields))
      }
    }
    return refusals
  }

  /// For subsegments that come alone: the name of a segment of the same trace in the same call.
  private func services(_ documents: [[UInt8]]) -> [String] {
    let isPlain = documents.count == 1
    if isPlain { return [""] }
    let context = IntakeContext.now(state)
    let inspections = documents.map { (document) in unsafe SegmentInspection(document.span.bytes, context) }
    guard inspections.contains(where: { !$0.isSegment }) else { return documents.map { _ in "" } }
    var names: [String: String] = [:]
    for found in inspections where found.isSegment {
      if let trace = found.traceID, let name = found.name { names[trace.hex] = name }
    }
    return inspections.map { (found) in found.traceID.flatMap { names[$0.hex] } ?? "" }
  }

  /// A daemon's own figures: kept for the page of doors.
  private func putTelemetryRecords(_ call: XRayCall) throws(Refusal) -> Response {
    let records = try call.requiredList("TelemetryRecords")
    for record in records where record["Timestamp"]?.number == nil {
      throw XRayCall.constraint("null", "TelemetryRecords.1.member.timestamp", "Member must not be null")
    }
    let lost = records.reduce(Int64(0)) { (sum, record) in
      sum &+ max(0, record["SegmentsSpilloverCount"]?.integer ?? 0) &+ max(0, record["SegmentsRejectedCount"]?.integer ?? 0)
    }
    if lost > 0 {
      state.ledger.rejected(
        .init(
          environment: call.environment, door: Door.xrayAPI.rawValue, method: "POST", path: "/TelemetryRecords", status: 200,
          reason: "a daemon reports that it lost segments (spillover or rejected)", client: call.text("Hostname") ?? "",
          lastUnixMicroseconds: state.nowUnixMicroseconds))
    }
    return XRayCall.answer { _ in }
  }
}

extension IntakeContext {
  /// What the store holds documents against now, as far as the server's settings tell.
  static func now(_ state: ServerState) -> IntakeContext {
    let now = state.parts.clock.unixNanoseconds()
    var context = IntakeContext(environment: "", receivedUnixNanoseconds: now)
    let days = [state.settings.retentionDays] + state.settings.retentionDaysByDataset.values
    if let longest = days.max(), !days.contains(where: { $0 <= 0 }), longest < 36_500 {
      context.earliestUnixNanoseconds = now - Int64(longest) * 86_400_000_000_000
    }
    context.latestUnixNanoseconds = now.addingReportingOverflow(2 * 86_400_000_000_000).partialValue
    return context
  }
}
