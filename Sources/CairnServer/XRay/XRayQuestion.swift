// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import CairnPlan
import CairnXRay
import NIOCore
import NIOHTTP1

/// The body of a question to X-Ray, read with X-Ray's own words for what is wrong.
struct XRayQuestion: Sendable {
  let body: JSONValue
  let exchange: Exchange

  /// An empty body asks for nothing in particular.
  init(_ exchange: Exchange) throws(Refusal) {
    self.exchange = exchange
    guard exchange.request.body.readableBytes > 0 else {
      body = .object([])
      return
    }
    do {
      body = try exchange.json()
    } catch {
      throw Refusal(aws: "InvalidRequestException", "Could not parse request body into json: \(error.reason)")
    }
    guard body.members != nil else { throw Self.invalid("The request body is no JSON object.") }
  }

  static func invalid(_ reason: String) -> Refusal { Refusal(aws: "InvalidRequestException", reason) }

  /// A text member; nil where it is absent or null.
  func text(_ name: String, count: ClosedRange<Int>? = nil) throws(Refusal) -> String? {
    guard let value = body[name], value != .null else { return nil }
    guard let text = value.string else { throw Self.invalid("\(name) must be a string.") }
    if let count, !count.contains(text.count) {
      throw Self.invalid("\(name) must have length between \(count.lowerBound) and \(count.upperBound).")
    }
    return text
  }

  func boolean(_ name: String) throws(Refusal) -> Bool? {
    guard let value = body[name], value != .null else { return nil }
    guard let truth = value.boolean else { throw Self.invalid("\(name) must be a boolean.") }
    return truth
  }

  func integer(_ name: String, _ range: ClosedRange<Int64>) throws(Refusal) -> Int64? {
    guard let value = body[name], value != .null else { return nil }
    guard let number = value.integer, range.contains(number) else {
      throw Self.invalid("\(name) must be an integer between \(range.lowerBound) and \(range.upperBound).")
    }
    return number
  }

  /// `StartTime` and `EndTime`, both needed.
  func time() throws(Refusal) -> TimeRange {
    let start = try instant("StartTime")
    let end = try instant("EndTime")
    guard start < end else { throw Self.invalid("Start time must be earlier than end time.") }
    return TimeRange(startUnixNanoseconds: start, endUnixNanoseconds: end)
  }

  private func instant(_ name: String) throws(Refusal) -> Int64 {
    guard let value = body[name], value != .null else { throw Self.invalid("\(name) is required.") }
    guard let seconds = value.number, seconds >= 0, seconds < 9e9 else { throw Self.invalid("\(name) must be a time in Unix seconds.") }
    let whole = seconds.rounded(.down)
    return Int64(whole) * 1_000_000_000 + Int64(((seconds - whole) * 1e6).rounded()) * 1000
  }

  /// The trace ids of `TraceIds`.
  func traceIDs(most: Int) throws(Refusal) -> [TraceID] {
    guard let list = body["TraceIds"]?.array else { throw Self.invalid("TraceIds is required.") }
    guard list.count <= most else { throw Self.invalid("TraceIds must have at most \(most) items.") }
    var ids: [TraceID] = []
    for item in list {
      guard let text = item.string, let id = TraceID(text) else { throw Self.invalid("Invalid trace id: \(item.string?.prefix(64) ?? "not a string")") }
      ids.append(id)
    }
    return ids
  }

  /// A filter expression; a syntax error names its column.
  static func expression(_ text: String?) throws(Refusal) -> FilterExpression {
    guard let text else { return .everything }
    do throws(FilterSyntaxError) { return try FilterExpression(parsing: text) } catch { throw invalid(error.message) }
  }

  /// The offset in a list that a token of `token(offset:)` stands for; 0 without one.
  func offset() throws(Refusal) -> Int {
    guard let token = try text("NextToken") else { return 0 }
    guard token.hasPrefix("o"), let offset = Int(token.dropFirst()), offset >= 0 else { throw Self.invalid("The NextToken is invalid.") }
    return offset
  }

  static func token(offset: Int) -> String { "o\(offset)" }
}

/// An answer of X-Ray: a JSON object with a request id.
func xrayResponse(reserving byteCount: Int = 1024, _ fill: (inout JSONWriter) -> Void) -> Response {
  var response = jsonResponse(reserving: byteCount, fill)
  response.headers.add(name: "x-amzn-requestid", value: AWSErrorResponse.requestID())
  return response
}
