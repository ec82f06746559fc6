// SPDX-License-Identifier: Apache-2.0

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
  /// Further figures for `/metrics`, by name without the prefix: `journal_sync_seconds_sum`.
  public var figures: [String: Double] = [:]

  public init() {}
}
