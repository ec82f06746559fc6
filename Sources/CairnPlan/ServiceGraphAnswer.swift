// SPDX-License-Identifier: Apache-2.0

/// Calls counted by how they ended and how long they took; weighted by sample rate.
public struct CallStatistics: Sendable, Hashable {
  /// Neither fault nor error; then faults, throttled calls (errors too) and the other errors.
  public var okCount: Int64 = 0
  public var faultCount: Int64 = 0
  public var throttleCount: Int64 = 0
  public var otherErrorCount: Int64 = 0
  public var durationSeconds = 0.0

  public init() {}

  public var errorCount: Int64 { throttleCount + otherErrorCount }
  public var totalCount: Int64 { okCount + faultCount + errorCount }

  /// Adds what another has.
  public mutating func add(_ other: CallStatistics) {
    okCount += other.okCount
    faultCount += other.faultCount
    throttleCount += other.throttleCount
    otherErrorCount += other.otherErrorCount
    durationSeconds += other.durationSeconds
  }
}

/// How many calls took about so long, by ascending length. A cell is at most 3.2 % wide and told by the mean of its calls.
public struct CallHistogram: Sendable, Hashable {
  public var cells: [(seconds: Double, count: Int64)]

  public init(cells: [(seconds: Double, count: Int64)] = []) { self.cells = cells }

  public static func == (left: CallHistogram, right: CallHistogram) -> Bool {
    left.cells.elementsEqual(right.cells) { $0.seconds == $1.seconds && $0.count == $1.count }
  }

  public func hash(into hasher: inout Hasher) {
    for cell in cells {
      hasher.combine(cell.seconds)
      hasher.combine(cell.count)
    }
  }

  /// The length that so many per mille of the calls stay below or at; nil where there are none.
  public func percentile(perMille: Int) -> Double? {
    let total = cells.reduce(0) { $0 + $1.count }
    guard total > 0 else { return nil }
    let rank = max(1, (total * Int64(perMille) + 999) / 1000)
    var seen: Int64 = 0
    for cell in cells {
      seen += cell.count
      if seen >= rank { return cell.seconds }
    }
    return cells.last?.seconds
  }
}

/// One time bucket of a node or an edge.
public struct CallBucket: Sendable, Hashable {
  public var startUnixNanoseconds: Int64
  public var statistics: CallStatistics
  public var histogram: CallHistogram

  public init(startUnixNanoseconds: Int64, statistics: CallStatistics, histogram: CallHistogram) {
    self.startUnixNanoseconds = startUnixNanoseconds
    self.statistics = statistics
    self.histogram = histogram
  }
}

/// The services and the calls between them.
public struct ServiceGraphAnswer: Sendable, Hashable {
  /// What a node is known by.
  public struct Identity: Sendable, Hashable, Comparable {
    public var name: String
    public var type: String?

    public init(name: String, type: String?) {
      self.name = name
      self.type = type
    }

    public static func < (left: Identity, right: Identity) -> Bool { (left.name, left.type ?? "") < (right.name, right.type ?? "") }
  }

  public struct Node: Sendable, Hashable {
    public var identity: Identity
    /// It sent nothing itself: what is known comes from its callers.
    public var isInferred: Bool
    /// Some traces begin here.
    public var isRoot: Bool
    public var startUnixNanoseconds: Int64
    public var endUnixNanoseconds: Int64
    public var statistics: CallStatistics
    public var histogram: CallHistogram
    /// By ascending time, only buckets with calls; empty without a granularity.
    public var buckets: [CallBucket]

    public init(
      identity: Identity, isInferred: Bool, isRoot: Bool, startUnixNanoseconds: Int64, endUnixNanoseconds: Int64,
      statistics: CallStatistics, histogram: CallHistogram, buckets: [CallBucket]
    ) {
      self.identity = identity
      self.isInferred = isInferred
      self.isRoot = isRoot
      self.startUnixNanoseconds = startUnixNanoseconds
      self.endUnixNanoseconds = endUnixNanoseconds
      self.statistics = statistics
      self.histogram = histogram
      self.buckets = buckets
    }
  }

  public struct Edge: Sendable, Hashable {
    /// Index of the calling node; nil for the clients outside, from whom traces begin.
    public var source: Int?
    public var target: Int
    /// Through a queue: from the queue's node to who took the message.
    public var isQueued: Bool
    public var startUnixNanoseconds: Int64
    public var endUnixNanoseconds: Int64
    /// As the caller saw the calls.
    public var statistics: CallStatistics
    public var histogram: CallHistogram
    /// For queued edges: how long messages waited.
    public var ageHistogram: CallHistogram
    /// Other names by which the caller called the target.
    public var aliases: [Identity]
    public var buckets: [CallBucket]

    public init(
      source: Int?, target: Int, isQueued: Bool, startUnixNanoseconds: Int64, endUnixNanoseconds: Int64, statistics: CallStatistics,
      histogram: CallHistogram, ageHistogram: CallHistogram, aliases: [Identity], buckets: [CallBucket]
    ) {
      self.source = source
      self.target = target
      self.isQueued = isQueued
      self.startUnixNanoseconds = startUnixNanoseconds
      self.endUnixNanoseconds = endUnixNanoseconds
      self.statistics = statistics
      self.histogram = histogram
      self.ageHistogram = ageHistogram
      self.aliases = aliases
      self.buckets = buckets
    }
  }

  /// By name, then type.
  public var nodes: [Node]
  /// By source, then target; those of the outside clients first.
  public var edges: [Edge]
  /// How many traces took part.
  public var traceCount: Int
  public var info: ReadingInfo

  public init(nodes: [Node], edges: [Edge], traceCount: Int, info: ReadingInfo) {
    self.nodes = nodes
    self.edges = edges
    self.traceCount = traceCount
    self.info = info
  }
}
