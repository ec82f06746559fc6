// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// Reads what `ColumnEncoder.encodeTemplated` wrote. Any bytes are refused or give texts; none trap.
extension ColumnDecoder {
  mutating func templated(_ entryCount: Int, _ bytes: [UInt8]) throws(FormatDamage) -> ValueDictionary.Entries {
    var reader = ByteReader(bytes)
    let columns = try slotLists(&reader)
    let pieceCount = columns.reduce(columns.count) { $0 + $1.count }
    let texts = try textParts(&reader, count: pieceCount)
    var templates: [TemplatedText.Template] = []
    var piece = 0
    for list in columns {
      let pieces = (piece...piece + list.count).map { Array(texts.bytes[ValueDictionary.range(texts.ends, $0)]) }
      templates.append(TemplatedText.Template(pieces: pieces, columns: list))
      piece += list.count + 1
    }
    var slots: [SlotColumn] = []
    for _ in 0..<(try reader.count(most: bytes.count)) { slots.append(try slotColumn(&reader, entryCount)) }
    let ids = entryCount > 0 ? try block(&reader, count: entryCount) : []
    guard ids.allSatisfy({ $0 < templates.count }) else { throw FormatDamage(what: "an entry has a template that is none", offset: 0) }
    guard let text = TemplatedText(templates: templates, columns: slots, ids: ids.map { UInt16(truncatingIfNeeded: $0) }) else {
      throw FormatDamage(what: "templates and their values do not belong together", offset: 0)
    }
    guard text.plainByteCountMax <= Int(UInt32.max) else {
      throw FormatDamage(what: "a dictionary claims more text than a column may have", offset: 0)
    }
    return .templated(text)
  }

  /// The columns of each template's slots.
  private func slotLists(_ reader: inout ByteReader) throws(FormatDamage) -> [[Int]] {
    let templateCount = try reader.count(most: min(TemplatedText.templateCountMax, reader.bytes.count))
    var lists: [[Int]] = []
    for _ in 0..<templateCount {
      var list: [Int] = []
      for _ in 0..<(try reader.count(most: reader.bytes.count - reader.position)) {
        list.append(try reader.count(most: reader.bytes.count))
      }
      lists.append(list)
    }
    return lists
  }

  private mutating func textParts(_ reader: inout ByteReader, count: Int) throws(FormatDamage) -> (bytes: [UInt8], ends: [UInt32]) {
    guard case .text(let bytes, let ends) = try texts(count, &reader) else { throw FormatDamage(what: "no texts", offset: reader.position) }
    return (bytes, ends)
  }

  private mutating func slotColumn(_ reader: inout ByteReader, _ entryCount: Int) throws(FormatDamage) -> SlotColumn {
    guard let form = SlotColumn.Form(rawValue: try reader.byte()) else {
      throw FormatDamage(what: "an unknown form of slots", offset: reader.position)
    }
    var column = SlotColumn(form, digits: Int(try reader.byte()))
    let count = try valueCount(&reader, entryCount)
    guard count > 0 else { return column }
    switch form {
    case .integer, .padded, .hex, .decimal, .shortDecimal: column.words = SlotWords(try words(&reader, count: count))
    case .longHex:
      column.words = SlotWords(try words(&reader, count: count))
      column.high = try words(&reader, count: count)
    case .hexOfLength, .decimalOfLength:
      column.words = SlotWords(try words(&reader, count: count))
      column.lengths = try block(&reader, count: count).map { UInt8(clamping: $0) }
    case .entries:
      let texts = try textParts(&reader, count: try reader.count(most: count))
      (column.text, column.ends) = (texts.bytes, texts.ends)
      column.words = SlotWords(try block(&reader, count: count).map { UInt64($0) })
    case .texts:
      let texts = try textParts(&reader, count: count)
      (column.text, column.ends) = (texts.bytes, texts.ends)
    }
    guard column.isSound else { throw FormatDamage(what: "slots do not have the values that their form needs", offset: reader.position) }
    return column
  }

  /// A number of values; each takes a bit at least, or a 32 Ki-th of a byte where a plane of equal bytes is packed.
  private func valueCount(_ reader: inout ByteReader, _ entryCount: Int) throws(FormatDamage) -> Int {
    try reader.count(most: min(entryCount << 8, (reader.bytes.count - reader.position + 16) << 15))
  }

  private mutating func words(_ reader: inout ByteReader, count: Int, isNested: Bool = false) throws(FormatDamage) -> [UInt64] {
    switch try reader.byte() {
    case 0:
      let base = try reader.word()
      return try block(&reader, count: count).map { base &+ UInt64($0) }
    case 1:
      let byteCount = try reader.count(most: reader.bytes.count - reader.position)
      return try values(try reader.bytes(byteCount), count: count)
    case 2 where !isNested:
      let distinctCount = try reader.count(most: count)
      guard distinctCount > 0 else { throw FormatDamage(what: "values without any", offset: reader.position) }
      let distinct = try words(&reader, count: distinctCount, isNested: true)
      return try repeated(distinct, try block(&reader, count: count))
    default: throw FormatDamage(what: "an unknown form of numbers", offset: reader.position)
    }
  }

  private func repeated(_ distinct: [UInt64], _ steps: [UInt32]) throws(FormatDamage) -> [UInt64] {
    var values: [UInt64] = []
    values.reserveCapacity(steps.count)
    var known = 0
    for step in steps {
      let index = step == 0 ? known : known - Int(step)
      guard distinct.indices.contains(index) else { throw FormatDamage(what: "a value stands for one that is not there", offset: 0) }
      if step == 0 { known += 1 }
      values.append(distinct[index])
    }
    return values
  }
}
