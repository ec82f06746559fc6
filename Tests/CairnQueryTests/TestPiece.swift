// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnPlan
import CairnQuery

/// An event as tests write it.
struct TestEvent {
  var environment = "default"
  var dataset = "web"
  var time: Int64
  var fields: [String: FieldValue]

  init(_ time: Int64, _ fields: [String: FieldValue], dataset: String = "web", environment: String = "default") {
    self.time = time
    self.fields = fields
    self.dataset = dataset
    self.environment = environment
  }
}

/// A piece made of events: sorted, cut into runs, turned into columns.
final class TestPiece: Piece {
  let rowCount: Int
  let runs: [DatasetRun]
  let columns: [(key: ColumnKey, presentCount: Int)]
  let isSealed = true
  private let byKey: [ColumnKey: ScanColumn]
  private let broken: Set<ColumnKey>

  /// `damaged` blocks by column; `broken` columns cannot be read at all; `dictionaryIntegers` are held as dictionaries.
  init(
    _ events: [TestEvent], damaged: [ColumnKey: Set<Int>] = [:], broken: Set<ColumnKey> = [], dictionaryIntegers: Set<String> = []
  ) {
    let events = events.enumerated().sorted {
      ($0.element.environment, $0.element.dataset, $0.element.time, $0.offset)
        < ($1.element.environment, $1.element.dataset, $1.element.time, $1.offset)
    }.map(\.element)
    rowCount = events.count
    runs = Self.runs(events)
    var built: [ColumnKey: ScanColumn] = [.time: ScanColumn.numbers(.time, .integers, values: events.map(\.time))]
    for name in Set(events.flatMap(\.fields.keys)) {
      let values = events.map { $0.fields[name] }
      for kind in Set(values.compactMap { $0.map { Self.kind(name, $0) } }) {
        let key = ColumnKey(name, kind)
        let own = values.map { (value) in value.flatMap { Self.kind(name, $0) == kind ? $0 : nil } }
        built[key] = Self.column(key, own, isDictionary: dictionaryIntegers.contains(name))
      }
    }
    for (key, blocks) in damaged {
      guard let column = built[key] else { continue }
      var copies = column.blocks
      for block in blocks { copies[block].isDamaged = true }
      built[key] = ScanColumn(key: key, domain: column.domain, rowCount: column.rowCount, blocks: copies, storage: column.storage)
    }
    byKey = built
    self.broken = broken
    columns = built.keys.sorted().map { ($0, built[$0]?.presentCount ?? 0) }
  }

  func column(_ key: ColumnKey) throws(PieceError) -> ScanColumn? {
    if broken.contains(key) { throw PieceError(file: "test", offset: 0, reason: "broken for the test") }
    return byKey[key]
  }

  func dictionary(_ key: ColumnKey) -> ValueDictionary? {
    guard !broken.contains(key), case .dictionary(let dictionary)? = byKey[key]?.domain else { return nil }
    return dictionary
  }

  static func kind(_ name: String, _ value: FieldValue) -> ColumnKind {
    switch value {
    case .boolean: return .boolean
    case .integer: return .integer
    case .float: return name.hasPrefix("duration") ? .duration : .float
    case .string(let text):
      if name == FieldName.traceID || name == FieldName.linkTraceID, text.utf8.count == 32 { return .traceID }
      return [FieldName.spanID, FieldName.parentID, FieldName.linkSpanID].contains(name) ? .spanID : .string
    }
  }

  private static func runs(_ events: [TestEvent]) -> [DatasetRun] {
    var runs: [DatasetRun] = []
    for (row, event) in events.enumerated() {
      if let last = runs.last, last.environment == event.environment, last.dataset == event.dataset {
        runs[runs.count - 1].rows = last.rows.lowerBound..<row + 1
        runs[runs.count - 1].maximumUnixNanoseconds = event.time
      } else {
        runs.append(
          DatasetRun(
            environment: event.environment, dataset: event.dataset, rows: row..<row + 1, minimumUnixNanoseconds: event.time,
            maximumUnixNanoseconds: event.time))
      }
    }
    return runs
  }

  private static func column(_ key: ColumnKey, _ values: [FieldValue?], isDictionary: Bool) -> ScanColumn {
    let present = values.map { $0 != nil }
    switch key.kind {
    case .boolean:
      return .coded(key, .booleans, stored: values.map { $0 == nil ? 0 : $0 == .boolean(true) ? 2 : 1 })
    case .integer where isDictionary:
      let (codes, entries) = encode(values) { (value) -> Int64 in if case .integer(let number) = value { number } else { 0 } }
      return .coded(key, .dictionary(ValueDictionary(.integers(entries))), stored: codes)
    case .integer:
      let numbers = values.map { (value) -> Int64 in if case .integer(let number) = value { number } else { 0 } }
      return .numbers(key, .integers, values: numbers, present: present)
    case .duration:
      let numbers = values.map { Int64((($0?.number ?? 0) * 1e6).rounded()) }
      return .numbers(key, .scaled(divisor: 1e6), values: numbers, present: present)
    case .float:
      return .patterns(key, .floatBits, values: values.map { ($0?.number ?? 0).bitPattern }, present: present)
    case .spanID:
      let words = values.map { (value) in (value.flatMap { parseHex(Array($0.text.utf8)[...]) } ?? 0).byteSwapped }
      return .patterns(key, .spanIDs, values: words, present: present)
    case .traceID:
      let (codes, ids) = encode(values) { TraceID($0.text) ?? TraceID(high: 0, low: 0) }
      let sorted = ids.indices.sorted { ids[$0] < ids[$1] }.map { UInt32($0) }
      return .coded(key, .dictionary(ValueDictionary(.traceIDs(ids, sorted: sorted))), stored: codes)
    case .string:
      let (codes, entries) = encode(values) { ExactText($0.text) }
      var bytes: [UInt8] = []
      var ends: [UInt32] = []
      for entry in entries {
        bytes += Array(entry.text.utf8)
        ends.append(UInt32(bytes.count))
      }
      return .coded(key, .dictionary(ValueDictionary(texts(bytes, ends))), stored: codes)
    }
  }

  /// Every other column of texts is kept by templates, as sealed lines are.
  private static func texts(_ bytes: [UInt8], _ ends: [UInt32]) -> ValueDictionary.Entries {
    guard ends.count % 2 == 0, let text = TemplatedText(bytes: bytes, ends: ends) else { return .text(bytes: bytes, ends: ends) }
    return .templated(text)
  }

  private static func encode<Entry: Hashable>(_ values: [FieldValue?], _ entry: (FieldValue) -> Entry) -> ([UInt32], [Entry]) {
    var codes: [Entry: UInt32] = [:]
    var entries: [Entry] = []
    let stored = values.map { (value) -> UInt32 in
      guard let value else { return 0 }
      let own = entry(value)
      if let code = codes[own] { return code }
      entries.append(own)
      codes[own] = UInt32(entries.count)
      return UInt32(entries.count)
    }
    return (stored, entries)
  }
}

/// Does not give up on a machine that is busy with other tests.
let patientEngine = QueryEngine(budget: QueryBudget(wallTimeNanoseconds: 600_000_000_000))

let everywhere = Scope(environment: "default", datasets: .all, time: .everything)

/// The answer's rows as text, one a group: values joined by `|`.
func lines(_ answer: Answer) -> [String] {
  (0..<answer.rowCount).map { (row) in answer.columns.map { $0.values[row]?.text ?? "-" }.joined(separator: "|") }
}
