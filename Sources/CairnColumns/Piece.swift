// SPDX-License-Identifier: Apache-2.0

/// The rows of one dataset inside a piece, contiguous and in order of time.
public struct DatasetRun: Sendable, Hashable {
  public var environment: String
  public var dataset: String
  public var rows: Range<Int>
  public var minimumUnixNanoseconds: Int64
  public var maximumUnixNanoseconds: Int64

  public init(environment: String, dataset: String, rows: Range<Int>, minimumUnixNanoseconds: Int64, maximumUnixNanoseconds: Int64) {
    self.environment = environment
    self.dataset = dataset
    self.rows = rows
    self.minimumUnixNanoseconds = minimumUnixNanoseconds
    self.maximumUnixNanoseconds = maximumUnixNanoseconds
  }
}

/// Why a column of a piece cannot be read: the file, the place and the reason.
public struct PieceError: Error, Sendable, Hashable {
  public var file: String
  public var offset: Int
  public var reason: String

  public init(file: String, offset: Int, reason: String) {
    self.file = file
    self.offset = offset
    self.reason = reason
  }
}

/// An immutable run of events that can be scanned: a sealed segment, or a snapshot of the head. All that the engine knows of storage.
///
/// Rows are sorted by (environment, dataset, time): `runs` lists them in order and covers all rows. May be called from any thread.
public protocol Piece: AnyObject, Sendable {
  var rowCount: Int { get }
  var runs: [DatasetRun] { get }
  /// The columns with the number of rows that have a value, sorted by key; `ColumnKey.time` among them.
  var columns: [(key: ColumnKey, presentCount: Int)] { get }
  /// True for a sealed segment: its columns never change and may be cached by identity.
  var isSealed: Bool { get }
  /// The column in memory, decoded and kept if it was not; nil where the piece has none. Cost when cold: O(rows).
  func column(_ key: ColumnKey) throws(PieceError) -> ScanColumn?
  /// The values of a column without its rows, kept if they were not in memory: what is none of them no row has. Nil where this is no less
  /// work than the column, or where it cannot be read. Cost when cold: O(values).
  func dictionary(_ key: ColumnKey) -> ValueDictionary?
}

extension Piece {
  public func dictionary(_ key: ColumnKey) -> ValueDictionary? { nil }
}
