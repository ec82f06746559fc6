// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnColumns
internal import CairnFormats
public import CairnPlan

// What the journal keeps of Honeycomb events, from `/1/events` and `/1/batch` alike (RequestFormat.honeycombEvents):
//
//   BODY  := version u8 (1), ENTRY*
//   ENTRY := time i64 (Unix nanoseconds), sampleRate u32, byteCount u32, data (a JSON object, as it was sent)
//
// MessagePack becomes JSON at the door, so that one decoder reads both.

extension RequestFormat {
  /// `EventBatch`'s grammar.
  public static let honeycombEvents = RequestFormat(rawValue: 64)
}

/// Events as Honeycomb's clients send them, each with the verdict that its client is told.
///
/// ```json
/// [{"data": {"name": "GET /cart", "duration_ms": 12.3}, "time": "2026-01-02T03:04:05.678Z", "samplerate": 10}]
/// ```
/// A bad event is left out by itself; a body that is no such array is an error, and nothing of it is taken.
/// Source: Honeycomb's OpenAPI document, Create Events; Refinery's `getEventTime` for the forms of a time.
public struct EventBatch: Sendable {
  /// Why each event is left out, in the order of the request; nil where it is taken.
  public private(set) var verdicts: [StaticText?] = []
  /// For the store; empty where nothing is taken.
  public private(set) var body: [UInt8] = []

  /// A larger event is left out, in bytes of its JSON.
  public static let eventByteCountMax = 1_000_000

  private let context: IntakeContext

  private init(_ context: IntakeContext) { self.context = context }

  /// Reads the body of `/1/batch`: an array of events with their times and sample rates.
  public init(batch bytes: RawSpan, _ context: IntakeContext) throws(DecodeError) {
    self.init(context)
    var reader = JSONReader()
    guard try reader.next(bytes) == .arrayStart else { throw DecodeError(.value("the batch is not an array"), at: reader.tokenOffset) }
    while true {
      let token = try reader.next(bytes)
      if token == .arrayEnd { break }
      guard token == .objectStart else {
        if token == .arrayStart { try reader.skipRest(bytes) }
        verdicts.append("the event is not an object")
        continue
      }
      try readItem(bytes, &reader)
    }
    guard case .end = try reader.next(bytes) else { throw DecodeError(.syntax(expected: "nothing behind the batch"), at: reader.offset) }
  }

  /// Reads the body of `/1/events`: the data of one event, whose time and sample rate are headers.
  public init(event bytes: RawSpan, time: String?, sampleRate: String?, _ context: IntakeContext) throws(DecodeError) {
    self.init(context)
    var item = Item()
    var reader = JSONReader()
    try item.readData(bytes, &reader)
    guard case .end = try reader.next(bytes) else { throw DecodeError(.syntax(expected: "nothing behind the event"), at: reader.offset) }
    if let time { item.time = EventTime.unixNanoseconds(text: time) }
    item.sampleRate = sampleRate.flatMap { Int64($0) } ?? 1
    add(item, bytes)
  }

  private mutating func readItem(_ bytes: RawSpan, _ reader: inout JSONReader) throws(DecodeError) {
    var item = Item()
    while case .key(let name) = try reader.next(bytes) {
      if reader.matches(name, bytes, "data") {
        try item.readData(bytes, &reader)
      } else if reader.matches(name, bytes, "time") {
        item.time = EventTime.unixNanoseconds(try scalar(bytes, &reader), bytes, &reader)
      } else if reader.matches(name, bytes, "samplerate") {
        item.sampleRate = Self.sampleRate(try scalar(bytes, &reader), bytes, &reader)
      } else {
        try reader.skipValue(bytes)
      }
    }
    add(item, bytes)
  }

  /// The next value, null for an array or object, which are read over.
  private func scalar(_ bytes: RawSpan, _ reader: inout JSONReader) throws(DecodeError) -> JSONToken {
    let token = try reader.next(bytes)
    guard token == .arrayStart || token == .objectStart else { return token }
    try reader.skipRest(bytes)
    return .null
  }

  private static func sampleRate(_ token: JSONToken, _ bytes: RawSpan, _ reader: inout JSONReader) -> Int64 {
    switch token {
    case .integer(let value): value
    case .double(let value): Int64(exactly: value.rounded()) ?? 1
    case .string(let text): Int64(reader.string(text, bytes)) ?? 1
    default: 1
    }
  }

  private mutating func add(_ item: Item, _ bytes: RawSpan) {
    let time = item.time ?? context.receivedUnixNanoseconds
    let fault = item.fault ?? Self.fault(time, context)
    verdicts.append(fault)
    guard fault == nil, let data = item.data else { return }
    if body.isEmpty { body.append(1) }
    let rate = UInt32(clamping: max(1, item.sampleRate))
    append(UInt64(bitPattern: time), 8)
    append(UInt64(rate), 4)
    append(UInt64(data.count), 4)
    unsafe bytes.extracting(data).withUnsafeBytes { unsafe body.append(contentsOf: $0) }
  }

  private static func fault(_ time: Int64, _ context: IntakeContext) -> StaticText? {
    if time < context.earliestUnixNanoseconds { return "the event's time is older than the retention" }
    return time > context.latestUnixNanoseconds ? "the event's time is too far in the future" : nil
  }

  private mutating func append(_ value: UInt64, _ byteCount: Int) {
    for index in 0..<byteCount { body.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
  }
}

extension EventBatch {
  /// One event while it is read.
  fileprivate struct Item {
    var data: Range<Int>?
    var fieldCount = 0
    var isEmpty = true
    var isObject = false
    /// nil for the time of arrival, and where it cannot be read.
    var time: Int64?
    var sampleRate: Int64 = 1

    /// Reads the data's place and counts the fields that `EventFields` makes of it.
    mutating func readData(_ bytes: RawSpan, _ reader: inout JSONReader) throws(DecodeError) {
      let outside = reader.depth
      let first = try reader.next(bytes)
      let start = reader.tokenOffset
      isObject = first == .objectStart
      (fieldCount, isEmpty) = (0, true)
      while reader.depth > outside {
        switch try reader.next(bytes) {
        case .key: (fieldCount, isEmpty) = (fieldCount + 1, false)
        // One field with what is in it as text.
        case .arrayStart: try reader.skipRest(bytes)
        case .objectStart where reader.depth > outside + EventFields.depthMax: try reader.skipRest(bytes)
        // The members of an object inside are fields, it is none.
        case .objectStart: fieldCount -= 1
        default: break
        }
      }
      data = start..<reader.offset
    }

    /// In Honeycomb's words, where it has some.
    var fault: StaticText? {
      guard let data else { return "the event has no data" }
      if !isObject { return "the event's data is not an object" }
      if isEmpty { return "Request body should not be empty." }
      if fieldCount > fieldCountMax { return "Event has too many columns." }
      return data.count > eventByteCountMax ? "Request body is too large." : nil
    }
  }
}
