// SPDX-License-Identifier: Apache-2.0

/// Where the cells of one accumulation go in another.
enum CellMap {
  case same
  /// All into the first.
  case total
  /// Buckets of a group into its one cell.
  case group(bucketCount: Int)
  /// Groups into one, bucket by bucket.
  case bucket(bucketCount: Int)
  /// Groups by number; -1 leaves a group out.
  case renumbered([Int], bucketCount: Int)

  @inline(__always)
  func callAsFunction(_ cell: Int) -> Int {
    switch self {
    case .same: return cell
    case .total: return 0
    case .group(let count): return cell / count
    case .bucket(let count): return cell % count
    case .renumbered(let groups, let count):
      let group = groups[cell / count]
      return group < 0 ? -1 : group * count + cell % count
    }
  }

  /// The same for groups.
  func group(_ group: Int) -> Int {
    switch self {
    case .same, .group: group
    case .total, .bucket: 0
    case .renumbered(let groups, _): groups[group]
    }
  }
}
