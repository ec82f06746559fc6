// SPDX-License-Identifier: Apache-2.0
public import CairnBytes

/// An index into a batch's columns.
public struct ColumnIndex: Sendable, Hashable {
  public var value: Int
  @inlinable public init(_ value: Int) { self.value = value }
}

/// An index into a batch's shared groups; 0 is the group without fields.
public struct GroupIndex: Sendable, Hashable {
  public var value: UInt32
  @inlinable public init(_ value: UInt32) { self.value = value }
}

/// A place in a batch to which a refused request can be taken back.
public struct BatchMark: Sendable {
  var rowCount: Int
  var groupCount: Int
}

/// An open, growing table of events: what every intake writes into, and what the store keeps as its head.
///
/// An event is a row: a time, a group, and values in columns. Values of the row being built are set first (`setText`, `setInteger`, …),
/// then `appendRow` makes it one; until then it does not count and `rollBack` takes it away. What many events share (a resource, a
/// scope, a dataset) is set once between `beginGroup` and `endGroup`, under the same setters; a row's own value of the same column
/// wins over its group's.
///
/// ```
/// columns:  http.route  [(row 0, code 3), (row 2, code 3), …]      dictionary  0 "/cart" …
///           host.name   [(group 1, code 0)]
/// rows:     time, group                                            groups      dataset
/// ```
/// Limits: 2³¹ rows, `columnCountMax` columns; nothing is trusted to be UTF-8 here, decoders check. One owner, one thread.
@safe
public struct Batch: ~Copyable, @unchecked Sendable {
  // Proof for `@unchecked Sendable`: all memory of a batch has one owner that cannot be copied.
  /// More than any sane program sends; a body that needs more in one head is refused.
  public static let columnCountMax = 16_384

  /// How many columns can be watched.
  public static let watchCountMax = 39

  @usableFromInline var columns: UnsafeMutablePointer<ColumnBuilder>
  @usableFromInline var columnCapacity = 64
  /// The number of columns.
  public internal(set) var columnCount = 0
  @usableFromInline var keys: ByteInterner
  // keyCode * kinds + kind > column index + 1, or 0.
  @usableFromInline var columnOfKey: GrowableBuffer<UInt32>

  public var rowTimes: GrowableBuffer<Int64>
  public var rowGroups: GrowableBuffer<UInt32>
  public var groupDatasets: GrowableBuffer<UInt32>
  /// A word for each group that the intake which made it may use as it likes.
  public var groupFlags: GrowableBuffer<UInt64>
  /// Environment, a zero byte, dataset.
  public var datasets: ByteInterner
  /// The groups by whatever bytes the intake knows them by.
  public var groupKeys: ByteInterner
  @usableFromInline var groupOfKey: GrowableBuffer<UInt32>
  public var identities: IdentitySet
  /// The row or group that setters write to.
  @usableFromInline var target: UInt32 = 0
  @usableFromInline var lastColumn = 0
  /// The columns set for the row being built, so that it can be dropped without a look at all the others.
  @usableFromInline var touched = GrowableBuffer<UInt32>(capacity: 64)
  var watchedCount = 0
  /// The groups that `groupOfRow` made, by group and column.
  var groupsWithout: [UInt64: UInt32] = [:]
  /// What the batch before this one held.
  var expected = BatchSizes()

  public init() {
    unsafe columns = .allocate(capacity: 64)
    keys = ByteInterner(slotCount: 256, arenaByteCount: 4096)
    columnOfKey = GrowableBuffer(capacity: 512)
    rowTimes = GrowableBuffer(capacity: 1024)
    rowGroups = GrowableBuffer(capacity: 1024)
    groupDatasets = GrowableBuffer()
    groupFlags = GrowableBuffer()
    datasets = ByteInterner()
    groupKeys = ByteInterner(slotCount: 64, arenaByteCount: 4096)
    groupOfKey = GrowableBuffer()
    identities = IdentitySet()
    // Column 0 is the time's place in the order of columns: it starts the chain of successors and holds no values itself.
    _ = column("", .boolean)
    groupDatasets.append(0)
    groupFlags.append(0)
    _ = datasets.intern("")
  }

  deinit {
    unsafe columns.deinitialize(count: columnCount)
    unsafe columns.deallocate()
  }

  /// The number of events.
  @inlinable public var rowCount: Int { rowTimes.count }
  /// The number of shared groups, the empty one included.
  @inlinable public var groupCount: Int { groupDatasets.count }

  /// About how many bytes of memory the batch holds; O(columns).
  public var byteCount: Int {
    var total = rowTimes.byteCount + rowGroups.byteCount + groupDatasets.byteCount + datasets.byteCount + groupKeys.byteCount
    for index in 0..<columnCount { total += unsafe columns[index].byteCount }
    total += groupFlags.byteCount + groupOfKey.byteCount + identities.byteCount
    return total + keys.byteCount + columnOfKey.byteCount
  }

  /// Reads a column in place.
  @inlinable
  public func withColumn<Result>(_ index: ColumnIndex, _ body: (borrowing ColumnBuilder) -> Result) -> Result {
    precondition(index.value >= 0 && index.value < columnCount, "no such column")
    return body(unsafe columns[index.value])
  }

  /// Hands the identities over to the batch that follows this one, a generation older.
  public mutating func takeIdentities() -> IdentitySet {
    var taken = IdentitySet()
    swap(&taken, &identities)
    taken.turn()
    return taken
  }

  // MARK: Rows

  /// Makes the values set so far an event.
  @inlinable @inline(__always)
  public mutating func appendRow(timeUnixNanoseconds: Int64, group: GroupIndex) {
    rowTimes.append(timeUnixNanoseconds)
    rowGroups.append(group.value)
    target = UInt32(truncatingIfNeeded: rowTimes.count)
    lastColumn = 0
    touched.removeAll()
  }

  /// Drops the values set for the event that is being built; O(values).
  public mutating func abandonRow() {
    for index in 0..<touched.count {
      unsafe columns[Int(touched[index])].rollBack(row: UInt32(truncatingIfNeeded: rowCount), group: .max)
    }
    touched.removeAll()
    lastColumn = 0
  }

  /// Where the batch stands now.
  public var mark: BatchMark { BatchMark(rowCount: rowCount, groupCount: groupCount) }

  /// Takes everything back that came after `mark`; O(columns + what is dropped).
  public mutating func rollBack(to mark: BatchMark) {
    for index in 0..<columnCount {
      unsafe columns[index].rollBack(row: UInt32(mark.rowCount), group: UInt32(mark.groupCount))
    }
    rowTimes.truncate(to: mark.rowCount)
    rowGroups.truncate(to: mark.rowCount)
    groupDatasets.truncate(to: mark.groupCount)
    groupFlags.truncate(to: mark.groupCount)
    var keyCount = groupOfKey.count
    while keyCount > 0, groupOfKey[keyCount - 1] >= UInt32(mark.groupCount) { keyCount -= 1 }
    groupOfKey.truncate(to: keyCount)
    groupKeys.truncate(to: keyCount)
    if !groupsWithout.isEmpty { groupsWithout = groupsWithout.filter { $0.value < UInt32(mark.groupCount) } }
    identities.takeBack()
    touched.removeAll()
    target = UInt32(mark.rowCount)
    lastColumn = 0
  }

  // MARK: Groups

  /// The group known by these bytes, or nil; `beginGroup` then makes it.
  @inlinable
  public func group(knownBy key: RawSpan, _ offset: Int, _ count: Int) -> GroupIndex? {
    guard let code = groupKeys.find(key, offset, count), Int(code) < groupOfKey.count else { return nil }
    return GroupIndex(groupOfKey[Int(code)])
  }

  /// Starts a group: setters write to it until `endGroup`. The bytes must not name a group already.
  public mutating func beginGroup(knownBy key: RawSpan, _ offset: Int, _ count: Int) {
    target = groupBit | UInt32(groupCount)
    let code = groupKeys.intern(key, offset, count)
    precondition(Int(code) == groupOfKey.count, "a group is made once")
    groupOfKey.append(UInt32(groupCount))
    lastColumn = 0
  }

  /// Ends the group; its events belong to the dataset.
  public mutating func endGroup(environment: String, dataset: String, flags: UInt64 = 0) -> GroupIndex {
    let group = GroupIndex(UInt32(groupCount))
    groupFlags.append(flags)
    groupDatasets.append(datasets.intern(environment + "\0" + dataset))
    target = UInt32(rowCount)
    lastColumn = 0
    touched.removeAll()
    return group
  }
}
