// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnFormats

/// Log streams.
extension LogsDesk {
  var streamOperations: [LogsOperation] {
    [
      LogsOperation("CreateLogStream", .ingest) { (call) async throws(LogsError) in try await createStream(call) },
      LogsOperation("DeleteLogStream", .manage) { (call) async throws(LogsError) in try await deleteStream(call) },
      LogsOperation("DescribeLogStreams", .query) { (call) async throws(LogsError) in try await describeStreams(call) },
    ]
  }

  private func createStream(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let name = try call.groupName()
    let stream = try call.text("logStreamName")
    let group = try await ownGroup(call, name)
    guard group.streams[stream] == nil else {
      throw LogsError(.resourceAlreadyExists, "The specified log stream already exists")
    }
    try registry.create(
      LogStream(name: stream, createdUnixMilliseconds: call.nowUnixMilliseconds), in: call.environment, group: name)
    return .nothing
  }

  private func deleteStream(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let name = try call.groupName()
    let stream = try call.text("logStreamName")
    let group = try await ownGroup(call, name)
    guard try await streams(call, group).contains(where: { ByteName($0.name) == ByteName(stream) }) else { throw .noStream }
    let end = registry.numbers(1, nowUnixNanoseconds: call.nowUnixNanoseconds)
    try registry.put(call.environment, "deletion", group: name, stream, .integer(end))
    try registry.delete(call.environment, group: name, stream: stream)
    return .nothing
  }

  private func describeStreams(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let name = try call.groupNameOrIdentifier()
    let prefix = try call.optionalText("logStreamNamePrefix")
    let order = try call.optionalText("orderBy") ?? "LogStreamName"
    let isDescending = try call.boolean("descending") ?? false
    let limit = try call.limit()
    if order == "LastEventTime", prefix != nil {
      throw LogsError(.invalidParameter, "Cannot order by LastEventTime with a logStreamNamePrefix.")
    }
    let group = try await group(call, name)
    var found = try await streams(call, group).filter { $0.name.utf8.starts(with: (prefix ?? "").utf8) }
    let isByTime = order == "LastEventTime"
    found.sort { StreamPlace($0, isByTime) < StreamPlace($1, isByTime) }
    if isDescending { found.reverse() }
    var start = 0
    if let token = try call.optionalText("nextToken") {
      guard let last = StreamPlace(token: token) else {
        throw LogsError(.invalidParameter, "The specified nextToken is invalid.")
      }
      start = found.firstIndex {
        let place = StreamPlace($0, isByTime)
        return isDescending ? place < last : last < place
      } ?? found.count
    }
    let page = found[start..<min(found.count, start + limit)]
    let next = page.endIndex < found.count ? page.last.map { StreamPlace($0, isByTime).token } : nil
    return .object { writer in
      writer.objects("logStreams", page) { writer, stream in
        writer.member("logStreamName", stream.name)
        writer.member("creationTime", stream.createdUnixMilliseconds)
        writer.member("firstEventTimestamp", ifPresent: stream.firstEventUnixMilliseconds)
        writer.member("lastEventTimestamp", ifPresent: stream.lastEventUnixMilliseconds)
        writer.member("lastIngestionTime", ifPresent: stream.lastIngestionUnixMilliseconds)
        if stream.lastIngestionUnixMilliseconds != nil { writer.member("uploadSequenceToken", Self.sequenceToken(stream)) }
        writer.member("arn", call.account.streamARN(name, stream.name))
        writer.member("storedBytes", 0)
      }
      writer.member("nextToken", ifPresent: next)
    }
  }

  /// 56 digits that nobody has to send back.
  static func sequenceToken(_ stream: LogStream) -> String {
    LogPosition(
      timeUnixNanoseconds: (stream.lastIngestionUnixMilliseconds ?? 0) * 1_000_000,
      sequence: stream.lastEventUnixMilliseconds ?? 0
    ).digits
  }
}

/// What streams are listed by, of the last one of a page: a token finds its way on even where that stream has moved since or is gone.
private struct StreamPlace: Comparable {
  /// The last event's time; 0 where streams are listed by name.
  let time: Int64
  let name: String

  init(_ stream: LogStream, _ isByTime: Bool) {
    time = isByTime ? stream.lastEventUnixMilliseconds ?? 0 : 0
    name = stream.name
  }

  init?(token: String) {
    let parts = token.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let time = Int64(parts[0]) else { return nil }
    (self.time, name) = (time, String(parts[1]))
  }

  var token: String { "\(time)@\(name)" }

  static func < (left: Self, right: Self) -> Bool {
    left.time != right.time ? left.time < right.time : precedes(left.name, right.name)
  }
}
