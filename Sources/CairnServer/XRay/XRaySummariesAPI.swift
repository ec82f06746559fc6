// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCatalog
import CairnColumns
import CairnFormats
import CairnPlan
import CairnXRay
import NIOHTTP1

/// `GetTraceSummaries`: traces by a filter expression, newest first, a page at a time.
struct XRaySummariesAPI: Sendable {
  let state: ServerState
  let groups: XRayGroups
  static let pageCount = 100
  /// One page looks at no more candidates than this, so that an answer comes even where few pass; the next page goes on.
  static let lookedAtMax = 4_000

  var routes: [Route] {
    [
      Route.xray("/TraceSummaries", .query) { (call) async throws(Refusal) in try await summaries(call.exchange) }
    ]
  }

  private func summaries(_ exchange: Exchange) async throws(Refusal) -> Response {
    let question = try XRayQuestion(exchange)
    var search = TraceFinder(
      state: state, environment: exchange.environment, time: try question.time(),
      expression: try groups.resolved(try XRayQuestion.expression(try question.text("FilterExpression")), exchange))
    search.kind = try kind(question)
    search.after = try Self.place(try question.text("NextToken"))
    search.sampling = try sampling(question)
    let page = try await search.page(limit: Self.pageCount, lookedAtMax: Self.lookedAtMax)
    let isMatched = search.kind != .traceID
    // Two halves at once: a page may be some megabytes.
    async let first = Self.written(page.found[..<(page.found.count / 2)], isMatched: isMatched)
    let second = await Self.written(page.found[(page.found.count / 2)...], isMatched: isMatched)
    let halves = await [first, second].filter { !$0.isEmpty }
    return xrayResponse(reserving: halves.reduce(1_024) { $0 + $1.count }) { (writer) in
      writer.key("TraceSummaries")
      writer.beginArray()
      for half in halves { writer.raw(half) }
      writer.endArray()
      writer.member("ApproximateTime", Double(page.oldestUnixNanoseconds) / 1e9)
      writer.member("TracesProcessedCount", page.lookedAtCount)
      if let next = page.next { writer.member("NextToken", Self.token(next)) }
    }
  }

  /// The summaries of some traces with commas between them.
  private static func written(_ found: ArraySlice<TraceFinder.Found>, isMatched: Bool) async -> [UInt8] {
    var writer = JSONWriter(reserving: 65_536)
    writer.beginArray()
    for found in found {
      XRayTraceSummary(found.story, matchedUnixNanoseconds: isMatched ? found.place.unixNanoseconds : nil).write(&writer)
    }
    writer.endArray()
    return Array(writer.finish().dropFirst().dropLast())
  }

  private func kind(_ question: XRayQuestion) throws(Refusal) -> TraceFinder.Kind {
    switch try question.text("TimeRangeType") ?? "TraceId" {
    case "TraceId": return .traceID
    case "Event": return .event
    case "Service": return .service
    case let other: throw XRayQuestion.invalid("TimeRangeType must be TraceId, Event or Service, not '\(other.prefix(40))'.")
    }
  }

  private func sampling(_ question: XRayQuestion) throws(Refusal) -> TraceFinder.Sampling {
    guard try question.boolean("Sampling") ?? false else { return .none }
    guard let strategy = question.body["SamplingStrategy"], strategy != .null else { return .partialScan }
    let value = strategy["Value"]?.number ?? 1
    switch strategy["Name"]?.string ?? "PartialScan" {
    case "PartialScan": return .partialScan
    case "FixedRate":
      guard value > 0, value <= 1 else { throw XRayQuestion.invalid("SamplingStrategy.Value must be more than 0 and at most 1.") }
      return .fixedRate(value)
    case let other: throw XRayQuestion.invalid("SamplingStrategy.Name must be PartialScan or FixedRate, not '\(other.prefix(40))'.")
    }
  }

  static func token(_ place: TraceCandidatePlan.Place) -> String { "t\(place.unixNanoseconds)-\(place.traceID.hex)" }

  static func place(_ token: String?) throws(Refusal) -> TraceCandidatePlan.Place? {
    guard let token else { return nil }
    let parts = token.dropFirst().split(separator: "-")
    guard token.hasPrefix("t"), parts.count == 2, let time = Int64(parts[0]), parts[1].utf8.count == 32, let id = TraceID(String(parts[1]))
    else { throw XRayQuestion.invalid("The NextToken is invalid.") }
    return TraceCandidatePlan.Place(unixNanoseconds: time, traceID: id)
  }
}
