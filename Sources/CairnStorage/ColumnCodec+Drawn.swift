// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

// A column that is drawn from the lines of its rows (`DrawnColumn`), domain 10:
//
//   DRAWN     := DRHEADER RULES COLUMN?
//   DRHEADER  := 10 u8, rowCount varint, source text, sourceKind u8, ruleCount varint, rulesByteCount varint, rulesSum u32,
//                restRowCount varint, restByteCount varint, restHeaderByteCount varint, restHeaderSum u32
//   RULES     := (0 absent | 1 constant | 2 slot varint | 3 listed)*      by template, last that of rows without a line
//   COLUMN    := `rest`, a plain column; not there where restRowCount is 0

extension ColumnEncoder {
  mutating func encode(_ drawn: DrawnColumn) -> EncodedColumn {
    var rules = ByteWriter()
    for rule in drawn.rules {
      switch rule {
      case .absent: rules.write(byte: 0)
      case .constant: rules.write(byte: 1)
      case .slot(let slot):
        rules.write(byte: 2)
        rules.write(count: slot)
      case .listed: rules.write(byte: 3)
      }
    }
    let restRowCount = drawn.rest.rowCount
    let rest = restRowCount > 0 ? encode(drawn.rest.scanColumn()) : EncodedColumn(bytes: [], headerByteCount: 0, headerSum: 0)
    var header = ByteWriter()
    header.write(byte: DomainTag.drawn.rawValue)
    header.write(count: drawn.rowCount)
    header.write(text: drawn.source.name)
    header.write(byte: drawn.source.kind.rawValue)
    header.write(count: drawn.rules.count)
    header.write(count: rules.bytes.count)
    header.write(sum: unsafe crc32c(rules.bytes.span.bytes))
    header.write(count: restRowCount)
    header.write(count: rest.bytes.count)
    header.write(count: rest.headerByteCount)
    header.write(sum: rest.headerSum)
    let sum = unsafe crc32c(header.bytes.span.bytes)
    return EncodedColumn(bytes: header.bytes + rules.bytes + rest.bytes, headerByteCount: header.bytes.count, headerSum: sum)
  }
}

extension ColumnDecoder {
  private struct Drawn {
    var rules: [DrawnColumn.Rule]
    var rest: ScanColumn?
  }

  /// Reads a drawn column; `source` has the lines. A damaged part costs the whole column.
  mutating func decode(
    drawn bytes: [UInt8], key: ColumnKey, headerByteCount: Int, rowCount: Int, source: ScanColumn
  ) throws(FormatDamage) -> ScanColumn {
    guard case .dictionary(let dictionary) = source.domain, case .templated(let text) = dictionary.entries, source.rowCount == rowCount,
      !source.blocks.contains(where: \.isDamaged)
    else { throw FormatDamage(what: "its source has no lines", offset: 0) }
    let drawn = try drawn(bytes, key, headerByteCount, rowCount: rowCount, templates: text.templates)
    var codes: [UInt32] = []
    codes.reserveCapacity(rowCount)
    for block in source.blocks.indices { codes.append(contentsOf: source.narrowValues(block)) }
    let readsSlots = drawn.rules.contains { if case .slot = $0 { true } else { false } }
    let lines = LineSource(source.key, text, codes: codes, readsSlots: readsSlots)
    guard let made = DrawnRows(key, drawn.rules, drawn.rest, lines).column() else {
      throw FormatDamage(what: "its rules do not fit its lines", offset: headerByteCount)
    }
    return made.scanColumn()
  }

  private mutating func drawn(
    _ bytes: [UInt8], _ key: ColumnKey, _ headerByteCount: Int, rowCount: Int, templates: [TemplatedText.Template]
  ) throws(FormatDamage) -> Drawn {
    guard headerByteCount <= bytes.count else { throw FormatDamage(what: "a column is cut", offset: bytes.count) }
    var reader = ByteReader(Array(bytes[..<headerByteCount]))
    _ = try reader.byte()
    guard try reader.varint() == UInt64(rowCount) else { throw FormatDamage(what: "a column has another length", offset: 0) }
    _ = try DerivedHeader.key(&reader)
    guard try reader.varint() == UInt64(templates.count + 1) else { throw FormatDamage(what: "a rule is missing", offset: 0) }
    let rulesByteCount = try reader.count(most: bytes.count - headerByteCount)
    let rulesSum = try reader.sum()
    let ruleBytes = Array(bytes[headerByteCount..<headerByteCount + rulesByteCount])
    guard unsafe sums == .ignored || crc32c(ruleBytes.span.bytes) == rulesSum else {
      throw FormatDamage(what: "rules do not match their sum", offset: headerByteCount)
    }
    var ruleReader = ByteReader(ruleBytes)
    var rules: [DrawnColumn.Rule] = []
    for template in templates { rules.append(try Self.rule(&ruleReader, slotCount: template.columns.count)) }
    rules.append(try Self.rule(&ruleReader, slotCount: 0))
    let restRowCount = try reader.count(most: rowCount + rules.count)
    let start = headerByteCount + rulesByteCount
    let restByteCount = try reader.count(most: bytes.count - start)
    let restHeaderByteCount = try reader.count(most: restByteCount)
    let restHeaderSum = try reader.sum()
    guard restRowCount > 0 else { return Drawn(rules: rules, rest: nil) }
    let rest = Array(bytes[start..<start + restByteCount])
    guard unsafe sums == .ignored || crc32c(rest.span.bytes.extracting(0..<restHeaderByteCount)) == restHeaderSum else {
      throw FormatDamage(what: "the header of what is listed does not match its sum", offset: start)
    }
    let column = try decode(rest, key: key, headerByteCount: restHeaderByteCount, rowCount: restRowCount) { (_, _) in }
    guard !column.blocks.contains(where: \.isDamaged) else { throw FormatDamage(what: "what is listed does not match its sum", offset: start) }
    return Drawn(rules: rules, rest: column)
  }

  private static func rule(_ reader: inout ByteReader, slotCount: Int) throws(FormatDamage) -> DrawnColumn.Rule {
    switch try reader.byte() {
    case 0: return .absent
    case 1: return .constant
    case 2:
      let slot = try reader.count(most: 1 << 20)
      guard slot < slotCount else { throw FormatDamage(what: "a rule names a slot that is not there", offset: reader.position) }
      return .slot(slot)
    case 3: return .listed
    default: throw FormatDamage(what: "an unknown rule", offset: reader.position)
    }
  }
}

/// Makes a drawn column's values, row by row.
private struct DrawnRows {
  private let key: ColumnKey
  private let rules: [DrawnColumn.Rule]
  private let rest: ScanColumn?
  private let lines: LineSource

  init(_ key: ColumnKey, _ rules: [DrawnColumn.Rule], _ rest: ScanColumn?, _ lines: LineSource) {
    self.key = key
    self.rules = rules
    self.rest = rest
    self.lines = lines
  }

  /// Nil where rules and lines do not fit.
  func column() -> FlatColumn? {
    switch key.kind {
    case .string: return texts()
    case .traceID: return traceIDs()
    case .boolean: return booleans()
    case .integer: return words { lines.integer($0, slot: $1) }.map { ColumnFreezer.integers(key, ($0.values, $0.presence)) }
    case .float: return words { lines.double($0, slot: $1) }.map { ColumnFreezer.floats(key, ($0.values, $0.presence)) }
    case .duration, .spanID: return nil
    }
  }

  /// Calls one of the two for each row that has a value: with a row of `rest`, or with a slot. False where `rest` has too few rows or too many.
  private func forEach(_ ofRest: (_ row: Int, _ restRow: Int) -> Bool, _ ofSlot: (_ row: Int, _ slot: Int) -> Bool) -> Bool {
    var constantRows = [Int](repeating: 0, count: rules.count)
    var next = 0
    for template in rules.indices where rules[template] == .constant {
      constantRows[template] = next
      next += 1
    }
    let restRowCount = rest?.rowCount ?? 0
    guard next <= restRowCount else { return false }
    for row in lines.codes.indices {
      let template = lines.template(row)
      switch rules[template] {
      case .absent: break
      case .constant: if !ofRest(row, constantRows[template]) { return false }
      case .slot(let slot): if !ofSlot(row, slot) { return false }
      case .listed:
        guard next < restRowCount, ofRest(row, next) else { return false }
        next += 1
      }
    }
    return next == restRowCount
  }

  private struct Words {
    var values: [UInt64]
    var present: [Bool]
    var presence: [Bool]? { present.contains(false) ? present : nil }
  }

  private func words(_ ofSlot: (_ row: Int, _ slot: Int) -> UInt64?) -> Words? {
    var found = Words(values: [UInt64](repeating: 0, count: lines.codes.count), present: [Bool](repeating: false, count: lines.codes.count))
    var known: (values: [UInt64], present: [Bool]?) = ([], nil)
    if let rest { known = PieceMerger.numbers(rest) }
    let isWhole = forEach { (row, restRow) in
      guard known.present?[restRow] ?? true else { return true }
      found.values[row] = known.values[restRow]
      found.present[row] = true
      return true
    } _: { (row, slot) in
      guard let word = ofSlot(row, slot) else { return false }
      found.values[row] = word
      found.present[row] = true
      return true
    }
    return isWhole ? found : nil
  }

  private func booleans() -> FlatColumn? {
    guard let found = words({ _, _ in nil }) else { return nil }
    var stored = [UInt32](repeating: 0, count: found.values.count)
    for row in stored.indices where found.present[row] {
      guard found.values[row] == 1 || found.values[row] == 2 else { return nil }
      stored[row] = UInt32(found.values[row])
    }
    return .coded(key, .booleans, stored: stored)
  }

  private func texts() -> FlatColumn? {
    var stored = [UInt32](repeating: 0, count: lines.codes.count)
    var joined = ByteInterner(slotCount: 1_024, arenaByteCount: 1 << 14)
    var value: [UInt8] = []
    var ofEntry: [UInt32] = []
    if let rest {
      guard case .dictionary(let dictionary) = rest.domain, case .text(let bytes, let ends) = dictionary.plainEntries else { return nil }
      for entry in ends.indices {
        let range = ValueDictionary.range(ends, entry)
        ofEntry.append(unsafe joined.intern(bytes.span.bytes, range.lowerBound, range.count) + 1)
      }
    }
    let isWhole = forEach { (row, restRow) in
      if let code = rest?.stored(at: restRow) { stored[row] = ofEntry[Int(code) - 1] }
      return true
    } _: { (row, slot) in
      value.removeAll(keepingCapacity: true)
      lines.append(row, slot: slot, to: &value)
      stored[row] = unsafe joined.intern(value.span.bytes, 0, value.count) + 1
      return true
    }
    guard isWhole else { return nil }
    let kept = renumberByFirstRow(&stored, entryCount: joined.count)
    return .coded(key, .dictionary(ValueDictionary(joined.texts(kept))), stored: stored)
  }

  private func traceIDs() -> FlatColumn? {
    var stored = [UInt32](repeating: 0, count: lines.codes.count)
    var codes: [TraceID: UInt32] = [:]
    var ids: [TraceID] = []
    func code(_ id: TraceID) -> UInt32 {
      if let known = codes[id] { return known }
      ids.append(id)
      codes[id] = UInt32(ids.count)
      return UInt32(ids.count)
    }
    var ofRest: [TraceID] = []
    if let rest {
      guard case .dictionary(let dictionary) = rest.domain, case .traceIDs(let known, _) = dictionary.entries else { return nil }
      ofRest = known
    }
    let isWhole = forEach { (row, restRow) in
      if let entry = rest?.stored(at: restRow) { stored[row] = code(ofRest[Int(entry) - 1]) }
      return true
    } _: { (row, slot) in
      guard let id = lines.traceID(row, slot: slot) else { return false }
      stored[row] = code(id)
      return true
    }
    guard isWhole else { return nil }
    let kept = renumberByFirstRow(&stored, entryCount: ids.count).map { ids[Int($0)] }
    return .coded(key, .dictionary(ValueDictionary(.traceIDs(kept, sorted: sortedEntries(kept)))), stored: stored)
  }
}
