// SPDX-License-Identifier: Apache-2.0

/// What a check of a data folder found.
public struct FsckReport: Sendable {
  /// A place whose bytes are not what was written.
  public struct Place: Sendable, Hashable {
    public var file: String
    /// Where it begins, in bytes from the start of the file.
    public var offset: Int
    /// Events that cannot be read, or of which one field cannot; 0 where that is unknown.
    public var rowCount: Int
    public var reason: String
  }

  /// A file that no event needs, and why it is there.
  public struct Leftover: Sendable, Hashable {
    public var file: String
    public var byteCount: Int
    public var reason: String
  }

  /// The bytes of one column over all segments.
  public struct Column: Sendable, Hashable {
    public var name: String
    public var byteCount: Int
  }

  public var segmentCount = 0
  public var journalCount = 0
  /// Events in segments.
  public var eventCount = 0
  /// Accepted requests in journals that no segment covers yet.
  public var requestCount = 0
  public var byteCount = 0
  public var damage: [Place] = []
  public var leftovers: [Leftover] = []
  /// Sorted by size, greatest first.
  public var columns: [Column] = []
  /// True where a running Cairn holds the folder: files may have come and gone during the check.
  public var isInUse = false

  /// True if every byte that an event needs was read and is what was written.
  public var isClean: Bool { damage.isEmpty }
}
