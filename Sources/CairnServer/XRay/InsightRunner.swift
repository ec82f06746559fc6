// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnPlan
import CairnXRay
import Logging
import Synchronization

/// Looks once a minute at the faults of every group that wants insights, and keeps what `InsightWatch` says.
///
/// A bucket is judged some seconds after its end, so that spans which are sent in batches have come. What was missed while the server was
/// down is not made up for: the next evaluation judges the last bucket. The clock is the server's, so tests bring their own.
final class InsightRunner: Sendable {
  private let state: ServerState
  private let groups: XRayGroups
  private let judged = Mutex<Int64>(0)
  private static let delayNanoseconds: Int64 = 15_000_000_000
  private static let keptNanoseconds: Int64 = 30 * 86_400_000_000_000

  init(state: ServerState) {
    self.state = state
    groups = XRayGroups(state: state)
  }

  /// Judges the last bucket that is over, unless it was judged before. Cheap where there is nothing to do.
  func tick() async {
    guard !state.isDraining else { return }
    let bucket = Self.bucket(at: state.parts.clock.unixNanoseconds())
    let isNew = judged.withLock { (judged) in
      guard bucket > judged else { return false }
      judged = bucket
      return true
    }
    if isNew { await judge(bucket) }
  }

  /// The start of the last bucket that is over at a time.
  private static func bucket(at unixNanoseconds: Int64) -> Int64 {
    let step = InsightWatch.stepNanoseconds
    return (unixNanoseconds - delayNanoseconds) / step * step - step
  }

  /// Judges what was the last bucket at a time, whatever was judged before: for tests, which have no hour to wait.
  func evaluate(atUnixNanoseconds now: Int64) async { await judge(Self.bucket(at: now)) }

  private func judge(_ bucket: Int64) async {
    for environment in environments() {
      guard let all = try? groups.all(environment) else { continue }
      for group in all where group.hasInsights { await evaluate(group, bucket) }
    }
    _ = try? groups.catalog { (catalog) throws(CatalogError) in try catalog.removeXRayInsights(before: bucket - Self.keptNanoseconds) }
  }

  private func environments() -> [String] {
    let catalog = state.parts.catalog
    let grouped = (try? catalog.xrayGroupEnvironments()) ?? []
    return catalog.environments.union(grouped).sorted()
  }

  private func evaluate(_ group: XRayGroup, _ bucket: Int64) async {
    let end = bucket + InsightWatch.stepNanoseconds
    let time = TimeRange(startUnixNanoseconds: end - InsightWatch.pastNanoseconds, endUnixNanoseconds: end)
    do throws(Refusal) {
      let graph = try await GraphFinder(state: state, environment: group.environment).graph(
        time, try groups.expression(group), stepNanoseconds: InsightWatch.stepNanoseconds)
      let open = try groups.catalog { (catalog) throws(CatalogError) in
        try catalog.xrayInsights(environment: group.environment, group: group.name, from: end, to: .max)
      }.filter { $0.endUnixNanoseconds == nil }.compactMap { Insight($0) }
      let results = InsightWatch(graph, bucketUnixNanoseconds: bucket).evaluate(open) { AWSErrorResponse.uniqueID() }
      for (insight, event) in results {
        let record = XRayInsightRecord(
          id: insight.id, environment: group.environment, group: group.name, startUnixNanoseconds: insight.startUnixNanoseconds,
          endUnixNanoseconds: insight.endUnixNanoseconds, updatedUnixNanoseconds: insight.updatedUnixNanoseconds,
          details: text(insight.details))
        let eventText = text(event.details)
        try groups.catalog { (catalog) throws(CatalogError) in
          try catalog.saveXRayInsight(record, eventTime: event.unixNanoseconds, eventDetails: eventText)
        }
      }
    } catch {
      // Whoever stops the server stops the question too: that is no news.
      guard error.kind != .cancelled, !state.isDraining else { return }
      state.logger.warning("insights of group \(group.name) were not evaluated: \(error.reason)")
    }
  }

  private func text(_ json: JSONValue) -> String { String(decoding: json.bytes, as: UTF8.self) }
}

extension AWSErrorResponse {
  /// A random UUID of version 4, as insights are known by.
  static func uniqueID() -> String {
    var text = Array(requestID())
    text[14] = "4"
    text[19] = "a"
    return String(text)
  }
}
