// SPDX-License-Identifier: Apache-2.0
public import CairnPlan

/// Finds the services whose faults left the band that their past made, and follows what was found until it is calm again.
///
/// Pure: given the graph of the last hour in buckets and the insights that are open, it says what they become. One evaluation looks at the
/// last bucket. Of the services that are anomalous in it, one that calls no other anomalous one is a root cause: an open insight with that
/// cause goes on, one whose cause moved down to it takes it over, else one is opened. An insight closes after `calmCountMax` buckets in
/// a row in which its cause stayed inside the band that it had when the insight opened.
public struct InsightWatch: Sendable {
  /// Fewer buckets of a past are no past.
  public static let pastCountMin = 5
  /// Fewer faults in a bucket are no news.
  public static let faultCountMin: Int64 = 3
  public static let calmCountMax = 3
  public static let stepNanoseconds: Int64 = 60_000_000_000
  public static let pastNanoseconds: Int64 = 3_600_000_000_000

  private struct Anomaly {
    var node: Int
    var band: FaultBand
    var excess: Double
  }
  private let graph: ServiceGraphAnswer
  /// The start of the bucket that is judged.
  private let bucketUnixNanoseconds: Int64

  /// `graph` in buckets of `stepNanoseconds`, of which the one that starts at `bucketUnixNanoseconds` is over.
  public init(_ graph: ServiceGraphAnswer, bucketUnixNanoseconds: Int64) {
    self.graph = graph
    self.bucketUnixNanoseconds = bucketUnixNanoseconds
  }

  /// What the open insights become, newly opened ones among them, with the event that each gained. Ids of new ones come from `makeID`.
  public func evaluate(_ open: [Insight], makeID: () -> String) -> [(insight: Insight, event: Insight.Event)] {
    let anomalies = findAnomalies()
    let causes = rootCauses(anomalies)
    var left = causes
    var results: [(Insight, Insight.Event)] = []
    for insight in open {
      let own = graph.nodes.firstIndex { $0.identity == insight.rootCause }
      var next = insight
      if let place = left.firstIndex(where: { continues(insight, own, $0, anomalies) }) {
        next.rootCause = graph.nodes[left[place].node].identity
        if next.rootCause != insight.rootCause { next.baseline = left[place].band }
        left.remove(at: place)
      }
      results.append(update(next, anomalies))
    }
    for cause in left {
      let insight = Insight(
        id: makeID(), startUnixNanoseconds: bucketUnixNanoseconds, endUnixNanoseconds: nil, updatedUnixNanoseconds: bucketUnixNanoseconds,
        rootCause: graph.nodes[cause.node].identity, summary: "", anomalous: [], baseline: cause.band)
      results.append(update(insight, anomalies))
    }
    return results
  }

  private func bucket(_ buckets: [CallBucket]) -> CallStatistics? {
    buckets.last { $0.startUnixNanoseconds == bucketUnixNanoseconds }?.statistics
  }

  private func findAnomalies() -> [Anomaly] {
    var found: [Anomaly] = []
    for (index, node) in graph.nodes.enumerated() {
      guard let last = bucket(node.buckets), last.faultCount >= Self.faultCountMin else { continue }
      var band = FaultBand()
      for past in node.buckets where past.startUnixNanoseconds < bucketUnixNanoseconds {
        band.add(faultCount: past.statistics.faultCount, totalCount: past.statistics.totalCount)
      }
      guard band.bucketCount >= Self.pastCountMin, last.faultCount > band.counts(of: last.totalCount).upperBound else { continue }
      found.append(Anomaly(node: index, band: band, excess: Double(last.faultCount) - band.expectedRate * Double(last.totalCount)))
    }
    return found.sorted { $0.excess > $1.excess }
  }

  /// Anomalous services that reach no other one by calls.
  private func rootCauses(_ anomalies: [Anomaly]) -> [Anomaly] {
    let nodes = Set(anomalies.map(\.node))
    return anomalies.filter { (anomaly) in
      reachable(from: anomaly.node).isDisjoint(with: nodes.subtracting([anomaly.node]))
        || isFirstOfCircle(anomaly, anomalies)
    }
  }

  /// Of anomalous services that call each other in a circle the most surprising one is taken.
  private func isFirstOfCircle(_ anomaly: Anomaly, _ anomalies: [Anomaly]) -> Bool {
    let below = reachable(from: anomaly.node)
    let others = anomalies.filter { $0.node != anomaly.node && below.contains($0.node) }
    guard others.allSatisfy({ reachable(from: $0.node).contains(anomaly.node) }) else { return false }
    return others.allSatisfy { $0.excess < anomaly.excess || ($0.excess == anomaly.excess && $0.node > anomaly.node) }
  }

  private func reachable(from node: Int) -> Set<Int> {
    var found: Set<Int> = []
    var pending = [node]
    while let next = pending.popLast() {
      for edge in graph.edges where edge.source == next {
        if found.insert(edge.target).inserted { pending.append(edge.target) }
      }
    }
    found.remove(node)
    return found
  }

  /// The same cause, or one further down the calls of a cause that is still anomalous.
  private func continues(_ insight: Insight, _ own: Int?, _ cause: Anomaly, _ anomalies: [Anomaly]) -> Bool {
    if graph.nodes[cause.node].identity == insight.rootCause { return true }
    guard let own, anomalies.contains(where: { $0.node == own }) else { return false }
    return reachable(from: own).contains(cause.node)
  }

  private func update(_ insight: Insight, _ anomalies: [Anomaly]) -> (Insight, Insight.Event) {
    var next = insight
    let node = graph.nodes.first { $0.identity == insight.rootCause }
    let last = node.flatMap { bucket($0.buckets) } ?? CallStatistics()
    next.rootCauseRequests.add(last)
    for edge in graph.edges where edge.source == nil { if let own = bucket(edge.buckets) { next.clients.add(own) } }
    let isCalm = last.faultCount <= insight.baseline.counts(of: last.totalCount).upperBound || last.faultCount < Self.faultCountMin
    next.calmCount = isCalm ? insight.calmCount + 1 : 0
    next.updatedUnixNanoseconds = bucketUnixNanoseconds + Self.stepNanoseconds
    let names = anomalies.map { graph.nodes[$0.node].identity }
    for identity in names where !next.anomalous.contains(identity) { next.anomalous.append(identity) }
    let text: String
    if next.calmCount >= Self.calmCountMax {
      next.endUnixNanoseconds = next.updatedUnixNanoseconds
      text = "\(insight.rootCause.name) is back within its expected faults."
    } else if isCalm {
      text = "\(insight.rootCause.name) had \(last.faultCount) faults in \(last.totalCount) requests, which is expected."
    } else {
      let expected = (insight.baseline.expectedRate * 1000).rounded() / 10
      text = "\(insight.rootCause.name) had \(last.faultCount) faults in \(last.totalCount) requests; \(expected) % are expected."
    }
    let total = next.rootCauseRequests
    next.summary =
      "\(insight.rootCause.name) failed in \(total.faultCount) of \(total.totalCount) requests, "
      + "\(next.clients.faultCount) of \(next.clients.totalCount) requests of clients failed."
    let event = Insight.Event(
      unixNanoseconds: next.updatedUnixNanoseconds, summary: text, clients: next.clients, rootCauseRequests: next.rootCauseRequests,
      anomalous: names)
    return (next, event)
  }
}
