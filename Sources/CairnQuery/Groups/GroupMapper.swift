// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// Numbers the groups of a question: one code from each breakdown becomes one group number.
///
/// While the product of the domains is small, a group's number is computed (`dense`); from the breakdown on where it grows too large or
/// a domain is open, pairs (group so far, code) are numbered as they come. One worker's own; its numbers mean nothing to another unless
/// `isDense`.
struct GroupMapper: Sendable {
  /// The largest product of domains that is computed rather than looked up.
  static let denseCountMax = 1 << 20

  private(set) var readers: [KeyReader]
  /// For each breakdown the size of its domain, or nil where pairs are looked up.
  private let factors: [UInt32?]
  private var tables: [CodeTable]
  private var codes: [UInt32]
  /// How many groups there can be where numbers are computed.
  let denseCount: Int?

  init(_ domains: [KeyDomain]) {
    readers = domains.map { KeyReader($0) }
    var factors: [UInt32?] = []
    var product: Int? = 1
    for domain in domains {
      if let sofar = product, !domain.isOpen, sofar * domain.codeCount <= Self.denseCountMax {
        product = sofar * domain.codeCount
        factors.append(UInt32(domain.codeCount))
      } else {
        product = nil
        factors.append(nil)
      }
    }
    self.factors = factors
    denseCount = product
    tables = [CodeTable](repeating: CodeTable(), count: domains.count)
    codes = domains.isEmpty ? [] : [UInt32](repeating: 0, count: blockRowCount)
  }

  var isDense: Bool { denseCount != nil }

  /// All numbers given so far are less than this.
  var groupCount: Int { denseCount ?? tables.last?.count ?? 1 }

  var byteCount: Int { tables.reduce(0) { $0 + $1.byteCount } + readers.reduce(0) { $0 + $1.byteCount } }

  /// Gives no new numbers from now on: a row of an unknown group gets `CodeTable.missing`. Not for dense mappers.
  mutating func freeze() {
    for index in tables.indices { tables[index].isFrozen = true }
    for index in readers.indices { readers[index].freeze() }
  }

  /// The number of the group of these parts, one a breakdown.
  mutating func group(_ parts: [KeyPart]) -> UInt32 {
    var group: UInt32 = 0
    for index in readers.indices { group = combine(group, readers[index].code(parts[index]), index) }
    return group
  }

  /// The parts of a group.
  func parts(_ group: Int) -> [KeyPart] {
    var parts: [KeyPart] = []
    var group = UInt32(group)
    for index in readers.indices.reversed() { parts.append(readers[index].part(splitLast(&group, index))) }
    return parts.reversed()
  }

  /// The code of one of a group's parts.
  func code(_ group: Int, of column: Int) -> UInt32 {
    var group = UInt32(group)
    var index = readers.count
    var code: UInt32 = 0
    while index > column {
      index -= 1
      code = splitLast(&group, index)
    }
    return code
  }

  /// Takes the last part's code out of a group of the first `index` + 1 columns.
  private func splitLast(_ group: inout UInt32, _ index: Int) -> UInt32 {
    if let factor = factors[index] {
      let code = group % factor
      group /= factor
      return code
    }
    let key = tables[index].keys[Int(group)]
    group = UInt32(key >> 32)
    return UInt32(truncatingIfNeeded: key)
  }

  /// The values of a group as they are shown.
  func values(_ parts: [KeyPart]) -> [FieldValue?] { zip(readers, parts).map { $0.domain.value($1) } }

  /// The one group of all rows of the slice, where blocks and runs tell it.
  mutating func constant(_ slice: Slice) -> UInt32? {
    var group: UInt32 = 0
    for index in readers.indices {
      guard let code = readers[index].constant(slice) else { return nil }
      group = combine(group, code, index)
    }
    return group
  }

  /// Writes the group numbers of the selected rows to the front of `groups`.
  mutating func read(_ slice: Slice, _ selection: borrowing Selection, into groups: inout [UInt32]) {
    let count = selection.count
    for index in readers.indices {
      if index == 0, factors[0] != nil {
        readers[0].read(slice, selection, into: &groups)
        continue
      }
      if index == 0 { for position in 0..<count { groups[position] = 0 } }
      if let factor = factors[index], let code = readers[index].constant(slice) {
        for position in 0..<count { groups[position] = groups[position] &* factor &+ code }
        continue
      }
      readers[index].read(slice, selection, into: &codes)
      if let factor = factors[index] {
        combineCells(&groups, codes, factor: factor, count)
      } else {
        for position in 0..<count {
          groups[position] = tables[index].code(UInt64(groups[position]) << 32 | UInt64(codes[position]))
        }
      }
    }
  }

  @inline(__always)
  private mutating func combine(_ group: UInt32, _ code: UInt32, _ index: Int) -> UInt32 {
    guard let factor = factors[index] else { return tables[index].code(UInt64(group) << 32 | UInt64(code)) }
    return group &* factor &+ code
  }
}
