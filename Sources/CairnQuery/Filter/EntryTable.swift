// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnPatterns
internal import CairnPlan

/// Tests every entry of a dictionary once; rows then only look their code up.
enum EntryTable {
  /// By code: 1 where the entry passes; null (code 0) never does. Searches of texts are remembered: the next page asks the same.
  static func make(_ test: FieldTest, _ dictionary: ValueDictionary) -> [UInt8] {
    guard case .text(let match, let wanted) = test else { return made(test, dictionary) }
    let kind: UInt8 = match == .contains ? 0 : match == .startsWith ? 1 : 2
    return dictionary.flags(for: [kind] + wanted) { made(test, dictionary) }
  }

  private static func made(_ test: FieldTest, _ dictionary: ValueDictionary) -> [UInt8] {
    var table = [UInt8](repeating: 0, count: dictionary.count + 1)
    switch (dictionary.entries, test) {
    case (.text(let bytes, let ends), .text(let match, let wanted)): mark(bytes, ends, match, wanted, &table)
    case (.text(let bytes, let ends), .compare(.equal, .string(let wanted))):
      markEqual(bytes, ends, Array(wanted.utf8), &table)
    case (.text(let bytes, let ends), .oneOf(let list)) where list.allSatisfy({ $0.type == .string }):
      for case .string(let wanted) in list { markEqual(bytes, ends, Array(wanted.utf8), &table) }
    case (.text(let bytes, let ends), .matches(let pattern)):
      pattern.forEachMatch(in: bytes, ends: ends) { table[$0 + 1] = 1 }
    case (.templated(let text), _): markTemplated(text, test, dictionary, &table)
    case (.traceIDs, .compare(.equal, .string(let text))): markID(text, dictionary, &table)
    case (.traceIDs, .oneOf(let list)):
      for case .string(let text) in list { markID(text, dictionary, &table) }
      let others = FieldTest.oneOf(list.filter { $0.type != .string })
      if list.contains(where: { $0.type != .string }) {
        for entry in 0..<dictionary.count where others.passes(dictionary.value(entry)) { table[entry + 1] = 1 }
      }
    default:
      for entry in 0..<dictionary.count where test.passes(dictionary.value(entry)) { table[entry + 1] = 1 }
    }
    return table
  }

  /// What contains a text is found from templates and slots; for all other tests some lines at a time are written out.
  private static func markTemplated(_ text: TemplatedText, _ test: FieldTest, _ dictionary: ValueDictionary, _ table: inout [UInt8]) {
    if case .text(.contains, let wanted) = test, !wanted.isEmpty { return TemplateSearch(text, wanted).mark(&table) }
    let runsAtOnce = max(1, linesAtOnce / text.stride)
    for start in stride(from: 0, to: text.runCount, by: runsAtOnce) {
      let runs = start..<min(start + runsAtOnce, text.runCount)
      let lines = text.text(ofRuns: runs)
      let part = make(test, ValueDictionary(.text(bytes: lines.bytes, ends: lines.ends)))
      let first = text.entries(ofRun: start).lowerBound
      for entry in lines.ends.indices { table[first + entry + 1] = part[entry + 1] }
    }
  }

  private static let linesAtOnce = 4_096

  /// The codes of the entries that are one of a few trace ids, ascending; nil where the test is another.
  static func ids(_ test: FieldTest, _ dictionary: ValueDictionary) -> [UInt32]? {
    guard case .traceIDs = dictionary.entries else { return nil }
    let wanted: [FieldValue]
    switch test {
    case .compare(.equal, let value): wanted = [value]
    case .oneOf(let list) where list.count <= idCountMax: wanted = list
    default: return nil
    }
    guard wanted.allSatisfy({ $0.type == .string }) else { return nil }
    let codes = wanted.compactMap { TraceID($0.text).flatMap { dictionary.entry(of: $0) }.map { UInt32($0 + 1) } }
    return Set(codes).sorted()
  }

  /// Each is looked for in every block that may have it; more are looked up in a table.
  private static let idCountMax = 16

  /// Trace ids are equal as ids, whichever spelling the filter has: 32 digits, 16 digits or X-Ray's form, in any case.
  private static func markID(_ text: String, _ dictionary: ValueDictionary, _ table: inout [UInt8]) {
    if let id = TraceID(text), let entry = dictionary.entry(of: id) { table[entry + 1] = 1 }
  }

  private static func markEqual(_ bytes: [UInt8], _ ends: [UInt32], _ wanted: [UInt8], _ table: inout [UInt8]) {
    var start = 0
    for entry in ends.indices {
      let end = Int(ends[entry])
      if end - start == wanted.count, isEqual(bytes, start, wanted) { table[entry + 1] = 1 }
      start = end
    }
  }

  private static func mark(
    _ bytes: [UInt8], _ ends: [UInt32], _ match: TextMatch, _ wanted: [UInt8], _ table: inout [UInt8]
  ) {
    if match == .contains, !wanted.isEmpty { return markContaining(bytes, ends, wanted, &table) }
    var start = 0
    for entry in ends.indices {
      let end = Int(ends[entry])
      let offset = match == .endsWith ? end - wanted.count : start
      if end - start >= wanted.count, isEqual(bytes, offset, wanted) { table[entry + 1] = 1 }
      start = end
    }
  }

  private static func isEqual(_ bytes: [UInt8], _ offset: Int, _ wanted: [UInt8]) -> Bool {
    for index in wanted.indices where bytes[offset &+ index] != wanted[index] { return false }
    return true
  }

  /// Searches the whole run of bytes at once and maps each hit to its entry; a hit over a border is none.
  private static func markContaining(_ bytes: [UInt8], _ ends: [UInt32], _ wanted: [UInt8], _ table: inout [UInt8]) {
    var entry = 0
    var position = 0
    while let hit = findBytes(wanted, in: bytes, from: position) {
      while Int(ends[entry]) <= hit { entry += 1 }
      let end = Int(ends[entry])
      if hit + wanted.count <= end {
        table[entry + 1] = 1
        position = end
      } else {
        position = hit + 1
      }
    }
  }
}
