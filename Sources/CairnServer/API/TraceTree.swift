// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnFormats
import CairnPlan
import CairnXRay

/// The events of one trace, sorted into spans, span events, links and logs, and put in order.
///
/// Spans come parents before children, siblings by start. A span whose parent is not there counts as a root; so does one of a ring of
/// parents, where a faulty sender made one. Work that came as a span and as an X-Ray document with one id is one span. O(events * log(events)).
struct TraceTree: Sendable {
  struct Span: Sendable {
    var id: String
    var parent: String?
    var startUnixNanoseconds: Int64
    var durationNanoseconds: Int64
    var event: Event
    /// A subsegment that was sent alone does not say whose work it is: that of whom it hangs under.
    var service = ""
    /// An X-Ray document that came while its work still ran.
    var isInProgress: Bool { event[SegmentField.inProgress] == .boolean(true) }
  }
  /// What hangs on a span.
  struct Note: Sendable {
    var span: String?
    var event: Event
  }
  let id: TraceID
  private(set) var spans: [Span] = []
  private(set) var events: [Note] = []
  private(set) var links: [Note] = []
  private(set) var logs: [Note] = []
  let startUnixNanoseconds: Int64
  let durationNanoseconds: Int64
  /// The ids of the spans that came through two doors.
  private let twins: Set<String>
  private let info: ReadingInfo

  init(_ answer: TraceAnswer) {
    id = answer.traceID
    info = answer.info
    let joined = SpanTwins(answer.events)
    twins = joined.ids
    var found: [Span] = []
    for event in joined.events {
      let annotation = event[FieldName.annotationType]?.text
      let parent = event[FieldName.parentID]?.text
      if event[FieldName.signalType]?.text == "log" {
        logs.append(Note(span: parent, event: event))
      } else if annotation == "span_event" {
        events.append(Note(span: parent, event: event))
      } else if annotation == "link" {
        links.append(Note(span: parent, event: event))
      } else {
        let milliseconds = event[FieldName.durationMilliseconds]?.number ?? 0
        let length = milliseconds.isFinite ? Int64(min(max(0, milliseconds), 9e12) * 1e6) : 0
        found.append(
          Span(
            id: event[FieldName.spanID]?.text ?? "", parent: parent, startUnixNanoseconds: event.timeUnixNanoseconds,
            durationNanoseconds: length, event: event))
      }
    }
    // What came while it ran is shown until it comes complete.
    let complete = Set(found.filter { !$0.isInProgress }.map(\.id))
    found.removeAll { $0.isInProgress && complete.contains($0.id) }
    let starts = found.isEmpty ? answer.events.map(\.timeUnixNanoseconds) : found.map(\.startUnixNanoseconds)
    let start = starts.min() ?? 0
    startUnixNanoseconds = start
    durationNanoseconds = found.map { $0.startUnixNanoseconds &- start &+ $0.durationNanoseconds }.max() ?? 0
    spans = Self.ordered(found)
    nameServices()
  }

  /// Parents come before their children.
  private mutating func nameServices() {
    var known: [String: String] = [:]
    for index in spans.indices {
      let event = spans[index].event
      let above = event[SegmentField.type] == nil ? nil : spans[index].parent.flatMap { known[$0] }
      spans[index].service = event[FieldName.serviceName]?.text ?? above ?? event.dataset
      known[spans[index].id] = spans[index].service
    }
  }

  private static func ordered(_ found: [Span]) -> [Span] {
    let byStart = found.sorted { ($0.startUnixNanoseconds, $0.id) < ($1.startUnixNanoseconds, $1.id) }
    let known = Set(byStart.map(\.id))
    var children: [String: [Int]] = [:]
    var pending: [Int] = []
    for (index, span) in byStart.enumerated() {
      if let parent = span.parent, parent != span.id, known.contains(parent) {
        children[parent, default: []].append(index)
      } else {
        pending.append(index)
      }
    }
    var order: [Int] = []
    var isTaken = [Bool](repeating: false, count: byStart.count)
    func take(from roots: [Int]) {
      var stack = Array(roots.reversed())
      while let index = stack.popLast() {
        guard !isTaken[index] else { continue }
        isTaken[index] = true
        order.append(index)
        stack.append(contentsOf: (children[byStart[index].id] ?? []).reversed())
      }
    }
    take(from: pending)
    for index in byStart.indices where !isTaken[index] { take(from: [index]) }
    return order.map { byStart[$0] }
  }

  // MARK: JSON

  /// Writes the members of `GET /api/cairn/traces/{id}`.
  func write(_ writer: inout JSONWriter, hasFields: Bool) {
    writer.member("trace_id", id.hex)
    writer.member("xray_id", id.xrayText)
    writer.member("start_unix_ns", String(startUnixNanoseconds))
    writer.member("duration_ns", durationNanoseconds)
    writer.array("spans", spans) { (span, writer) in writer.object { write(span, hasFields: hasFields, &$0) } }
    writeNotes(events, links, logs, hasFields: hasFields, &writer)
    writer.info(info)
  }

  /// Writes one span whole, with what hangs on it.
  func write(spanAt index: Int, _ writer: inout JSONWriter) {
    let span = spans[index]
    write(span, hasFields: true, &writer)
    let own: ([Note]) -> [Note] = { notes in notes.filter { $0.span == span.id } }
    writeNotes(own(events), own(links), own(logs), hasFields: true, &writer)
    writer.info(info)
  }

  private func write(_ span: Span, hasFields: Bool, _ writer: inout JSONWriter) {
    let event = span.event
    writer.member("id", span.id)
    writer.member("parent", orNull: span.parent)
    writer.member("dataset", event.dataset)
    writer.member("service", span.service)
    let name = event[FieldName.name]?.text ?? ""
    writer.member("name", name)
    let title = shownName(name, service: span.service, method: event[FieldName.requestMethod]?.text, url: event[FieldName.requestURL]?.text)
    if title != name { writer.member("title", title) }
    writer.member("kind", event[FieldName.spanKind]?.text ?? "unspecified")
    writer.member("offset_ns", span.startUnixNanoseconds &- startUnixNanoseconds)
    writer.member("duration_ns", span.durationNanoseconds)
    // An attribute of the name may hold a text; the status says it then.
    writer.member("error", event[FieldName.error] == .boolean(true) || event[FieldName.statusCode]?.number == 2)
    writer.member("status_message", orNull: event[FieldName.statusMessage]?.text)
    if span.isInProgress { writer.member("in_progress", true) }
    if event[FieldName.invalidDuration] == .boolean(true), span.durationNanoseconds == 0 { writer.member("no_end", true) }
    if twins.contains(span.id) { writer.member("doors", ["otlp", "xray"]) }
    writer.member("sample_rate", wholeIfPossible: event[FieldName.sampleRate]?.number ?? 1)
    if hasFields { writer.fields(event) }
  }

  private func writeNotes(_ events: [Note], _ links: [Note], _ logs: [Note], hasFields: Bool, _ writer: inout JSONWriter) {
    writer.array("events", events) { (note, writer) in
      writer.object { (writer) in
        writer.member("span", orNull: note.span)
        writer.member("name", note.event[FieldName.name]?.text ?? "")
        writer.member("offset_ns", note.event.timeUnixNanoseconds &- startUnixNanoseconds)
        if let occurrence = note.event[FieldName.occurrenceUUID]?.text { writer.member("occurrence", occurrence) }
        if hasFields { writer.fields(note.event) }
      }
    }
    writer.array("links", links) { (note, writer) in
      writer.object { (writer) in
        writer.member("span", orNull: note.span)
        writer.member("trace_id", note.event[FieldName.linkTraceID]?.text ?? "")
        writer.member("span_id", note.event[FieldName.linkSpanID]?.text ?? "")
        if hasFields { writer.fields(note.event) }
      }
    }
    writer.array("logs", logs) { (note, writer) in
      writer.object { (writer) in
        writer.member("span", orNull: note.span)
        writer.member("dataset", note.event.dataset)
        writer.member("offset_ns", note.event.timeUnixNanoseconds &- startUnixNanoseconds)
        writer.member("severity", note.event[FieldName.severity]?.text ?? "unspecified")
        writer.member("body", note.event[FieldName.body]?.text ?? "")
        if let occurrence = note.event[FieldName.occurrenceUUID]?.text { writer.member("occurrence", occurrence) }
        if hasFields { writer.fields(note.event) }
      }
    }
  }
}
