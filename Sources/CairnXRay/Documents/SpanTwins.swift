// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
public import CairnPlan

/// The events of a trace in which work that came through two doors, as a span and as an X-Ray document with the same id, is one event.
///
/// The one event has the span's fields and, beside them, those that only the document has; it failed where either says so. An exception
/// that both tell is one too. Documents in progress are left as they are. Decision 049. O(fields of all events) where a trace has
/// documents, else O(events).
public struct SpanTwins: Sendable {
  /// In the order in which they came.
  public private(set) var events: [Event]
  /// The ids of the spans that came through both doors.
  public private(set) var ids: Set<String> = []

  public init(_ events: [Event]) {
    self.events = events
    var documents: [String: Int] = [:]
    for index in events.indices where events[index][SegmentField.type] != nil && events[index][SegmentField.inProgress] == nil {
      if let id = events[index][FieldName.spanID]?.text { documents[id] = index }
    }
    guard !documents.isEmpty else { return }
    var joined: [Int: Event] = [:]
    for index in events.indices where Self.isSpan(events[index]) {
      guard let id = events[index][FieldName.spanID]?.text, let document = documents[id] else { continue }
      joined[index] = Self.joined(events[index], events[document])
      ids.insert(id)
    }
    guard !ids.isEmpty else { return }
    var dropped = joinExceptions(&joined)
    for (id, document) in documents where ids.contains(id) { dropped.insert(document) }
    self.events = events.indices.compactMap { dropped.contains($0) ? nil : joined[$0] ?? events[$0] }
  }

  /// A span, and no document, event, link or log record.
  private static func isSpan(_ event: Event) -> Bool {
    event[SegmentField.type] == nil && event[FieldName.annotationType] == nil && event[FieldName.signalType]?.text != "log"
      && (event[FieldName.durationMilliseconds] != nil || event[FieldName.invalidDuration] != nil)
  }

  private struct Raised: Hashable {
    var span: String
    var type: String?
    var message: String?
  }

  /// Joins what both doors say of one exception; the result are the rows that are told by another now.
  private func joinExceptions(_ joined: inout [Int: Event]) -> Set<Int> {
    var own: [Raised: [Int]] = [:]
    var told: [(Raised, Int)] = []
    for index in events.indices {
      let event = events[index]
      guard event[FieldName.annotationType]?.text == "span_event", event[FieldName.name]?.text == "exception",
        let span = event[FieldName.parentID]?.text, ids.contains(span)
      else { continue }
      let raised = Raised(span: span, type: event[SegmentField.exceptionType]?.text, message: event[SegmentField.exceptionMessage]?.text)
      // Only documents give exceptions an id.
      if event[SegmentField.exceptionID] == nil { own[raised, default: []].append(index) } else { told.append((raised, index)) }
    }
    var dropped = Set<Int>()
    for (raised, index) in told {
      guard let first = own[raised]?.popLast() else { continue }
      joined[first] = Self.joined(events[first], events[index])
      dropped.insert(index)
    }
    return dropped
  }

  /// The fields of both by name; of a name that both have the span's, but that a failure is told by either.
  private static func joined(_ span: Event, _ document: Event) -> Event {
    var event = span
    let names = Set(span.fields.map(\.name))
    event.fields += document.fields.filter { !names.contains($0.name) }
    event.fields.sort { $0.name < $1.name }
    if document[FieldName.error] == .boolean(true), let place = event.fields.firstIndex(where: { $0.name == FieldName.error }) {
      event.fields[place].value = .boolean(true)
    }
    return event
  }
}
