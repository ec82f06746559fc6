// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

/// Turns the selected rows of slices into codes of one domain, with a worker's own numbers for values that have no code.
///
/// In an open domain a code is `number << 2 | tag`: tag 0 for codes of the domain, 1 integers, 2 floats, 3 span ids.
struct KeyReader: Sendable {
  let domain: KeyDomain
  private var open = [CodeTable](repeating: CodeTable(), count: 3)
  private var scratch: [UInt32]
  private var patterns: [UInt64] = []
  private var numbers: [Int64] = []
  private var flags: [UInt8] = []
  private var bits = Bits()

  init(_ domain: KeyDomain) {
    self.domain = domain
    scratch = []
  }

  var byteCount: Int { open.reduce(0) { $0 + $1.byteCount } }

  /// From now on unknown values give `CodeTable.missing`.
  mutating func freeze() { for index in open.indices { open[index].isFrozen = true } }

  /// The code of a part, numbered if it is new.
  mutating func code(_ part: KeyPart) -> UInt32 {
    switch part {
    case .code(let code): domain.isOpen ? code << 2 : code
    case .integer(let value): number(UInt64(bitPattern: value), 1)
    case .float(let bits): number(bits, 2)
    case .spanID(let bits): number(bits, 3)
    }
  }

  /// What a code stands for.
  func part(_ code: UInt32) -> KeyPart {
    guard domain.isOpen else { return .code(code) }
    switch code & 3 {
    case 1: return .integer(Int64(bitPattern: open[0].keys[Int(code >> 2)]))
    case 2: return .float(open[1].keys[Int(code >> 2)])
    case 3: return .spanID(open[2].keys[Int(code >> 2)])
    default: return .code(code >> 2)
    }
  }

  @inline(__always)
  private mutating func number(_ key: UInt64, _ tag: UInt32) -> UInt32 {
    let code = open[Int(tag) &- 1].code(key)
    return code == CodeTable.missing ? code : code << 2 | tag
  }

  /// The one code of all rows of the slice, where blocks or runs tell it.
  func constant(_ slice: Slice) -> UInt32? {
    let code: UInt32
    switch domain.sources[slice.piece] {
    case .runs(let codes): code = codes[slice.run]
    case .flag(let filter):
      switch filter.verdict(slice) {
      case .none: code = domain.falseCode
      case .all: code = domain.falseCode + 1
      case .some: return nil
      }
    case .columns(let columns):
      var found: UInt32 = 0
      for column in columns where found == 0 {
        guard let own = constant(column, slice.block) else { return nil }
        found = own
      }
      code = found
    }
    return domain.isOpen ? code << 2 : code
  }

  private func constant(_ column: KeyDomain.Column, _ block: Int) -> UInt32? {
    let block = column.column.blocks[block]
    if block.nullCount == block.rowCount { return 0 }
    guard block.width == .constant else { return nil }
    switch column.form {
    case .identity: return UInt32(block.constant)
    case .mapped(let map): return map[Int(block.constant)]
    case .integers: return domain.firstInteger &+ UInt32(truncatingIfNeeded: block.base &- domain.integerLeast)
    case .openIntegers, .openFloats, .openSpanIDs: return nil
    }
  }

  /// Writes the codes of the selected rows to the front of `codes`, which has room for a block.
  mutating func read(_ slice: Slice, _ selection: borrowing Selection, into codes: inout [UInt32]) {
    switch domain.sources[slice.piece] {
    case .runs(let list): fill(&codes, list[slice.run], selection.count)
    case .flag(let filter):
      filter.evaluate(slice, &bits)
      for position in 0..<selection.count {
        codes[position] = domain.falseCode &+ (bits.contains(selection.row(position)) ? 1 : 0)
      }
    case .columns(let columns):
      if columns.isEmpty { fill(&codes, 0, selection.count) }
      for (index, column) in columns.enumerated() {
        if index == 0 { read(column, slice.block, selection, into: &codes) } else { merge(column, slice.block, selection, into: &codes) }
      }
      return
    }
    if domain.isOpen { for position in 0..<selection.count { codes[position] <<= 2 } }
  }

  private func fill(_ codes: inout [UInt32], _ code: UInt32, _ count: Int) {
    for position in 0..<count { codes[position] = code }
  }

  /// Reads a further column of the same name; it answers where those before it have nothing.
  private mutating func merge(
    _ column: KeyDomain.Column, _ block: Int, _ selection: borrowing Selection, into codes: inout [UInt32]
  ) {
    var later = scratch.isEmpty ? [UInt32](repeating: 0, count: blockRowCount) : scratch
    scratch = []
    read(column, block, selection, into: &later)
    for position in 0..<selection.count where codes[position] == 0 { codes[position] = later[position] }
    scratch = later
  }

  private mutating func read(
    _ source: KeyDomain.Column, _ blockIndex: Int, _ selection: borrowing Selection, into codes: inout [UInt32]
  ) {
    let column = source.column
    let block = column.blocks[blockIndex]
    if block.nullCount == block.rowCount { return fill(&codes, 0, selection.count) }
    switch source.form {
    case .identity: column.readCodes(block, selection, into: &codes)
    case .mapped(let map):
      column.readCodes(block, selection, into: &codes)
      mapCodes(&codes, through: map, selection.count)
    case .integers: readIntegers(column, block, selection, into: &codes)
    case .openIntegers, .openFloats, .openSpanIDs:
      readOpen(source, block, selection, into: &codes)
      return
    }
    if domain.isOpen { for position in 0..<selection.count { codes[position] <<= 2 } }
  }

  /// Integers whose blocks are all narrow.
  private func readIntegers(
    _ column: ScanColumn, _ block: CodeBlock, _ selection: borrowing Selection, into codes: inout [UInt32]
  ) {
    column.readCodes(block, selection, into: &codes)
    let shift = domain.firstInteger &+ UInt32(truncatingIfNeeded: block.base &- domain.integerLeast) &- 1
    if block.nullCount == 0 {
      for position in 0..<selection.count { codes[position] = codes[position] &+ shift }
    } else {
      for position in 0..<selection.count { codes[position] = codes[position] == 0 ? 0 : codes[position] &+ shift }
    }
  }

  private mutating func readOpen(
    _ source: KeyDomain.Column, _ block: CodeBlock, _ selection: borrowing Selection, into codes: inout [UInt32]
  ) {
    if patterns.isEmpty {
      patterns = [UInt64](repeating: 0, count: blockRowCount)
      numbers = [Int64](repeating: 0, count: blockRowCount)
      flags = [UInt8](repeating: 0, count: blockRowCount)
    }
    let tag = openPatterns(source, block, selection)
    if block.nullCount > 0 { source.column.readPresence(block, selection, into: &flags) }
    for position in 0..<selection.count {
      let isPresent = block.nullCount == 0 || flags[position] == 1
      codes[position] = isPresent ? number(patterns[position], tag) : 0
    }
  }

  /// Fills `patterns`; what nulls give is without meaning. The tag of the values comes back.
  private mutating func openPatterns(
    _ source: KeyDomain.Column, _ block: CodeBlock, _ selection: borrowing Selection
  ) -> UInt32 {
    switch source.column.domain {
    case .integers:
      source.column.readIntegers(block, selection, into: &numbers)
      for position in 0..<selection.count { patterns[position] = UInt64(bitPattern: numbers[position]) }
      return 1
    case .scaled(let divisor):
      source.column.readIntegers(block, selection, into: &numbers)
      for position in 0..<selection.count { patterns[position] = (Double(numbers[position]) / divisor).bitPattern }
      return 2
    case .spanIDs:
      source.column.readPatterns(block, selection, into: &patterns)
      return 3
    case .floatBits:
      source.column.readPatterns(block, selection, into: &patterns)
      for position in 0..<selection.count where patterns[position] == (-0.0).bitPattern { patterns[position] = 0 }
      return 2
    case .booleans: return 2
    case .dictionary(let dictionary):
      var stored = scratch.isEmpty ? [UInt32](repeating: 0, count: blockRowCount) : scratch
      source.column.readCodes(block, selection, into: &stored)
      for position in 0..<selection.count where stored[position] > 0 {
        patterns[position] = Self.pattern(dictionary, Int(stored[position]) - 1)
      }
      if case .integers = dictionary.entries { return 1 }
      return 2
    }
  }

  private static func pattern(_ dictionary: ValueDictionary, _ entry: Int) -> UInt64 {
    switch dictionary.entries {
    case .integers(let values): UInt64(bitPattern: values[entry])
    case .floats(let values): values[entry] == 0 ? 0 : values[entry].bitPattern
    case .text, .templated, .traceIDs: 0
    }
  }
}
