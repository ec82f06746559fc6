// SPDX-License-Identifier: Apache-2.0

/// A lookup table: comma-separated values whose first line names the columns (RFC 4180).
public struct InsightsTable: Sendable, Hashable {
  public static let byteCountMax = 10 << 20
  public static let columnCountMax = 1000

  public private(set) var columns: [String] = []
  public private(set) var rows: [[String]] = []

  /// Reads the text; throws with a reason in words.
  public init(parsing text: String) throws(InsightsError) {
    guard text.utf8.count <= Self.byteCountMax else { throw InsightsError("a lookup table is at most 10 MB", 0, 0) }
    var cells: [String] = []
    var cell: [UInt8] = []
    var isQuoted = false
    var wasQuoted = false
    var bytes = Array(text.utf8)[...]
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes = bytes.dropFirst(3) }
    while let byte = bytes.popFirst() {
      switch byte {
      case 0x22 where isQuoted:
        if bytes.first == 0x22 {
          cell.append(0x22)
          bytes.removeFirst()
        } else {
          isQuoted = false
        }
      case _ where isQuoted: cell.append(byte)
      case 0x22 where cell.isEmpty && !wasQuoted: (isQuoted, wasQuoted) = (true, true)
      case 0x2c, 0x0a:
        cells.append(String(decoding: cell, as: UTF8.self))
        cell.removeAll(keepingCapacity: true)
        wasQuoted = false
        if byte == 0x0a {
          try take(&cells)
        }
      case 0x0d where bytes.first == 0x0a || bytes.isEmpty: break
      default: cell.append(byte)
      }
    }
    guard !isQuoted else { throw InsightsError("a quotation mark is not closed", 0, 0) }
    if !cell.isEmpty || !cells.isEmpty || wasQuoted {
      cells.append(String(decoding: cell, as: UTF8.self))
      try take(&cells)
    }
    guard !columns.isEmpty else { throw InsightsError("a lookup table needs a first line with the names of its columns", 0, 0) }
  }

  private mutating func take(_ cells: inout [String]) throws(InsightsError) {
    defer { cells.removeAll(keepingCapacity: true) }
    if cells == [""] { return }
    if columns.isEmpty {
      guard cells.count <= Self.columnCountMax, Set(cells).count == cells.count, !cells.contains("") else {
        throw InsightsError("the names of the columns must differ and not be empty", 0, 0)
      }
      columns = cells
      return
    }
    guard cells.count == columns.count else {
      throw InsightsError("line \(rows.count + 2) has \(cells.count) values for \(columns.count) columns", 0, 0)
    }
    rows.append(cells)
  }
}
