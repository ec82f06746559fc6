// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

// A dictionary of texts as templates (`TemplatedText`), domain 9:
//
//   TEMPLATED := templateCount varint, (slotCount varint, column varint*)*, TEXTS of all pieces, columnCount varint, SLOTS*, BLOCK of ids
//   SLOTS     := form u8, digits u8, valueCount varint, what the form has:
//                integer, padded, hex, decimal, shortDecimal    WORDS
//                longHex                                        WORDS of the last 16 digits, WORDS of those before
//                hexOfLength, decimalOfLength                   WORDS, BLOCK of lengths
//                entries                                        entryCount varint, TEXTS, BLOCK of indices
//                texts                                          TEXTS
//   WORDS     := 0 base u64, BLOCK of value - base, each below 2^32 | 1 BLOCK of 64-bit values
//                | 2 distinctCount varint, WORDS of the distinct values in the order of their first use, BLOCK of steps
//   step      := 0 a value not used before, else 1 + how many distinct values were first used after this one
//   TEXTS     := LENGTHS TEXT, as in a dictionary of texts; BLOCKs have their byteCount in front; none of no values

extension ColumnEncoder {
  mutating func encodeTemplated(_ text: TemplatedText) -> [UInt8] {
    var out = ByteWriter()
    out.write(count: text.templates.count)
    var pieces: [UInt8] = []
    var lengths: [UInt32] = []
    for template in text.templates {
      out.write(count: template.columns.count)
      for column in template.columns { out.write(count: column) }
      for piece in template.pieces {
        pieces.append(contentsOf: piece)
        lengths.append(UInt32(piece.count))
      }
    }
    appendTexts(pieces, lengths, to: &out)
    out.write(count: text.columns.count)
    for column in text.columns { append(column, to: &out) }
    if text.count > 0 { appendBlock(text.ids.map { UInt32($0) }, to: &out) }
    return out.bytes
  }

  private mutating func appendTexts(_ bytes: [UInt8], _ lengths: [UInt32], to out: inout ByteWriter) {
    appendBlock(lengths, to: &out)
    appendText(bytes, to: &out)
  }

  private mutating func append(_ column: SlotColumn, to out: inout ByteWriter) {
    out.write(byte: column.form.rawValue)
    out.write(byte: UInt8(column.digits))
    out.write(count: column.count)
    guard column.count > 0 else { return }
    switch column.form {
    case .integer, .padded, .hex, .decimal, .shortDecimal: append(column.words.values, to: &out)
    case .longHex:
      append(column.words.values, to: &out)
      append(column.high, to: &out)
    case .hexOfLength, .decimalOfLength:
      append(column.words.values, to: &out)
      appendBlock(column.lengths.map { UInt32($0) }, to: &out)
    case .entries:
      out.write(count: column.ends.count)
      appendTexts(column.text, Self.lengths(column.ends), to: &out)
      appendBlock(column.words.values.map { UInt32(truncatingIfNeeded: $0) }, to: &out)
    case .texts: appendTexts(column.text, Self.lengths(column.ends), to: &out)
    }
  }

  private static func lengths(_ ends: [UInt32]) -> [UInt32] { ends.indices.map { UInt32(ValueDictionary.range(ends, $0).count) } }

  private mutating func append(_ values: [UInt64], to out: inout ByteWriter) {
    if let repeats = WordRepeats(values) {
      out.write(byte: 2)
      out.write(count: repeats.distinct.count)
      appendPlain(repeats.distinct, to: &out)
      appendBlock(repeats.steps, to: &out)
    } else {
      appendPlain(values, to: &out)
    }
  }

  private mutating func appendPlain(_ values: [UInt64], to out: inout ByteWriter) {
    let least = values.min() ?? 0
    let most = values.max() ?? 0
    if most - least < UInt64(UInt32.max) {
      out.write(byte: 0)
      out.write(word: least)
      appendBlock(values.map { UInt32(truncatingIfNeeded: $0 &- least) }, to: &out)
    } else {
      out.write(byte: 1)
      var plan = BlockCodec.Plan()
      let block = codec.encode(wide: values, isOrdered: false, &plan)
      out.write(count: block.count)
      out.bytes.append(contentsOf: block)
    }
  }
}

/// Values that come again soon, as ids of requests do: each distinct one once, and for each value how far back it was first used.
private struct WordRepeats {
  private(set) var distinct: [UInt64] = []
  private(set) var steps: [UInt32] = []

  /// Small numbers are packed well as they are.
  private static let valueMin: UInt64 = 1 << 20
  /// So many values tell whether it is worth a look at all of them.
  private static let trialCount = 8_192

  init?(_ values: [UInt64]) {
    guard values.count >= 256, (values.max() ?? 0) >= Self.valueMin else { return nil }
    let trial = Set(values.prefix(Self.trialCount))
    guard trial.count * 4 < min(values.count, Self.trialCount) * 3 else { return nil }
    var table = WordTable(distinctMax: values.count)
    steps.reserveCapacity(values.count)
    for value in values {
      let known = UInt32(table.distinct.count)
      guard let code = table.code(of: value) else { return nil }
      steps.append(code == known ? 0 : known - code)
    }
    guard table.distinct.count * 4 < values.count * 3 else { return nil }
    distinct = table.distinct
  }
}

extension ColumnEncoder {
  /// Fewer texts, or shorter ones, are no lines.
  private static let lineCountMin = 2_048
  private static let lineByteCountMin = 32
  /// So many texts are packed both ways to see which way takes less.
  private static let trialCount = 4_096

  /// The texts by templates, where that takes less; nil else, and where they are few, short or hardly distinct.
  mutating func templated(_ column: ScanColumn) -> TemplatedText? {
    guard !FieldName.isInternal(column.key.name), case .dictionary(let dictionary) = column.domain,
      case .text(let bytes, let ends) = dictionary.entries, ends.count >= Self.lineCountMin,
      bytes.count >= ends.count * Self.lineByteCountMin, ends.count * 2 >= column.presentCount,
      isWorthTemplates(bytes, ends), let text = TemplatedText(bytes: bytes, ends: ends), Self.isExact(text, bytes, ends)
    else { return nil }
    return text
  }

  private mutating func isWorthTemplates(_ bytes: [UInt8], _ ends: [UInt32]) -> Bool {
    let first = (ends.count - min(Self.trialCount, ends.count)) / 2
    let start = first == 0 ? 0 : Int(ends[first - 1])
    let trialEnds = ends[first..<first + min(Self.trialCount, ends.count)].map { $0 - UInt32(start) }
    let trialBytes = Array(bytes[start..<start + Int(trialEnds.last ?? 0)])
    guard let text = TemplatedText(bytes: trialBytes, ends: trialEnds) else { return false }
    let templated = encodeTemplated(text).count
    var plain = ByteWriter()
    appendTexts(trialBytes, Self.lengths(trialEnds), to: &plain)
    return templated < plain.bytes.count / 10 * 9
  }

  /// Every text comes back byte by byte: looked at before the texts themselves are gone.
  private static func isExact(_ text: TemplatedText, _ bytes: [UInt8], _ ends: [UInt32]) -> Bool {
    guard text.count == ends.count else { return false }
    var places = text.places(ofRun: 0)
    var line: [UInt8] = []
    let source = bytes.span
    for entry in ends.indices {
      line.removeAll(keepingCapacity: true)
      text.append(entry, &places, to: &line)
      let range = ValueDictionary.range(ends, entry)
      guard line.count == range.count else { return false }
      let found = line.span
      for place in found.indices where found[place] != source[range.lowerBound &+ place] { return false }
    }
    return true
  }
}
