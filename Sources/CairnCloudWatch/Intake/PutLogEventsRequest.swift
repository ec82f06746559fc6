// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats

// PutLogEvents, straight from its JSON:
//
//   { "logGroupName", "logStreamName", "logEvents": [ { "timestamp": ms, "message": text } ], "sequenceToken" (ignored), "entity": {…} }
//
// Source: botocore's model of CloudWatch Logs 2014-03-28 and the limits that its documentation of PutLogEvents names.

/// What a PutLogEvents call asks for, and the verdict on its events.
public struct PutLogEventsRequest: Sendable {
  /// The events in the order of the request.
  public var batch = LogBatch(group: "", stream: "")

  public static let eventCountMax = 10_000
  /// UTF-8 and 26 more for each event.
  public static let batchByteCountMax = 1_048_576
  public static let eventOverheadByteCount = 26
  public static let spanMillisecondsMax: Int64 = 86_400_000
  static let pastMillisecondsMax: Int64 = 14 * 86_400_000
  static let futureMillisecondsMax: Int64 = 2 * 3_600_000

  /// A call without events yet, for those that came by another protocol.
  public init(group: String, stream: String) { batch = LogBatch(group: group, stream: stream) }

  /// Reads the body. Bounded by the body's size; an error is one of AWS's.
  public init(_ body: RawSpan) throws(LogsError) {
    do throws(DecodeError) {
      var reader = JSONReader(depthMax: 16)
      try read(body, &reader)
    } catch {
      throw LogsError(.serialization, "The request is not a PutLogEvents call: \(error.message)")
    }
  }

  private mutating func read(_ body: RawSpan, _ reader: inout JSONReader) throws(DecodeError) {
    guard case .objectStart = try reader.next(body) else { throw DecodeError(.syntax(expected: "an object"), at: 0) }
    while case .key(let name) = try reader.next(body) {
      if reader.matches(name, body, "logEvents") {
        try readEvents(body, &reader)
      } else if reader.matches(name, body, "logGroupName") || reader.matches(name, body, "logGroupIdentifier") {
        batch.group = try text(body, &reader)
      } else if reader.matches(name, body, "logStreamName") {
        batch.stream = try text(body, &reader)
      } else if reader.matches(name, body, "entity") {
        let value = try JSONValue.read(try reader.next(body), &reader, body)
        if case .object = value { batch.entity = String(decoding: value.bytes, as: UTF8.self) }
      } else {
        try reader.skipValue(body)
      }
    }
    _ = try reader.next(body)
  }

  private func text(_ body: RawSpan, _ reader: inout JSONReader) throws(DecodeError) -> String {
    switch try reader.next(body) {
    case .string(let text): return reader.string(text, body)
    case .null: return ""
    default: throw DecodeError(.syntax(expected: "a string"), at: reader.tokenOffset)
    }
  }

  private mutating func readEvents(_ body: RawSpan, _ reader: inout JSONReader) throws(DecodeError) {
    guard case .arrayStart = try reader.next(body) else {
      throw DecodeError(.syntax(expected: "an array"), at: reader.tokenOffset)
    }
    batch.text.reserveCapacity(min(body.byteCount, Self.batchByteCountMax))
    while true {
      switch try reader.next(body) {
      case .objectStart: try readEvent(body, &reader)
      case .arrayEnd: return
      default: throw DecodeError(.syntax(expected: "an event"), at: reader.tokenOffset)
      }
    }
  }

  private mutating func readEvent(_ body: RawSpan, _ reader: inout JSONReader) throws(DecodeError) {
    // -1 is no time that the model allows.
    var time: Int64 = -1
    while case .key(let name) = try reader.next(body) {
      if reader.matches(name, body, "message") {
        guard case .string(let text) = try reader.next(body) else {
          throw DecodeError(.syntax(expected: "a string"), at: reader.tokenOffset)
        }
        batch.text.removeSubrange((batch.ends.last ?? 0)...)
        reader.withUTF8(text, body) { (utf8) in
          unsafe utf8.withUnsafeBytes { unsafe batch.text.append(contentsOf: $0) }
        }
      } else if reader.matches(name, body, "timestamp") {
        switch try reader.next(body) {
        case .integer(let value): time = value
        case .unsigned: time = .max
        case .double(let value): time = value >= 0 && value < 9e18 ? Int64(value) : -1
        default: throw DecodeError(.syntax(expected: "a number"), at: reader.tokenOffset)
        }
      } else {
        try reader.skipValue(body)
      }
    }
    batch.times.append(time)
    batch.ends.append(batch.text.count)
  }

  /// Refuses what AWS refuses as a whole; to be called before the stream is looked up.
  public func check() throws(LogsError) {
    guard !batch.times.isEmpty else { throw .constraint("[]", at: "logEvents", "have length greater than or equal to 1") }
    guard batch.count <= Self.eventCountMax else {
      throw .constraint("[…]", at: "logEvents", "have length less than or equal to \(Self.eventCountMax)")
    }
    var last: Int64 = 0
    for index in 0..<batch.count {
      let time = batch.times[index]
      guard time >= 0 else {
        throw .constraint("\(time)", at: "logEvents.\(index + 1).member.timestamp", "have value greater than or equal to 0")
      }
      let size = batch.range(index).count
      guard size > 0 else {
        throw .constraint("", at: "logEvents.\(index + 1).member.message", "have length greater than or equal to 1")
      }
      guard size + Self.eventOverheadByteCount <= Self.batchByteCountMax else {
        throw LogsError(
          .invalidParameter, "Log event too large: \(size + Self.eventOverheadByteCount) bytes exceeds limit of 1048576")
      }
      guard time >= last else {
        throw LogsError(.invalidParameter, "Log events in a single PutLogEvents request must be in chronological order.")
      }
      last = time
    }
    let size = batch.text.count + batch.count * Self.eventOverheadByteCount
    guard size <= Self.batchByteCountMax else {
      throw LogsError(.invalidParameter, "Upload too large: \(size) bytes exceeds limit of 1048576")
    }
    guard last - batch.times[0] <= Self.spanMillisecondsMax else {
      throw LogsError(
        .invalidParameter,
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
    }
  }

  /// Takes out of the batch what is too old or too new, and says which that was. Events are in order of time, so what stays is one run.
  public mutating func reject(nowUnixMilliseconds now: Int64, retentionDays: Int?) -> RejectedLogEvents {
    var rejected = RejectedLogEvents()
    let times = batch.times
    let oldest = now - Self.pastMillisecondsMax
    let tooOld = times.firstIndex { $0 >= oldest } ?? times.count
    if tooOld > 0 { rejected.tooOldEnd = tooOld }
    var first = tooOld
    if let retentionDays {
      let expired = times.firstIndex { $0 >= now - Int64(retentionDays) * 86_400_000 } ?? times.count
      if expired > tooOld { rejected.expiredEnd = expired }
      first = max(first, expired)
    }
    let tooNew = times.firstIndex { $0 > now + Self.futureMillisecondsMax } ?? times.count
    if tooNew < times.count { rejected.tooNewStart = tooNew }
    batch.keep(first..<max(first, tooNew))
    return rejected
  }
}

/// Which events of a request were left out: all before an end (exclusive), all from a start on.
public struct RejectedLogEvents: Sendable, Hashable {
  public var tooOldEnd: Int?
  public var expiredEnd: Int?
  public var tooNewStart: Int?

  public init() {}

  /// Nothing was rejected: the answer then has no such member at all.
  public var isEmpty: Bool { tooOldEnd == nil && expiredEnd == nil && tooNewStart == nil }
}
