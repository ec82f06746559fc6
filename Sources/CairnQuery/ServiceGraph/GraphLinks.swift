// SPDX-License-Identifier: Apache-2.0
internal import CairnPlan

/// A span's link to one of another trace, as it was read.
struct GraphLink: Sendable {
  /// The code of the trace, and the span, that has the link.
  var trace: UInt32
  var span: UInt64
  /// A code of the domain of linked traces.
  var linkedTrace: UInt32
  var linkedSpan: UInt64
}

/// What the spans of a question name by links: who sent the messages, or did the work, that they go on with.
struct GraphLinks: Sendable {
  struct Sender: Sendable {
    /// The span that has the link.
    var span: UInt64
    /// A queue, or where the sender names none the sender's service.
    var node: UInt32
    var isQueue: Bool
    var end: Int64
  }
  /// By code of the trace that has the links.
  private var byTrace: [UInt32: [Sender]] = [:]

  var isEmpty: Bool { byTrace.isEmpty }

  subscript(_ trace: UInt32) -> [Sender] { byTrace[trace] ?? [] }

  /// Finds the linked spans among the rows of all tasks. O(rows), but only where anything has links.
  init(_ readers: [GraphReader], _ source: GraphSource, _ names: GraphIdentities, _ watch: QueryWatch) throws(QueryError) {
    var wanted: [UInt64: [GraphLink]] = [:]
    for link in readers.lazy.flatMap(\.links) { wanted[link.linkedSpan, default: []].append(link) }
    guard !wanted.isEmpty else { return }
    for (task, reader) in readers.enumerated() {
      for share in reader.found.shares {
        try watch.check()
        for row in share where row.flags & GraphRow.partial == 0 {
          guard let links = wanted[row.span] else { continue }
          let trace = source.traces.value(.code(row.trace))
          for link in links where link.trace != row.trace && source.linkedTraces.value(.code(link.linkedTrace)) == trace {
            let callee = row.has(GraphRow.queued) ? names.callees[task][Int(row.callee)] : 0
            byTrace[link.trace, default: []].append(
              Sender(span: link.span, node: callee != 0 ? callee : names.services[task][Int(row.node)], isQueue: callee != 0, end: row.end))
          }
        }
      }
    }
  }
}
