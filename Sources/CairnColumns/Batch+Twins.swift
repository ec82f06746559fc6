// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

// A name with two types has two columns. Where a row has its own value in one of them and its group has one in the other, the row's is the
// nearer one, and its group's must not be found: such a row gets a group that is like its own but for that column. A group costs memory in
// each column that it has, so that rows with ever other sets of such names could fill it: there are so many of these groups in a batch, and
// rows beyond them are found by both values.

extension Batch {
  /// Set in the `marks` of a column whose name another column has, too.
  @inlinable public static var twinMark: UInt64 { 1 << 63 }
  private static var groupsWithoutMax: Int { 1_024 }
  @usableFromInline static var watchMasks: UInt64 { 1 << UInt64(watchCountMax) - 1 }

  /// The column's bit (`watch`), and `twinMark` where another column has its name.
  @inlinable @inline(__always)
  public func marks(_ column: ColumnIndex) -> UInt64 { unsafe columns[column.value].marks }

  /// Marks the columns of a name where it has several.
  mutating func markTwins(ofKey code: Int) {
    let all = (code * 8..<code * 8 + 8).filter { columnOfKey[$0] != 0 }
    guard all.count > 1 else { return }
    for slot in all { unsafe columns[Int(columnOfKey[slot]) - 1].marks |= Self.twinMark }
  }

  /// The group for the row that is being built: this one, or one without the fields that the row has in another type. For rows that have
  /// set a column with `twinMark`. O(columns) for each group that is made, else O(values of the row).
  public mutating func groupOfRow(_ group: GroupIndex) -> GroupIndex {
    var group = group
    for index in 0..<touched.count {
      let column = ColumnIndex(Int(touched[index]))
      guard marks(column) & Self.twinMark != 0 else { continue }
      let key = withColumn(column) { $0.key }
      for kind in ColumnKind.allCases where kind != key.kind {
        guard let other = existingColumn(key.name, kind), withColumn(other, { $0.groupPlace(group.value) }) != nil else { continue }
        group = self.group(group, without: other)
      }
    }
    return group
  }

  private mutating func group(_ group: GroupIndex, without column: ColumnIndex) -> GroupIndex {
    let wanted = UInt64(group.value) << 32 | UInt64(column.value)
    if let known = groupsWithout[wanted] { return GroupIndex(known) }
    guard groupsWithout.count < Self.groupsWithoutMax else { return group }
    let made = UInt32(groupCount)
    for index in 0..<columnCount where index != column.value {
      guard let place = unsafe columns[index].groupPlace(group.value) else { continue }
      unsafe columns[index].groups.append(made)
      unsafe columns[index].groupValues.append(columns[index].groupValues[place])
    }
    groupDatasets.append(groupDatasets[Int(group.value)])
    groupFlags.append(groupFlags[Int(group.value)])
    groupsWithout[wanted] = made
    return GroupIndex(made)
  }
}

extension ColumnBuilder {
  /// The place of a group's value, the one that it got last, or nil. Groups come in order: O(log groups).
  func groupPlace(_ group: UInt32) -> Int? {
    var (low, high) = (0, groups.count)
    while low < high {
      let middle = (low + high) / 2
      if groups[middle] <= group { low = middle + 1 } else { high = middle }
    }
    return low > 0 && groups[low - 1] == group ? low - 1 : nil
  }
}
