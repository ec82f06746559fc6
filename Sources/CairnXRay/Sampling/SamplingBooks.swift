// SPDX-License-Identifier: Apache-2.0

/// What clients report of each rule, and what each may take: the reservoir of a rule is shared among the clients that are alive.
///
/// A client is alive for three intervals after its last report. A grant never makes the grants that still hold exceed the reservoir: a client
/// that comes anew gets what the others leave, and its share as they report again. Times are Unix seconds; pure, for one owner.
public struct SamplingBooks: Sendable {
  /// One client's report about one rule (`SamplingStatisticsDocument`).
  public struct Report: Sendable, Hashable {
    public var rule: String
    public var client: String
    public var requestCount: Int64
    public var sampledCount: Int64
    public var borrowCount: Int64

    public init(rule: String, client: String, requestCount: Int64, sampledCount: Int64, borrowCount: Int64) {
      self.rule = rule
      self.client = client
      self.requestCount = requestCount
      self.sampledCount = sampledCount
      self.borrowCount = borrowCount
    }
  }

  /// The counts of one rule in one window.
  public struct Window: Sendable, Hashable {
    public var startUnixSeconds: Int64
    public var requestCount: Int64 = 0
    public var sampledCount: Int64 = 0
    public var borrowCount: Int64 = 0
  }

  /// What a client may take a second, and until when.
  public struct Grant: Sendable, Hashable {
    public var quota: Int64
    public var endUnixSeconds: Int64
  }

  /// The rate to which a rule rises, and until when.
  public struct BoostGrant: Sendable, Hashable {
    public var rate: Double
    public var endUnixSeconds: Int64
  }

  private struct Client: Sendable {
    var lastSeen: Int64
    var grant: Grant
    var demand: Int64
  }
  private struct Entry: Sendable {
    var clients: [String: Client] = [:]
    var windows: [Window] = []
    var boostEnd: Int64 = 0
    var boostRest: Int64 = 0
  }
  private var entries: [String: Entry] = [:]

  /// How often clients report.
  public static let intervalSeconds: Int64 = 10
  private static let lifeSeconds = 3 * intervalSeconds
  private static let boostSeconds: Int64 = 60
  /// An hour of windows.
  private static let windowCountMax = 360
  private static let clientCountMax = 10_000
  private static let ruleCountMax = 2_000

  public init() {}

  /// Enters a report and grants the client its share of the reservoir. O(clients of the rule).
  public mutating func take(_ report: Report, reservoir: Int64, now: Int64) -> Grant {
    if entries.count >= Self.ruleCountMax, entries[report.rule] == nil { return Grant(quota: 0, endUnixSeconds: now) }
    var entry = entries[report.rule] ?? Entry()
    add(report, to: &entry, now: now)
    if entry.clients.contains(where: { $0.value.lastSeen + Self.lifeSeconds < now }) {
      entry.clients = entry.clients.filter { $0.value.lastSeen + Self.lifeSeconds >= now }
    }
    let isKnown = entry.clients[report.client] != nil
    guard isKnown || entry.clients.count < Self.clientCountMax else {
      // What it reports counts, even if nothing is left for it.
      entries[report.rule] = entry
      return Grant(quota: 0, endUnixSeconds: now)
    }
    var taken: Int64 = 0
    for (id, client) in entry.clients where id != report.client && client.grant.endUnixSeconds > now { taken += client.grant.quota }
    let grant = Grant(
      quota: max(0, min(share(of: report.client, demand: report.requestCount, entry, reservoir), reservoir - taken)),
      endUnixSeconds: now + 2 * Self.intervalSeconds)
    entry.clients[report.client] = Client(lastSeen: now, grant: grant, demand: max(report.requestCount, 1))
    entries[report.rule] = entry
    return grant
  }

  /// The client's part by its share of all requests; what does not divide goes to the clients by their ids, one each.
  private func share(of client: String, demand: Int64, _ entry: Entry, _ reservoir: Int64) -> Int64 {
    let own = max(demand, 1)
    var total = min(own, 1 << 40)
    for (id, other) in entry.clients where id != client { total &+= min(other.demand, 1 << 40) }
    guard total > 0, reservoir > 0 else { return 0 }
    func part(_ demand: Int64) -> Int64 { Int64(Double(reservoir) * Double(min(demand, 1 << 40)) / Double(total)) }
    var (left, place) = (reservoir - part(own), Int64(0))
    for (id, other) in entry.clients where id != client {
      left -= part(other.demand)
      if id < client { place += 1 }
    }
    return part(own) + (place < left ? 1 : 0)
  }

  private func add(_ report: Report, to entry: inout Entry, now: Int64) {
    let start = now - now % Self.intervalSeconds
    if entry.windows.last?.startUnixSeconds != start {
      entry.windows.append(Window(startUnixSeconds: start))
      if entry.windows.count > Self.windowCountMax { entry.windows.removeFirst() }
    }
    let last = entry.windows.count - 1
    entry.windows[last].requestCount &+= report.requestCount
    entry.windows[last].sampledCount &+= report.sampledCount
    entry.windows[last].borrowCount &+= report.borrowCount
  }

  /// The boost that a rule gets for these anomalies: its rate and its end; nil for none. While it rests it gets none.
  public mutating func boost(
    _ rule: String, _ boost: SamplingRule.Boost, anomalyCount: Int64, sampledAnomalyCount: Int64, now: Int64
  ) -> BoostGrant? {
    var entry = entries[rule] ?? Entry()
    if now < entry.boostEnd { return BoostGrant(rate: boost.maximumRate, endUnixSeconds: entry.boostEnd) }
    guard anomalyCount > sampledAnomalyCount, now >= entry.boostRest else { return nil }
    entry.boostEnd = now + Self.boostSeconds
    entry.boostRest = entry.boostEnd + boost.cooldownMinutes * 60
    entries[rule] = entry
    return BoostGrant(rate: boost.maximumRate, endUnixSeconds: entry.boostEnd)
  }

  /// The windows of every rule that anybody reported on, oldest first.
  public var windows: [(rule: String, windows: [Window])] {
    entries.map { ($0.key, $0.value.windows) }.sorted { $0.rule < $1.rule }
  }

  /// The clients of a rule that are alive.
  public func clientCount(_ rule: String, now: Int64) -> Int {
    entries[rule]?.clients.values.count { $0.lastSeen + Self.lifeSeconds >= now } ?? 0
  }

  /// How many requests one kept request of a rule stands for, over the last minute of reports; 1 where nothing was reported.
  public func weight(_ rule: String, now: Int64) -> Int64 {
    guard let windows = entries[rule]?.windows.suffix(7).filter({ $0.startUnixSeconds + 70 > now }) else { return 1 }
    let requests = windows.reduce(0) { $0 &+ $1.requestCount }
    let kept = windows.reduce(0) { $0 &+ $1.sampledCount &+ $1.borrowCount }
    guard kept > 0, requests > kept else { return 1 }
    return min(Int64((Double(requests) / Double(kept)).rounded()), 1_000_000)
  }

  /// The rules, by name, whose kept requests stand for more than one.
  public func weights(now: Int64) -> [String: Int64] {
    var found: [String: Int64] = [:]
    for rule in entries.keys {
      let weight = weight(rule, now: now)
      if weight > 1 { found[rule] = weight }
    }
    return found
  }
}
