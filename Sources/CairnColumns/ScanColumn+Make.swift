// SPDX-License-Identifier: Apache-2.0

extension ScanColumn {
  /// A column of dictionary entries or booleans from stored values: 0 for null, else entry index + 1 (1 false, 2 true).
  public static func coded(_ key: ColumnKey, _ domain: Domain, stored: [UInt32]) -> ScanColumn {
    var plan = BlockPlan()
    for start in stride(from: 0, to: stored.count, by: blockRowCount) {
      plan.add(narrow: stored[start..<min(start + blockRowCount, stored.count)])
    }
    let blocks = plan.blocks
    let storage = CodeStorage(byteCount: plan.byteCount) { (memory) in
      for (index, block) in blocks.enumerated() {
        let start = index * blockRowCount
        store(stored[start..<start + block.rowCount], block, &memory)
      }
    }
    return ScanColumn(key: key, domain: domain, rowCount: stored.count, blocks: blocks, storage: storage)
  }

  /// A column of whole numbers (domain `integers`, or `scaled` with its numerators); `present` nil where every row has one.
  public static func numbers(_ key: ColumnKey, _ domain: Domain, values: [Int64], present: [Bool]? = nil) -> ScanColumn {
    var plan = BlockPlan()
    for start in stride(from: 0, to: values.count, by: blockRowCount) {
      let end = min(start + blockRowCount, values.count)
      plan.add(numbers: values[start..<end], present: present?[start..<end])
    }
    let blocks = plan.blocks
    let storage = CodeStorage(byteCount: plan.byteCount) { (memory) in
      for (index, block) in blocks.enumerated() {
        let rows = index * blockRowCount..<index * blockRowCount + block.rowCount
        store(numbers: values[rows], present?[rows], block, &memory)
      }
    }
    return ScanColumn(key: key, domain: domain, rowCount: values.count, blocks: blocks, storage: storage)
  }

  /// The same from stored values over one base for the whole column: 0 for null, else number - base + 1. Each block gets its own base.
  public static func offsets(_ key: ColumnKey, _ domain: Domain, base: Int64, stored: [UInt32]) -> ScanColumn {
    var plan = BlockPlan()
    for start in stride(from: 0, to: stored.count, by: blockRowCount) {
      plan.add(offsets: stored[start..<min(start + blockRowCount, stored.count)], base: base)
    }
    let blocks = plan.blocks
    let storage = CodeStorage(byteCount: plan.byteCount) { (memory) in
      for (index, block) in blocks.enumerated() where block.width != .constant {
        let start = index * blockRowCount
        let shift = UInt32(truncatingIfNeeded: block.base &- base)
        let moved = stored[start..<start + block.rowCount].map { $0 == 0 ? 0 : $0 &- shift }
        store(moved[...], block, &memory)
      }
    }
    return ScanColumn(key: key, domain: domain, rowCount: stored.count, blocks: blocks, storage: storage)
  }

  /// A column of 64-bit patterns (domains `floatBits` and `spanIDs`), whose blocks are wide or wholly null.
  public static func patterns(_ key: ColumnKey, _ domain: Domain, values: [UInt64], present: [Bool]? = nil) -> ScanColumn {
    var plan = BlockPlan()
    for start in stride(from: 0, to: values.count, by: blockRowCount) {
      let end = min(start + blockRowCount, values.count)
      let nullCount = present?[start..<end].reduce(0) { $0 + ($1 ? 0 : 1) } ?? 0
      plan.add(wide: end - start, nullCount: nullCount)
    }
    let blocks = plan.blocks
    let storage = CodeStorage(byteCount: plan.byteCount) { (memory) in
      for (index, block) in blocks.enumerated() where block.width == .eight {
        let rows = index * blockRowCount..<index * blockRowCount + block.rowCount
        storeWide(values[rows], present?[rows], block, &memory)
      }
    }
    return ScanColumn(key: key, domain: domain, rowCount: values.count, blocks: blocks, storage: storage)
  }
}

/// Lays out the blocks of a column one after another.
struct BlockPlan {
  var blocks: [CodeBlock] = []
  var byteCount = 0

  /// The least and the greatest stored value, nulls left out, and how many nulls there are.
  private static func range(_ stored: ArraySlice<UInt32>) -> (minimum: UInt32, maximum: UInt32, nullCount: Int) {
    var minimum = UInt32.max
    var maximum: UInt32 = 0
    var nullCount = 0
    for value in stored {
      nullCount &+= value == 0 ? 1 : 0
      minimum = value == 0 ? minimum : min(minimum, value)
      maximum = max(maximum, value)
    }
    return (minimum, maximum, nullCount)
  }

  mutating func add(offsets stored: ArraySlice<UInt32>, base: Int64) {
    let (minimum, maximum, nullCount) = Self.range(stored)
    guard maximum > 0 else {
      return add(narrow: stored.count, base: 0, minimum: 0, maximum: 0, nullCount: nullCount, isConstant: true)
    }
    add(
      narrow: stored.count, base: base &+ Int64(minimum) &- 1, minimum: 1, maximum: UInt64(maximum - minimum) + 1, nullCount: nullCount,
      isConstant: nullCount == 0 && minimum == maximum)
  }

  mutating func add(narrow stored: ArraySlice<UInt32>) {
    let (minimum, maximum, nullCount) = Self.range(stored)
    let isConstant = maximum == 0 || (nullCount == 0 && minimum == maximum)
    add(
      narrow: stored.count, base: 0, minimum: maximum == 0 ? 0 : UInt64(minimum), maximum: UInt64(maximum), nullCount: nullCount,
      isConstant: isConstant)
  }

  mutating func add(numbers values: ArraySlice<Int64>, present: ArraySlice<Bool>?) {
    var minimum = Int64.max
    var maximum = Int64.min
    var nullCount = 0
    if let present {
      for (value, isPresent) in zip(values, present) {
        guard isPresent else { nullCount += 1; continue }
        minimum = min(minimum, value)
        maximum = max(maximum, value)
      }
    } else {
      for value in values {
        minimum = min(minimum, value)
        maximum = max(maximum, value)
      }
    }
    if nullCount == values.count {
      add(narrow: values.count, base: 0, minimum: 0, maximum: 0, nullCount: nullCount, isConstant: true)
      return
    }
    let range = UInt64(bitPattern: maximum &- minimum)
    guard range < UInt64(UInt32.max) else { return add(wide: values.count, nullCount: nullCount) }
    add(
      narrow: values.count, base: minimum, minimum: 1, maximum: range + 1, nullCount: nullCount,
      isConstant: nullCount == 0 && range == 0)
  }

  mutating func add(wide rowCount: Int, nullCount: Int) {
    if nullCount == rowCount {
      add(narrow: rowCount, base: 0, minimum: 0, maximum: 0, nullCount: nullCount, isConstant: true)
      return
    }
    var block = CodeBlock(width: .eight, rowCount: rowCount, byteOffset: byteCount, nullCount: nullCount)
    byteCount += rowCount * 8
    if nullCount > 0 {
      block.presenceOffset = byteCount
      byteCount += (rowCount + 63) / 64 * 8
    }
    blocks.append(block)
  }

  private mutating func add(
    narrow rowCount: Int, base: Int64, minimum: UInt64, maximum: UInt64, nullCount: Int, isConstant: Bool
  ) {
    let width: CodeWidth = isConstant ? .constant : maximum < 256 ? .one : maximum < 65_536 ? .two : .four
    blocks.append(
      CodeBlock(
        width: width, rowCount: rowCount, byteOffset: byteCount, base: base, storedMinimum: minimum, storedMaximum: maximum,
        nullCount: nullCount, constant: isConstant ? maximum : 0))
    byteCount += (rowCount * Int(width.rawValue) + 63) / 64 * 64
  }
}

/// Writes one block's stored values at its width.
func store(_ stored: ArraySlice<UInt32>, _ block: CodeBlock, _ memory: inout MutableRawSpan) {
  switch block.width {
  case .constant, .eight: break
  case .one: write(stored, UInt8.self, block, &memory)
  case .two: write(stored, UInt16.self, block, &memory)
  case .four: write(stored, UInt32.self, block, &memory)
  }
}

private func write<Code: FixedWidthInteger & BitwiseCopyable>(
  _ stored: ArraySlice<UInt32>, _ type: Code.Type, _ block: CodeBlock, _ memory: inout MutableRawSpan
) {
  var offset = block.byteOffset
  for value in stored {
    memory.storeBytes(of: Code(truncatingIfNeeded: value), toByteOffset: offset, as: Code.self)
    offset &+= MemoryLayout<Code>.size
  }
}

private func store(
  numbers values: ArraySlice<Int64>, _ present: ArraySlice<Bool>?, _ block: CodeBlock, _ memory: inout MutableRawSpan
) {
  switch block.width {
  case .constant: break
  case .eight: storeWide(values.map { UInt64(bitPattern: $0) }[...], present, block, &memory)
  case .one, .two, .four:
    var stored = values.map { UInt32(truncatingIfNeeded: $0 &- block.base &+ 1) }
    if let present { for (index, isPresent) in present.enumerated() where !isPresent { stored[index] = 0 } }
    store(stored[...], block, &memory)
  }
}

private func storeWide(
  _ values: ArraySlice<UInt64>, _ present: ArraySlice<Bool>?, _ block: CodeBlock, _ memory: inout MutableRawSpan
) {
  var offset = block.byteOffset
  for value in values {
    memory.storeBytes(of: value, toByteOffset: offset, as: UInt64.self)
    offset &+= 8
  }
  guard block.presenceOffset >= 0, let present else { return }
  var bits: UInt64 = 0
  for (index, isPresent) in present.enumerated() {
    if isPresent {
      bits |= 1 &<< UInt64(index & 63)
    } else {
      memory.storeBytes(of: 0, toByteOffset: block.byteOffset &+ index &* 8, as: UInt64.self)
    }
    if index & 63 == 63 || index == present.count - 1 {
      memory.storeBytes(of: bits, toByteOffset: block.presenceOffset &+ index / 64 &* 8, as: UInt64.self)
      bits = 0
    }
  }
}
