// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPatterns
internal import CairnPlan

/// The distinct texts of one column of one piece, with the number of events that have each.
struct CountedTexts: Sendable {
  enum Source: Sendable {
    case dictionary(ValueDictionary)
    /// Numbers and ids, which no dictionary holds, as they are shown.
    case texts([String])
  }
  var source: Source
  var counts: [UInt32]

  var entryCount: Int { counts.count }

  /// Reads the entries from `start` on, as many as one unit of work has.
  func add(from start: Int, to templates: inout LineTemplates) {
    let entries = start..<min(start + PatternCounter.entriesAtOnce, counts.count)
    switch source {
    case .texts(let texts):
      for entry in entries where counts[entry] > 0 { templates.add(texts[entry], count: Int(counts[entry])) }
    case .dictionary(let dictionary):
      if case .templated(let text) = dictionary.entries {
        return Self.add(text, text.entries(ofRun: entries.lowerBound / text.stride).lowerBound..<entries.upperBound, counts, to: &templates)
      }
      guard case .text(let bytes, let ends) = dictionary.entries else {
        for entry in entries where counts[entry] > 0 { templates.add(dictionary.value(entry).text, count: Int(counts[entry])) }
        return
      }
      let text = bytes.span
      for entry in entries where counts[entry] > 0 {
        templates.add(text, ValueDictionary.range(ends, entry), count: Int(counts[entry]))
      }
    }
  }

  /// Lines of one template have one pattern, as both take a word with a digit for varying: one of them is read for all. Long lines and those
  /// without a template are read by themselves.
  private static func add(_ text: TemplatedText, _ entries: Range<Int>, _ counts: [UInt32], to templates: inout LineTemplates) {
    var samples = [Int](repeating: -1, count: text.templates.count)
    var totals = [Int](repeating: 0, count: text.templates.count)
    let isShared = text.templates.map { !$0.isPlain && $0.constantByteCount + $0.columns.count * 64 <= LineTemplates.lineByteCountMax }
    var line: [UInt8] = []
    for entry in entries where counts[entry] > 0 {
      let id = Int(text.ids[entry])
      if isShared[id] {
        if samples[id] < 0 { samples[id] = entry }
        totals[id] += Int(counts[entry])
        continue
      }
      line.removeAll(keepingCapacity: true)
      text.append(entry, to: &line)
      templates.add(line.span, 0..<line.count, count: Int(counts[entry]))
    }
    for id in samples.indices where samples[id] >= 0 {
      line.removeAll(keepingCapacity: true)
      text.append(samples[id], to: &line)
      templates.add(line.span, 0..<line.count, count: totals[id])
    }
  }
}

/// Counts events by text, a piece at a time.
struct PatternCounter: Sendable {
  /// Dictionary entries of one unit of work.
  static let entriesAtOnce = 32_768
  private(set) var texts: [CountedTexts] = []

  mutating func count(_ unit: PatternUnit, _ scan: ScanSet, _ watch: QueryWatch) throws(QueryError) {
    var byEntry = unit.columns.map { (column) -> [UInt32] in
      guard case .dictionary(let dictionary) = column.domain else { return [] }
      return [UInt32](repeating: 0, count: dictionary.count + 1)
    }
    try watch.hold(byEntry.reduce(0) { $0 + $1.count * 4 })
    var others: [ExactText: UInt32] = [:]
    var bits = Bits()
    var present = Bits()
    var rows = Selection()
    var codes = [UInt32](repeating: 0, count: blockRowCount)
    for slice in unit.slices {
      try watch.check()
      guard unit.filter.verdict(slice) != .none else { continue }
      unit.filter.evaluate(slice, &bits)
      for (index, column) in unit.columns.enumerated() {
        let block = column.blocks[slice.block]
        column.markPresent(block, slice.rows, &present)
        present.formIntersection(bits)
        if present.isEmpty { continue }
        bits.subtract(present)
        rows.select(present, slice.rows)
        guard !byEntry[index].isEmpty else {
          Self.count(column, slice, rows, &others)
          continue
        }
        column.readCodes(block, rows, into: &codes)
        for position in 0..<rows.count { byEntry[index][Int(codes[position])] &+= 1 }
      }
    }
    for (column, counts) in zip(unit.columns, byEntry) where !counts.isEmpty {
      guard case .dictionary(let dictionary) = column.domain else { continue }
      texts.append(CountedTexts(source: .dictionary(dictionary), counts: Array(counts.dropFirst())))
    }
    if !others.isEmpty {
      let sorted = others.sorted { $0.key < $1.key }
      texts.append(CountedTexts(source: .texts(sorted.map(\.key.text)), counts: sorted.map(\.value)))
    }
  }

  private static func count(_ column: ScanColumn, _ slice: Slice, _ rows: borrowing Selection, _ others: inout [ExactText: UInt32]) {
    let base = slice.block * blockRowCount
    for position in 0..<rows.count {
      if let value = column.value(at: base + rows.row(position)) { others[ExactText(value.text), default: 0] += 1 }
    }
  }
}
