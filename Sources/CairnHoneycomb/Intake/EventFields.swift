// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnFormats

/// Sets the members of an event's data as fields of a row.
struct EventFields: ~Copyable {
  private let environmentHash: UInt64
  private let spans: GroupIndex
  private let others: GroupIndex
  private let columns: EventColumns
  private var reader = JSONReader(depthMax: JSONReader.depthMaxDefault)
  /// The path of the value that is read, and what of it belongs to each object outside.
  private var path: [UInt8] = []
  private var outer: [Int] = []
  private var seen = Seen()

  /// What an event told about its place in a trace.
  private struct Seen {
    var trace: TraceID?
    var span: UInt64 = 0
  }
  private static let error = Array(FieldName.error.utf8)
  /// Objects in objects become paths down to this depth; Honeycomb's own limit.
  static let depthMax = 5

  init(_ context: IntakeContext, _ batch: inout Batch) throws(DecodeError) {
    environmentHash = lastingHash(of: context.environment)
    columns = try EventColumns(&batch)
    others = Self.group(context, isSpan: false, &batch)
    spans = Self.group(context, isSpan: true, &batch)
  }

  private static func group(_ context: IntakeContext, isSpan: Bool, _ batch: inout Batch) -> GroupIndex {
    var key = "honeycomb\0\(context.environment)\0\(context.datasetHint)\0\(isSpan)"
    return key.withUTF8 { (utf8) -> GroupIndex in
      let bytes = unsafe RawSpan(_unsafeElements: utf8)
      if let known = batch.group(knownBy: bytes, 0, bytes.byteCount) { return known }
      batch.beginGroup(knownBy: bytes, 0, bytes.byteCount)
      if isSpan {
        batch.set(FieldName.signalType, text: "trace")
        // A dataset is a service where the event does not say otherwise.
        batch.set(FieldName.serviceName, text: context.datasetHint)
      }
      return batch.endGroup(environment: context.environment, dataset: context.datasetHint)
    }
  }

  /// Adds an event.
  mutating func add(_ data: RawSpan, time: Int64, sampleRate: UInt64, _ batch: inout Batch) throws(DecodeError) {
    reader.reset()
    path.removeAll(keepingCapacity: true)
    outer.removeAll(keepingCapacity: true)
    seen = Seen()
    guard try reader.next(data) == .objectStart else { throw DecodeError(.value("an event's data is not an object"), at: 0) }
    while reader.depth > 0 { try step(data, &batch) }
    if sampleRate > 1 { batch.setWord(columns.sampleRate, sampleRate) }
    guard let trace = seen.trace, seen.span != 0 else { return batch.appendRow(timeUnixNanoseconds: time, group: others) }
    guard batch.identities.insert(identity(trace, seen.span, time)) else { return batch.abandonRow() }
    batch.appendRow(timeUnixNanoseconds: time, group: spans)
  }

  private func identity(_ trace: TraceID, _ span: UInt64, _ time: Int64) -> UInt64 {
    let hash = mix(trace.high ^ 0x9e37_79b9_7f4a_7c15, trace.low ^ 0xd6e8_feb8_6659_fd93)
    return mix(hash ^ environmentHash ^ span, UInt64(bitPattern: time) ^ 0xa076_1d64_78bd_642f)
  }

  // MARK: Members

  private mutating func step(_ data: RawSpan, _ batch: inout Batch) throws(DecodeError) {
    let token = try reader.next(data)
    switch token {
    case .key(let name):
      path.removeSubrange((outer.last ?? 0)...)
      if !path.isEmpty { path.append(0x2e) }
      reader.withUTF8(name, data) { (utf8) in
        unsafe utf8.withUnsafeBytes { unsafe path.append(contentsOf: $0) }
      }
    case .objectStart where outer.count < Self.depthMax - 1: outer.append(path.count)
    case .objectEnd: _ = outer.popLast()
    case .objectStart, .arrayStart:
      let start = reader.tokenOffset
      try reader.skipRest(data)
      set(text: data.extracting(start..<reader.offset), &batch)
    case .string(let text):
      var isID = false
      if let meaning = EventMeaning(path), meaning != .duration { isID = setID(reader.string(text, data), meaning, &batch) }
      if path.elementsEqual(Self.error) {
        setError(text, data, &batch)
      } else if !isID {
        setString(text, data, &batch)
      }
    case .integer(let value):
      if EventMeaning(path) == .duration { return setDuration(Double(value), &batch) }
      if let column = column(.integer, &batch) { batch.setWord(column, UInt64(bitPattern: value)) }
    case .unsigned(let value):
      if let column = column(.float, &batch) { batch.setWord(column, Double(value).bitPattern) }
    case .double(let value):
      if EventMeaning(path) == .duration { return setDuration(value, &batch) }
      if let column = column(.float, &batch) { batch.setWord(column, value.bitPattern) }
    case .boolean(let value):
      if let column = column(.boolean, &batch) { batch.setWord(column, value ? 1 : 0) }
    case .null, .arrayEnd, .end: break
    }
  }

  private mutating func setString(_ text: JSONText, _ data: RawSpan, _ batch: inout Batch) {
    guard let column = column(.string, &batch) else { return }
    let alias = path.elementsEqual("service_name".utf8) ? columns.serviceName : nil
    reader.withUTF8(text, data) { (utf8) in
      batch.setText(column, utf8, 0, utf8.byteCount)
      if let alias, !batch.isSet(alias) { batch.setText(alias, utf8, 0, utf8.byteCount) }
    }
  }

  /// What failed in words, as the Beelines tell it: a failed span, and why.
  private mutating func setError(_ text: JSONText, _ data: RawSpan, _ batch: inout Batch) {
    guard text.byteCount > 0 else { return }
    batch.setWord(columns.error, 1)
    guard !batch.isSet(columns.statusMessage) else { return }
    reader.withUTF8(text, data) { (utf8) in _ = batch.setText(columns.statusMessage, utf8, 0, utf8.byteCount) }
  }

  private func set(text: RawSpan, _ batch: inout Batch) {
    if let column = column(.string, &batch) { batch.setText(column, text, 0, text.byteCount) }
  }

  /// The column of the path; nil for a name that is too long or one column too many.
  private func column(_ kind: ColumnKind, _ batch: inout Batch) -> ColumnIndex? {
    guard !path.isEmpty, path.count <= fieldNameByteCountMax else { return nil }
    return unsafe batch.column(path.span.bytes, 0, path.count, kind)
  }

  // MARK: Fields with a meaning

  /// Sets an id that has the form of one; false where it is just text.
  private mutating func setID(_ text: String, _ meaning: EventMeaning, _ batch: inout Batch) -> Bool {
    switch meaning {
    case .trace, .linkTrace:
      guard let id = TraceID(text), !id.isZero else { return false }
      batch.setTraceID(meaning == .trace ? columns.traceID : columns.linkTraceID, id)
      if meaning == .trace { seen.trace = id }
      return true
    case .span, .parent, .linkSpan:
      guard text.utf8.count == 16, let id = parseHex(Array(text.utf8)[...]), id != 0 else { return false }
      let column = meaning == .span ? columns.spanID : meaning == .parent ? columns.parentID : columns.linkSpanID
      batch.setWord(column, id.byteSwapped)
      if meaning == .span { seen.span = id }
      return true
    case .duration: return false
    }
  }

  private func setDuration(_ milliseconds: Double, _ batch: inout Batch) {
    let isValid = milliseconds >= 0 && milliseconds < 9e12
    batch.setWord(isValid ? columns.duration : columns.invalidDuration, isValid ? UInt64((milliseconds * 1e6).rounded()) : 1)
  }
}

/// What a member's path promises.
private enum EventMeaning {
  case trace
  case span
  case parent
  case linkTrace
  case linkSpan
  case duration

  init?(_ path: [UInt8]) {
    // All begin with `t` or `d`: most members are told apart by that.
    guard let first = path.first, first == 0x74 || first == 0x64, path.count <= 20 else { return nil }
    switch String(decoding: path, as: UTF8.self) {
    case FieldName.traceID: self = .trace
    case FieldName.spanID: self = .span
    case FieldName.parentID: self = .parent
    case FieldName.linkTraceID: self = .linkTrace
    case FieldName.linkSpanID: self = .linkSpan
    case FieldName.durationMilliseconds: self = .duration
    default: return nil
    }
  }
}
