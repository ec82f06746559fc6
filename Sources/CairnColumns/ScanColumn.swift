// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import Synchronization

/// Rows in a block: the unit of zone maps, of checksums and of parallel work.
public let blockRowCount = 16_384

/// The bytes that a stored value takes inside one block.
public enum CodeWidth: UInt8, Sendable, Hashable {
  /// Every row of the block has the same stored value.
  case constant = 0
  case one = 1
  case two = 2
  case four = 4
  case eight = 8
}

/// One block of a column in the form that kernels read.
public struct CodeBlock: Sendable {
  public var width: CodeWidth
  public var rowCount: Int
  /// Where the block's values start in the column's storage.
  public var byteOffset: Int
  /// Added to a stored value less one to get a number (`Domain.integers`, `.scaled`); 0 for the other domains.
  public var base: Int64
  /// The least and the greatest stored value, nulls (0) left out; both 0 where all rows are null. Not kept for `.eight`.
  public var storedMinimum: UInt64
  public var storedMaximum: UInt64
  public var nullCount: Int
  /// For width `.constant`, the stored value of all rows.
  public var constant: UInt64
  /// For width `.eight` with nulls: offset of one bit a row, set where a value is present; -1 where all are.
  public var presenceOffset: Int
  /// The block's bytes failed their checksum: its rows cannot be read and are counted as unavailable.
  public var isDamaged: Bool

  public init(
    width: CodeWidth, rowCount: Int, byteOffset: Int, base: Int64 = 0, storedMinimum: UInt64 = 0, storedMaximum: UInt64 = 0,
    nullCount: Int = 0, constant: UInt64 = 0, presenceOffset: Int = -1, isDamaged: Bool = false
  ) {
    self.width = width
    self.rowCount = rowCount
    self.byteOffset = byteOffset
    self.base = base
    self.storedMinimum = storedMinimum
    self.storedMaximum = storedMaximum
    self.nullCount = nullCount
    self.constant = constant
    self.presenceOffset = presenceOffset
    self.isDamaged = isDamaged
  }
}

/// One column of a piece in memory: `rowCount` stored values in blocks of `blockRowCount` rows (the last may be shorter).
///
/// A stored value of width `.constant` to `.four` is 0 where the row has no value; otherwise, by `domain`:
/// - `dictionary`: entry index + 1
/// - `integers`: value - block.base + 1
/// - `scaled(divisor)`: Double(value) / divisor with value as for integers
/// - `booleans`: 1 false, 2 true
/// Blocks of width `.eight` hold the value itself (`Int64` bits for integers and scaled, `Double` bits for `floatBits`, the id for
/// `spanIDs`), nulls as 0 with their bit in the presence map clear. `floatBits` and `spanIDs` always have width `.eight`, or are
/// `.constant` with every row null.
/// Immutable, read from any thread.
public final class ScanColumn: Sendable {
  public enum Domain: Sendable {
    case dictionary(ValueDictionary)
    case integers
    case scaled(divisor: Double)
    case booleans
    case floatBits
    case spanIDs
  }
  public let key: ColumnKey
  public let domain: Domain
  public let rowCount: Int
  public let blocks: [CodeBlock]
  public let storage: CodeStorage
  /// Rows that have a value (rows of damaged blocks not counted).
  public let presentCount: Int
  private let knownSummary = Mutex<(any Sendable)?>(nil)

  public init(key: ColumnKey, domain: Domain, rowCount: Int, blocks: [CodeBlock], storage: CodeStorage) {
    precondition(blocks.count == (rowCount + blockRowCount - 1) / blockRowCount, "a column has a block for each 16 Ki rows")
    self.key = key
    self.domain = domain
    self.rowCount = rowCount
    self.blocks = blocks
    self.storage = storage
    presentCount = blocks.reduce(0) { $0 + ($1.isDamaged ? 0 : $1.rowCount - $1.nullCount) }
  }

  /// About how many bytes the column takes in memory.
  public var byteCount: Int {
    var dictionaryByteCount = 0
    if case .dictionary(let dictionary) = domain { dictionaryByteCount = dictionary.byteCount }
    return storage.byteCount + dictionaryByteCount + blocks.count * MemoryLayout<CodeBlock>.stride
  }

  /// What a reader works out of all rows, such as how often each value occurs: made when it is first asked for and kept with the column,
  /// as no row ever changes. One kind of summary for a column; it should be much smaller than the column itself.
  public func summary<Summary: Sendable>(_ make: (ScanColumn) -> Summary) -> Summary {
    if let known = knownSummary.withLock({ $0 }) as? Summary { return known }
    let made = make(self)
    knownSummary.withLock { $0 = made }
    return made
  }

  /// The stored value of a row, and whether it is present; for single rows, not for loops over blocks.
  public func stored(at row: Int) -> UInt64? {
    let block = blocks[row / blockRowCount]
    guard !block.isDamaged else { return nil }
    let inside = row % blockRowCount
    let value: UInt64
    switch block.width {
    case .constant: value = block.constant
    case .one: value = UInt64(storage.load(UInt8.self, byteOffset: block.byteOffset + inside))
    case .two: value = UInt64(storage.load(UInt16.self, byteOffset: block.byteOffset + inside * 2))
    case .four: value = UInt64(storage.load(UInt32.self, byteOffset: block.byteOffset + inside * 4))
    case .eight:
      if block.presenceOffset >= 0 {
        let bits = storage.load(UInt64.self, byteOffset: block.presenceOffset + inside / 64 * 8)
        guard bits >> UInt64(inside % 64) & 1 == 1 else { return nil }
      }
      return storage.load(UInt64.self, byteOffset: block.byteOffset + inside * 8)
    }
    return value == 0 ? nil : value
  }

  /// The value of a row as a signed integer (domains `integers`, and `scaled` before the division).
  public func integer(at row: Int) -> Int64? {
    guard let stored = stored(at: row) else { return nil }
    let block = blocks[row / blockRowCount]
    return block.width == .eight ? Int64(bitPattern: stored) : block.base &+ Int64(bitPattern: stored &- 1)
  }

  /// The value of a row as it is shown, or nil.
  public func value(at row: Int) -> FieldValue? {
    switch domain {
    case .dictionary(let dictionary): return stored(at: row).map { dictionary.value(Int($0) - 1) }
    case .integers: return integer(at: row).map { .integer($0) }
    case .scaled(let divisor): return integer(at: row).map { .float(Double($0) / divisor) }
    case .booleans: return stored(at: row).map { .boolean($0 == 2) }
    case .floatBits: return stored(at: row).map { .float(Double(bitPattern: $0)) }
    case .spanIDs: return stored(at: row).map { .string(hexText($0.byteSwapped)) }
    }
  }
}
