// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan
internal import CairnQuery
internal import CairnXRay

extension EmbeddedStore {
  /// Of more documents in progress, the older ones count beside their complete form.
  private static let inProgressCountMax = 10_000

  /// The plan without the documents in progress that came complete since: each counts once, by what it says last.
  ///
  /// Costs nothing where no document in progress is there; else two readings of the scope's ids.
  func withoutSuperseded(_ plan: Plan, _ pieces: [any Piece]) async throws(QueryError) -> Plan {
    guard pieces.contains(where: Self.hasInProgress) else { return plan }
    let isInProgress = Filter.exists(column: SegmentField.inProgress)
    let running = try await ids(plan.scope, isInProgress, pieces)
    guard !running.isEmpty else { return plan }
    let spans = Set(running.map(\.span)).sorted().map { FieldValue.string($0) }
    let complete = Set(try await ids(plan.scope, .all([.not(isInProgress), .oneOf(column: FieldName.spanID, spans)]), pieces))
    let superseded = Set(running).intersection(complete)
    guard !superseded.isEmpty else { return plan }
    // A span id is one of its trace: where another trace has it too, and it still runs there, the trace is asked as well.
    let stillRunning = Set(Set(running).subtracting(superseded).map(\.span))
    let alone = superseded.filter { !stillRunning.contains($0.span) }.map { FieldValue.string($0.span) }
    let shared = superseded.filter { stillRunning.contains($0.span) }.map { (id) -> Filter in
      .all([.compare(column: FieldName.spanID, .equal, .string(id.span)), .compare(column: FieldName.traceID, .equal, .string(id.trace))])
    }
    var plan = plan
    plan.filter = .all([plan.filter, .not(.all([isInProgress, .any([.oneOf(column: FieldName.spanID, alone)] + shared)]))])
    return plan
  }

  private struct DocumentID: Hashable {
    var trace: String
    var span: String
  }

  private static func hasInProgress(_ piece: any Piece) -> Bool {
    piece.columns.contains { $0.key.name == SegmentField.inProgress && $0.presentCount > 0 }
  }

  private func ids(_ scope: Scope, _ filter: Filter, _ pieces: [any Piece]) async throws(QueryError) -> [DocumentID] {
    let columns = [FieldName.traceID, FieldName.spanID]
    let page = try await engine.events(
      EventsPlan(scope: scope, filter: filter, columns: columns, limit: Self.inProgressCountMax), pieces: pieces)
    return zip(page.columns[0].values, page.columns[1].values).compactMap { (trace, span) in
      guard let trace, let span else { return nil }
      return DocumentID(trace: trace.text, span: span.text)
    }
  }
}
