// SPDX-License-Identifier: Apache-2.0
public import CairnPlan

/// What the store says of itself, for `/api/cairn/status` and `/metrics`.
public struct StoreStatus: Sendable, Hashable {
  /// A damaged range that answers leave out.
  public struct Quarantined: Sendable, Hashable {
    public var file: String
    public var offset: Int
    public var rowCount: Int
    public var reason: String

    public init(file: String, offset: Int, rowCount: Int, reason: String) {
      self.file = file
      self.offset = offset
      self.rowCount = rowCount
      self.reason = reason
    }
  }
  public var eventCount = 0
  public var headEventCount = 0
  public var segmentCount = 0
  public var diskBytes = 0
  public var memoryBytes = 0
  /// `accepting`, or a word for why not.
  public var ingestState = "accepting"
  public var ingestReason: String?
  public var quarantined: [Quarantined] = []
  /// Further figures of this moment, by name without the prefix and with their help.
  public var gauges: [Named<Double>] = []
  /// Sums since the start.
  public var counters: [Named<Double>] = []
  public var durations: [Named<DurationHistogram>] = []
  /// Requests refused since the start, by cause.
  public var refusedCounts: [String: Int] = [:]

  /// A figure with its name (`heads_waiting`) and what it means.
  public struct Named<Value: Sendable & Hashable>: Sendable, Hashable {
    public var name: String
    public var help: String
    public var value: Value

    public init(_ name: String, _ help: String, _ value: Value) {
      self.name = name
      self.help = help
      self.value = value
    }
  }

  public init() {}
}
