// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats

// What Amazon Data Firehose sends to an HTTP endpoint:
//
//   {"requestId": "…", "timestamp": 1578090901599, "records": [{"data": BASE64}, …]}
//
// The bytes of a record, which may be gzip:
//
//   CloudWatch Logs   {"messageType": "DATA_MESSAGE", "owner", "logGroup", "logStream", "logEvents": [{"id", "timestamp", "message"}, …]}
//   anything else     JSON documents one behind the other: an object is an event, an array is one of events
//
// | here | event |
// |---|---|
// | a member of an object | a field; `timestamp`, where it is a time, the event's time as well |
// | a line's `message` that is a JSON object | its members, as fields |
// | another `message` | `message` |
// | a line's `timestamp` | its time |
// | `owner`, `logGroup`, `logStream`, a line's `id` | `aws.cloudwatch.owner`, `.group`, `.stream`, `.id` |
//
// A message of another type than DATA_MESSAGE has no lines: AWS tries with CONTROL_MESSAGE whether it is heard.
// Source: AWS's HTTP endpoint delivery specifications; the names are those that Honeycomb's own Lambda functions give lines of CloudWatch
// (agentless-integrations-for-aws).

/// One such request, made the body of a `/1/batch`.
public struct FirehoseRequest: Sendable {
  /// Given back in the answer.
  public private(set) var id = ""
  /// For `EventBatch(batch:)`.
  public let batch: [UInt8]

  /// What was wrong with a record: the whole request is refused then, as AWS sends all of it again.
  public struct Fault: Error, Sendable {
    public var message: String
    public var isTooLarge = false
  }

  /// Reads a body.
  ///
  /// - Parameter limitBytes: for all records together, when they are unpacked.
  public init(parsing bytes: RawSpan, limitBytes: Int) throws(Fault) {
    var records = FirehoseRecords(limitBytes: limitBytes)
    do throws(DecodeError) {
      var reader = JSONReader()
      guard try reader.next(bytes) == .objectStart else { throw DecodeError(.value("the request is not an object"), at: reader.tokenOffset) }
      while case .key(let name) = try reader.next(bytes) {
        if reader.matches(name, bytes, "requestId") {
          id = try Self.text(bytes, &reader) ?? ""
        } else if reader.matches(name, bytes, "records") {
          guard try reader.next(bytes) == .arrayStart else { throw DecodeError(.value("records are no array"), at: reader.tokenOffset) }
          while try reader.next(bytes) == .objectStart { records.encoded.append(try Self.data(bytes, &reader)) }
        } else {
          try reader.skipValue(bytes)
        }
      }
      guard case .end = try reader.next(bytes) else { throw DecodeError(.syntax(expected: "nothing behind the request"), at: reader.offset) }
    } catch {
      throw Fault(message: error.message)
    }
    try records.read()
    batch = records.finish()
  }

  /// The `data` of a record.
  private static func data(_ bytes: RawSpan, _ reader: inout JSONReader) throws(DecodeError) -> String {
    var data: String?
    while case .key(let name) = try reader.next(bytes) {
      if reader.matches(name, bytes, "data") { data = try text(bytes, &reader) } else { try reader.skipValue(bytes) }
    }
    guard let data else { throw DecodeError(.value("a record has no data"), at: reader.tokenOffset) }
    return data
  }

  /// The next value where it is a text.
  static func text(_ bytes: RawSpan, _ reader: inout JSONReader) throws(DecodeError) -> String? {
    switch try reader.next(bytes) {
    case .string(let text): return reader.string(text, bytes)
    case .arrayStart, .objectStart:
      try reader.skipRest(bytes)
      return nil
    default: return nil
    }
  }
}
