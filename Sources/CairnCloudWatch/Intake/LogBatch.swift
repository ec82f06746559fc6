// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import CairnPlan

// Accepted log events as the journal keeps them: checked, masked, and without what was rejected, so that a replay depends neither on the
// clock nor on a policy that has changed since.
//
//   BATCH   := version u8 (1), group TEXT, stream TEXT, entity TEXT, sequence varint, count varint,
//              (milliseconds zigzag varint, difference to the one before)*count, (byteCount varint)*count, messages
//   TEXT    := byteCount varint, UTF-8
//
//   group       the dataset            entity     the request's `entity` as JSON, or empty
//   sequence    meta.ingestion_time_ns of the first event; each next one has one more
//   messages    UTF-8, end to end

extension RequestFormat {
  /// `LogBatch`'s grammar.
  public static let logBatch = RequestFormat(rawValue: 32)
}

/// Log events of one stream on their way to the store.
public struct LogBatch: Sendable {
  public var group: String
  public var stream: String
  /// The entity that the events belong to, as JSON text; empty where the request named none.
  public var entity = ""
  /// The first event's number (see `FieldName.ingestionTime`).
  public var sequence: Int64 = 0
  /// Unix milliseconds.
  public var times: [Int64] = []
  /// Where each message ends in `text`.
  public var ends: [Int] = []
  public var text: [UInt8] = []

  public init(group: String, stream: String) {
    self.group = group
    self.stream = stream
  }

  public var count: Int { times.count }

  /// The bytes of one message within `text`.
  public func range(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

  /// One message.
  public func message(_ index: Int) -> String { String(decoding: text[range(index)], as: UTF8.self) }

  /// Adds an event.
  public mutating func append(timeUnixMilliseconds: Int64, message: some Collection<UInt8>) {
    times.append(timeUnixMilliseconds)
    text.append(contentsOf: message)
    ends.append(text.count)
  }

  /// Keeps the events of a range only.
  public mutating func keep(_ range: Range<Int>) {
    guard range != 0..<count else { return }
    let start = range.lowerBound == 0 ? 0 : ends[range.lowerBound - 1]
    let end = range.isEmpty ? start : ends[range.upperBound - 1]
    text = Array(text[start..<end])
    ends = ends[range].map { $0 - start }
    times = Array(times[range])
  }

  /// The body for the store.
  public func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count + count * 5 + group.utf8.count + stream.utf8.count + entity.utf8.count + 64)
    bytes.append(1)
    for part in [group, stream, entity] {
      appendVarint(UInt64(part.utf8.count), to: &bytes)
      bytes.append(contentsOf: part.utf8)
    }
    appendVarint(UInt64(bitPattern: sequence), to: &bytes)
    appendVarint(UInt64(count), to: &bytes)
    var last: Int64 = 0
    for time in times {
      let difference = time &- last
      appendVarint(UInt64(bitPattern: difference &<< 1 ^ difference &>> 63), to: &bytes)
      last = time
    }
    var start = 0
    for end in ends {
      appendVarint(UInt64(end - start), to: &bytes)
      start = end
    }
    bytes.append(contentsOf: text)
    return bytes
  }
}
