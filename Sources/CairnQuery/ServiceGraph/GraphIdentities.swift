// SPDX-License-Identifier: Apache-2.0
internal import CairnPlan

/// The identities that all tasks met, numbered once, and what turns the tasks' tallies into an answer.
struct GraphIdentities: Sendable {
  private typealias Answer = ServiceGraphAnswer
  /// Identity n has the number n + 1.
  private var identities: [ServiceGraphAnswer.Identity] = []
  /// By task: its numbers to the shared ones, 0 to 0.
  private(set) var services: [[UInt32]] = []
  private(set) var callees: [[UInt32]] = []
  /// By shared number: the number of the same name without a type.
  private(set) var plain: [UInt32] = [0]

  init(_ readers: [GraphReader]) {
    var known: [ServiceGraphAnswer.Identity: UInt32] = [:]
    func map(_ own: [ServiceGraphAnswer.Identity]) -> [UInt32] {
      var map: [UInt32] = [0]
      for identity in own {
        let number = known[identity] ?? UInt32(identities.count + 1)
        if Int(number) > identities.count {
          identities.append(identity)
          known[identity] = number
        }
        map.append(number)
      }
      return map
    }
    defer {
      var index = 0
      while index < identities.count {
        plain.append(map([ServiceGraphAnswer.Identity(name: identities[index].name, type: nil)])[1])
        index += 1
      }
    }
    for reader in readers {
      services.append(map(reader.services.identities))
      callees.append(map(reader.callees.identities))
    }
  }

  func answer(_ tallies: GraphTallies, _ granularity: Int64?, _ info: ReadingInfo) -> ServiceGraphAnswer {
    var numbers = Set<UInt32>()
    for key in tallies.own.keys + tallies.inferred.keys { numbers.insert(UInt32(truncatingIfNeeded: key)) }
    for key in tallies.edges.keys {
      let source = Self.source(key)
      if source != 0 { numbers.insert(source) }
      numbers.insert(UInt32(truncatingIfNeeded: key))
    }
    let ordered = numbers.filter { $0 > 0 }.sorted { identities[Int($0) - 1] < identities[Int($1) - 1] }
    var indices: [UInt32: Int] = [:]
    for (index, number) in ordered.enumerated() { indices[number] = index }
    let nodes = ordered.map { node($0, tallies, granularity) }
    let edges = zip(tallies.edges.keys, tallies.edges.parts).compactMap { (key, part) -> ServiceGraphAnswer.Edge? in
      guard let target = indices[UInt32(truncatingIfNeeded: key)] else { return nil }
      return ServiceGraphAnswer.Edge(
        source: indices[Self.source(key)], target: target, isQueued: key & GraphTallies.queuedBit != 0,
        startUnixNanoseconds: part.tally.startUnixNanoseconds, endUnixNanoseconds: part.tally.endUnixNanoseconds,
        statistics: part.tally.statistics, histogram: part.tally.cells.histogram, ageHistogram: part.ages.histogram,
        aliases: part.aliases.map { identities[Int($0) - 1] }.sorted(), buckets: Self.buckets(part, granularity))
    }
    let sorted = edges.sorted { ($0.source ?? -1, $0.target, $0.isQueued ? 1 : 0) < ($1.source ?? -1, $1.target, $1.isQueued ? 1 : 0) }
    return ServiceGraphAnswer(nodes: nodes, edges: sorted, traceCount: tallies.traceCount, info: info)
  }

  private static func source(_ key: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: (key & ~GraphTallies.queuedBit) >> 32) }

  private func node(_ number: UInt32, _ tallies: GraphTallies, _ granularity: Int64?) -> ServiceGraphAnswer.Node {
    let own = tallies.own[UInt64(number)]
    let part = own ?? tallies.inferred[UInt64(number)] ?? GraphParts.Part()
    let times = part.tally.isEmpty ? edgeTimes(number, tallies) : (part.tally.startUnixNanoseconds, part.tally.endUnixNanoseconds)
    return ServiceGraphAnswer.Node(
      identity: identities[Int(number) - 1], isInferred: own == nil && tallies.inferred[UInt64(number)] != nil,
      isRoot: tallies.roots.contains(number), startUnixNanoseconds: times.0, endUnixNanoseconds: times.1,
      statistics: part.tally.statistics, histogram: part.tally.cells.histogram, buckets: Self.buckets(part, granularity))
  }

  /// For a node that counted nothing itself, such as a caller whose own request lies outside the time: when its edges were used.
  private func edgeTimes(_ number: UInt32, _ tallies: GraphTallies) -> (Int64, Int64) {
    var start = Int64.max
    var end = Int64.min
    for (key, part) in zip(tallies.edges.keys, tallies.edges.parts) where Self.source(key) == number || UInt32(truncatingIfNeeded: key) == number {
      start = min(start, part.tally.startUnixNanoseconds)
      end = max(end, part.tally.endUnixNanoseconds)
    }
    return start <= end ? (start, end) : (0, 0)
  }

  private static func buckets(_ part: GraphParts.Part, _ granularity: Int64?) -> [CallBucket] {
    guard let granularity else { return [] }
    return part.buckets.sorted { $0.key < $1.key }.map {
      CallBucket(startUnixNanoseconds: $0.key * granularity, statistics: $0.value.statistics, histogram: $0.value.cells.histogram)
    }
  }
}
