// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCatalog
import CairnCloudWatch
import CairnFormats
import NIOCore
import NIOHTTP1

/// `POST /`: AWS's protocols that name what they want in a header or a form.
///
/// ```
/// X-Amz-Target: Logs_20140328.<Operation>                 JSON 1.1    CloudWatch Logs
/// X-Amz-Target: GraniteServiceVersion20100801.<Operation> JSON 1.0    CloudWatch metrics and alarms
/// Action=GetCallerIdentity (form)                         XML         STS
/// ```
/// CloudWatch's third protocol has a path of its own: `CloudWatchDoor+CBOR.swift`.
struct CloudWatchDoor: Sendable {
  let state: ServerState
  private let logs: [String: LogsOperation]
  let metrics: [String: LogsOperation]

  static let logsPrefix = "Logs_20140328."
  static let metricsPrefix = "GraniteServiceVersion20100801."

  init(state: ServerState) {
    self.state = state
    let desk = LogsDesk(state: state)
    logs = Dictionary(desk.operations.map { ($0.name, $0.within(LogsBounds.bounds, .invalidParameter)) }) { first, _ in first }
    metrics = Dictionary(
      MetricsDesk(state: state).operations.map { (operation) in
        (operation.name, operation.within(MetricsBounds.bounds, MetricsBounds.refusal(of: operation.name)))
      }) { first, _ in first }
  }

  var routes: [Route] {
    var root = Route(.POST, "/", .anyKey, .awsJSON) { (exchange) async throws(Refusal) in await respond(exchange) }
    root.bodyBytesMax = 16 << 20
    return [root, cborRoute]
  }

  private func respond(_ exchange: Exchange) async -> Response {
    let target = exchange.request.header("x-amz-target") ?? ""
    if target.hasPrefix(Self.logsPrefix) {
      return await answer(exchange, logs[String(target.dropFirst(Self.logsPrefix.count))], target, "application/x-amz-json-1.1")
    }
    if target.hasPrefix(Self.metricsPrefix) {
      return await answer(
        exchange, metrics[String(target.dropFirst(Self.metricsPrefix.count))], target, "application/x-amz-json-1.0")
    }
    if exchange.request.mediaType == "application/x-www-form-urlencoded" { return await form(exchange) }
    return error(LogsError(.unknownOperation, "No operation is called '\(target.prefix(200))'."), "application/x-amz-json-1.1")
  }

  private func answer(_ exchange: Exchange, _ operation: LogsOperation?, _ target: String, _ type: String) async -> Response {
    do throws(LogsError) {
      guard let operation else {
        throw LogsError(.unknownOperation, "Cairn does not support the operation '\(target.prefix(200))'.")
      }
      try check(exchange, operation)
      switch try await operation.run(try call(exchange, operation)) {
      case .nothing: return success([], type)
      case .json(let bytes): return success(bytes, type)
      case .other(let response): return response
      }
    } catch {
      note(error, operation?.name, exchange)
      return self.error(error, type)
    }
  }

  /// Whether the key is good for the operation.
  func check(_ exchange: Exchange, _ operation: LogsOperation) throws(LogsError) {
    guard exchange.principal.scopes.contains(operation.scope) else {
      throw LogsError(.accessDenied, "This key lacks the scope '\(operation.scope.rawValue)' that \(operation.name) needs.")
    }
  }

  /// What was to come in and did not, for the page of doors.
  func note(_ error: LogsError, _ operation: String?, _ exchange: Exchange) {
    state.telemetry.refusal(door: Door.cloudWatch.rawValue, reason: error.kind.rawValue)
    guard let operation, operation == "PutLogEvents" || operation == "PutMetricData" else { return }
    // WatchTower and agents find out by this answer that a stream is to be made.
    if error.kind == .resourceNotFound { return }
    state.ledger.rejected(
      .init(
        environment: exchange.environment, door: Door.cloudWatch.rawValue, method: "POST", path: operation,
        status: error.kind == .unavailable ? 503 : 400, reason: error.message,
        client: exchange.request.header("user-agent") ?? exchange.request.remoteAddress, lastUnixMicroseconds: state.nowUnixMicroseconds))
  }

  private func call(_ exchange: Exchange, _ operation: LogsOperation) throws(LogsError) -> LogsCall {
    let body = try plainBody(exchange)
    var input = JSONValue.object([])
    // Events are read straight from their bytes.
    if operation.name != "PutLogEvents", body.readableBytes > 0 {
      do {
        input = try JSONValue(parsing: body.readableBytesSpan)
      } catch {
        throw LogsError(.serialization, "The body is not JSON: \(error.message)")
      }
      guard case .object = input else { throw LogsError(.serialization, "The body is not a JSON object.") }
    }
    return call(exchange, input, body)
  }

  func call(_ exchange: Exchange, _ input: JSONValue, _ body: ByteBuffer) -> LogsCall {
    LogsCall(
      environment: exchange.environment, account: LogAccount(region: exchange.awsCaller.region, account: AWSCaller.accountID),
      input: input, body: body, nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
  }

  /// The body, inflated where it came packed.
  func plainBody(_ exchange: Exchange) throws(LogsError) -> ByteBuffer {
    let body = exchange.request.body
    return exchange.request.header("content-encoding") == "gzip" ? try inflated(body) : body
  }

  private func inflated(_ body: ByteBuffer) throws(LogsError) -> ByteBuffer {
    do throws(InflateError) {
      return try body.inflated(.gzip, limitBytes: 16 << 20)
    } catch {
      throw LogsError(.serialization, "The body cannot be inflated: \(error.message)")
    }
  }

  // MARK: Answers

  private func success(_ bytes: [UInt8], _ type: String) -> Response {
    var response = Response(contentType: type, bytes: ByteBuffer(bytes: bytes))
    // As AWS spells it: there are clients that compare case by case.
    response.headers.add(name: "x-amzn-RequestId", value: AWSErrorResponse.requestID())
    return response
  }

  private func error(_ error: LogsError, _ type: String) -> Response {
    AWSErrorResponse.json(
      error.kind.rawValue, error.message, status: error.kind == .unavailable ? .serviceUnavailable : .badRequest,
      details: error.details,
      contentType: type)
  }

  // MARK: Forms

  /// The older form of STS and of CloudWatch: parameters in a form, answers in XML.
  private func form(_ exchange: Exchange) async -> Response {
    let body: ByteBuffer
    do throws(LogsError) {
      body = try plainBody(exchange)
    } catch {
      return xml(AWSForm.failure(error), .badRequest)
    }
    let form = AWSForm(String(buffer: body))
    if form.action == "GetCallerIdentity" {
      let account = AWSCaller.accountID
      let result = JSONValue.object([
        JSONMember("Arn", .string("arn:aws:iam::\(account):user/cairn")), JSONMember("UserId", .string("AKIAIOSFODNN7EXAMPLE")),
        JSONMember("Account", .string(account)),
      ])
      return xml(AWSForm.answer(form.action, result, namespace: "https://sts.amazonaws.com/doc/2011-06-15/"), .ok)
    }
    do throws(LogsError) {
      guard let operation = metrics[form.action] else {
        throw LogsError(.unknownOperation, "Cairn does not support the action '\(form.action.prefix(200))'.")
      }
      try check(exchange, operation)
      var call = call(exchange, form.input, exchange.request.body)
      call.isForm = true
      let result = try await result(of: operation, call)
      return xml(AWSForm.answer(form.action, result, namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/"), .ok)
    } catch {
      return xml(AWSForm.failure(error), error.kind.metricsStatus)
    }
  }

  /// What an operation answers, for the protocols that write it otherwise than as its JSON.
  func result(of operation: LogsOperation, _ call: LogsCall) async throws(LogsError) -> JSONValue {
    guard case .json(let bytes) = try await operation.run(call), let result = try? JSONValue(parsing: bytes) else { return .object([]) }
    return result
  }

  private func xml(_ text: String, _ status: HTTPResponseStatus) -> Response {
    Response(status: status, contentType: "text/xml", text: text)
  }
}

extension LogsError.Kind {
  /// The status in CloudWatch's protocols that are not JSON.
  var metricsStatus: HTTPResponseStatus {
    switch self {
    case .resourceNotFoundAlarm: .notFound
    case .unavailable: .serviceUnavailable
    default: .badRequest
    }
  }
}
