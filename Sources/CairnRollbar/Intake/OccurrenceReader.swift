// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats
internal import CairnIssues

// data
//   environment level timestamp code_version platform language framework context title uuid fingerprint failsafe
//   body        trace {frames[] exception{}} | trace_chain [trace] | message {body …} | crash_report {raw};  telemetry []
//               null is absent, as rollbar-apple sends the kinds that it does not mean
//   request     url method user_ip headers{}          server   host root branch code_version
//   person      id username email                     client   timestamp javascript{code_version browser}
//   notifier    name version                          attributes [{key value}]
//   custom      any tree; its scalars become fields
// A field with another type than it should have is left out and flagged: an error report is worth more than its form.

/// Walks the wire once and fills an `Occurrence`; checks the whole grammar, builds no tree.
struct OccurrenceReader: ~Copyable {
  var reader: JSONReader
  var occurrence = Occurrence()

  init(at offset: Int = 0) { reader = JSONReader(depthMax: JSONReader.depthMaxLimit, at: offset) }

  /// Starts over for the next item of a batch.
  mutating func begin() { occurrence = Occurrence() }

  typealias Member = (inout OccurrenceReader, String, JSONToken, RawSpan) throws(DecodeError) -> Void
  typealias Element = (inout OccurrenceReader, JSONToken, RawSpan) throws(DecodeError) -> Void

  /// Reads the members of an object whose start was read; anything else is dropped and flagged unless it is null.
  mutating func object(_ token: JSONToken, _ bytes: RawSpan, _ member: Member) throws(DecodeError) {
    guard token == .objectStart else { return try drop(token, bytes) }
    while case .key(let name) = try reader.next(bytes) {
      let key = reader.string(name, bytes)
      try member(&self, key, try reader.next(bytes), bytes)
    }
  }

  mutating func array(_ token: JSONToken, _ bytes: RawSpan, _ element: Element) throws(DecodeError) {
    guard token == .arrayStart else { return try drop(token, bytes) }
    while true {
      let next = try reader.next(bytes)
      if next == .arrayEnd { return }
      try element(&self, next, bytes)
    }
  }

  /// Reads on behind a value that nobody wants.
  mutating func skip(_ token: JSONToken, _ bytes: RawSpan) throws(DecodeError) {
    if token == .objectStart || token == .arrayStart { try reader.skipRest(bytes) }
  }

  /// The same for a value of the wrong type.
  mutating func drop(_ token: JSONToken, _ bytes: RawSpan) throws(DecodeError) {
    if token != .null { occurrence.hasOddTypes = true }
    try skip(token, bytes)
  }

  /// A text; numbers and booleans as they are written, null and everything else as nothing.
  mutating func text(
    _ token: JSONToken, _ bytes: RawSpan, most: Int = OccurrenceLimits.fieldByteCountMax
  ) throws(DecodeError) -> String {
    switch token {
    case .string(let text):
      guard text.byteCount > most else { return reader.string(text, bytes) }
      occurrence.isCut = true
      return cut(reader.string(text, bytes), most)
    case .integer(let value): return String(value)
    case .unsigned(let value): return String(value)
    case .double(let value): return String(value)
    case .boolean(let value): return value ? "True" : "False"
    default:
      try drop(token, bytes)
      return ""
    }
  }

  /// The first so many bytes of a text, cut between two characters.
  private func cut(_ text: String, _ most: Int) -> String {
    var end = text.utf8.index(text.startIndex, offsetBy: most, limitedBy: text.endIndex) ?? text.endIndex
    while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
    return String(text[..<end])
  }

  mutating func number(_ token: JSONToken, _ bytes: RawSpan) throws(DecodeError) -> Double? {
    switch token {
    case .integer(let value): return Double(value)
    case .unsigned(let value): return Double(value)
    case .double(let value): return value
    case .string(let text): return Double(reader.string(text, bytes))
    default:
      try drop(token, bytes)
      return nil
    }
  }

  // MARK: data

  /// Reads `data`, whose first token was read.
  mutating func readData(_ token: JSONToken, _ bytes: RawSpan) throws(DecodeError) {
    try object(token, bytes) { (walker, key, value, bytes) throws(DecodeError) in
      switch key {
      case "body": try walker.readBody(value, bytes)
      case "environment": walker.occurrence.environment = try walker.text(value, bytes)
      case "level": walker.occurrence.level = try walker.text(value, bytes)
      case "timestamp": walker.occurrence.timestamp = try walker.number(value, bytes)
      case "code_version": walker.occurrence.codeVersion = try walker.text(value, bytes)
      case "platform": walker.occurrence.platform = try walker.text(value, bytes)
      case "language": walker.occurrence.language = try walker.text(value, bytes)
      case "framework": walker.occurrence.framework = try walker.text(value, bytes)
      case "context": walker.occurrence.context = try walker.text(value, bytes)
      case "title": walker.occurrence.title = try walker.text(value, bytes)
      case "uuid": walker.occurrence.uuid = try walker.text(value, bytes)
      case "fingerprint": walker.occurrence.fingerprint = try walker.text(value, bytes, most: OccurrenceLimits.messageByteCountMax)
      case "failsafe": walker.occurrence.isFailsafe = try walker.text(value, bytes) == "True"
      case "custom": try walker.readCustom("custom", value, bytes, depth: 1)
      default: try walker.readSection(key, value, bytes)
      }
    }
  }

  private mutating func readSection(_ key: String, _ value: JSONToken, _ bytes: RawSpan) throws(DecodeError) {
    switch key {
    case "request": try readRequest(value, bytes)
    case "person": try readPerson(value, bytes)
    case "server": try readServer(value, bytes)
    case "client": try readClient(value, bytes)
    case "notifier":
      try object(value, bytes) { (walker, key, value, bytes) throws(DecodeError) in
        switch key {
        case "name": walker.occurrence.notifierName = try walker.text(value, bytes)
        case "version": walker.occurrence.notifierVersion = try walker.text(value, bytes)
        default: try walker.skip(value, bytes)
        }
      }
    case "attributes": try array(value, bytes) { (walker, value, bytes) throws(DecodeError) in try walker.readAttribute(value, bytes) }
    default: try skip(value, bytes)
    }
  }

  private mutating func readAttribute(_ token: JSONToken, _ bytes: RawSpan) throws(DecodeError) {
    var name = ""
    var text = ""
    try object(token, bytes) { (walker, key, value, bytes) throws(DecodeError) in
      switch key {
      case "key": name = try walker.text(value, bytes)
      case "value": text = try walker.text(value, bytes)
      default: try walker.skip(value, bytes)
      }
    }
    switch name {
    case "session_id": occurrence.sessionID = text
    case "trace_id": occurrence.traceIDs[0] = text
    case "span_id": occurrence.spanID = text
    default: break
    }
  }
}
