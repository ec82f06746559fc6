// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCloudWatch
import CairnFormats
import CairnOTLP
import CairnPlan
import NIOCore
import NIOHTTP1

// CloudWatch's OTLP endpoint for logs: `POST /v1/logs` with two headers.
//
//   x-aws-log-group     the group      both must be there, and name what exists: nothing is made by sending to it
//   x-aws-log-stream    the stream
//
// Each record becomes a line (see CairnOTLP's LogLines) that goes the way of PutLogEvents: masks, metric filters, subscriptions, tails.
// Records that are too old, too new or beyond the group's retention are told in `partialSuccess`, as AWS counts them.
//
// Source: AWS, "Sending logs using the OTLP endpoint" and "OTLP Endpoints".
extension LogsDesk {
  /// True if a request names a group or a stream, and so means this endpoint.
  static func isNamed(by request: Request) -> Bool {
    request.headers.contains(name: "x-aws-log-group") || request.headers.contains(name: "x-aws-log-stream")
  }

  /// Takes in an `ExportLogsServiceRequest` for the group and stream that its headers name.
  func export(_ exchange: Exchange, isJSON: Bool, _ encoding: ContentEncoding) async throws(Refusal) -> IngestOutcome {
    let request = exchange.request
    guard let group = request.header("x-aws-log-group"), let stream = request.header("x-aws-log-stream"), !group.isEmpty, !stream.isEmpty
    else {
      throw Refusal(.malformed, "The headers x-aws-log-group and x-aws-log-stream belong together: name both, or neither.")
    }
    let call = LogsCall(
      environment: exchange.environment, account: LogAccount(region: exchange.awsCaller.region, account: AWSCaller.accountID),
      input: .null, body: request.body, nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
    var lines = try Self.lines(request.body, isJSON: isJSON, encoding)
    do throws(LogsError) {
      try LogNames.checkGroup(group, at: "x-aws-log-group")
      try LogNames.checkStream(stream, at: "x-aws-log-stream")
      // Only what was made by a call has streams by name; the store is not asked, since this runs where requests are read.
      guard let known = registry.group(call.environment, group) else { throw LogsError.noGroup }
      guard known.streams[stream] != nil else { throw LogsError.noStream }
      return try await take(&lines, group: known.group, stream: stream, call)
    } catch {
      throw Refusal(error.kind == .unavailable ? .unavailable : .malformed, error.message)
    }
  }

  private func take(
    _ lines: inout [LogLines.Line], group: LogGroup, stream: String, _ call: LogsCall
  ) async throws(LogsError) -> IngestOutcome {
    var outcome = IngestOutcome(acceptedCount: 0)
    var reasons: [(String, Int)] = []
    let fits = lines.filter { $0.json.count + PutLogEventsRequest.eventOverheadByteCount <= PutLogEventsRequest.batchByteCountMax }
    if fits.count < lines.count { reasons.append(("tooLargeLogEventCount", lines.count - fits.count)) }
    var request = PutLogEventsRequest(group: group.name, stream: stream)
    let times = fits.map { $0.unixNanoseconds == 0 ? call.nowUnixMilliseconds : Int64(clamping: $0.unixNanoseconds / 1_000_000) }
    // Batches of several threads come as they may; a stream's lines are in order of time.
    for index in times.indices.sorted(by: { (times[$0], $0) < (times[$1], $1) }) {
      request.batch.append(timeUnixMilliseconds: times[index], message: fits[index].json)
    }
    let rejected = request.reject(nowUnixMilliseconds: call.nowUnixMilliseconds, retentionDays: group.retentionDays)
    let tooOld = rejected.tooOldEnd ?? 0
    if tooOld > 0 { reasons.append(("tooOldLogEventCount", tooOld)) }
    if let start = rejected.tooNewStart { reasons.append(("tooNewLogEventCount", fits.count - start)) }
    if let end = rejected.expiredEnd { reasons.append(("expiredLogEventCount", end - tooOld)) }
    outcome.rejectedCount = lines.count - request.batch.count
    outcome.rejectionReason = Self.text(of: reasons)
    outcome.acceptedCount = request.batch.count
    if request.batch.count > 0 { try await take(&request.batch, call, rejectedCount: outcome.rejectedCount) }
    return outcome
  }

  /// As AWS writes it: `{"tooOldLogEventCount": 3, "tooNewLogEventCount": 1}`.
  private static func text(of reasons: [(String, Int)]) -> String {
    reasons.isEmpty ? "" : "{" + reasons.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
  }

  /// The most bytes of a request's lines together; of a body inflated, too.
  private static let lineBytesMax = 16 << 20

  private static func lines(_ body: ByteBuffer, isJSON: Bool, _ encoding: ContentEncoding) throws(Refusal) -> [LogLines.Line] {
    let plain: ByteBuffer
    do throws(InflateError) {
      plain = try body.inflated(encoding, limitBytes: lineBytesMax)
    } catch {
      throw Refusal(.malformed, "The body cannot be inflated: \(error.message)")
    }
    do throws(DecodeError) {
      guard isJSON else { return try LogLines(plain.readableBytesSpan, byteCountMax: lineBytesMax).lines }
      var protobuf: [UInt8] = []
      try transcodeLogsJSON(plain.readableBytesSpan, into: &protobuf)
      return try LogLines(unsafe protobuf.span.bytes, byteCountMax: lineBytesMax).lines
    } catch {
      throw Refusal(.malformed, error.message)
    }
  }
}
