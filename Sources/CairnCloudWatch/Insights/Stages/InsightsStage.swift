// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import CairnPatterns

/// One command at work. Rows come in chunks, those of a chunk in order; a value, so that a copy can be finished early to show what there
/// is so far.
///
/// `take` may hand rows on at once or keep them; `finish` hands on what it kept, after which nothing comes. Both run on one task.
protocol InsightsStage: Sendable {
  mutating func take(_ rows: [InsightsRow], _ context: InsightsContext) -> [InsightsRow]
  mutating func finish(_ context: InsightsContext) -> [InsightsRow]
  /// Nothing that still comes can change what is handed on.
  var isSatisfied: Bool { get }
  /// Each row is handed on at once, as one row.
  var isOneToOne: Bool { get }
  /// About how many bytes are kept.
  var heldByteCount: Int { get }
}

extension InsightsStage {
  mutating func finish(_ context: InsightsContext) -> [InsightsRow] { [] }
  var isSatisfied: Bool { false }
  var isOneToOne: Bool { false }
  var heldByteCount: Int { 0 }
}

/// `fields` and `display`: computes new fields.
struct ComputeStage: InsightsStage {
  let isOneToOne = true
  var items: [(slot: Int, formula: InsightsFormula)]

  mutating func take(_ rows: [InsightsRow], _ context: InsightsContext) -> [InsightsRow] {
    if items.isEmpty { return rows }
    var rows = rows
    for index in rows.indices {
      for item in items { rows[index][item.slot] = item.formula.value(rows[index], context) }
    }
    return rows
  }
}

/// `filter`.
struct FilterStage: InsightsStage {
  var condition: InsightsFormula

  mutating func take(_ rows: [InsightsRow], _ context: InsightsContext) -> [InsightsRow] {
    rows.filter { condition.holds($0, context) }
  }
}

/// `limit`.
struct LimitStage: InsightsStage {
  var left: Int

  init(_ limit: Int) { left = limit }

  mutating func take(_ rows: [InsightsRow], _ context: InsightsContext) -> [InsightsRow] {
    let taken = rows.prefix(left)
    left -= taken.count
    return Array(taken)
  }

  var isSatisfied: Bool { left == 0 }
}

/// `parse`.
struct ParseStage: InsightsStage {
  let isOneToOne = true
  var text: InsightsFormula
  var how: InsightsParse
  var slots: [Int]
  private let literals: [[UInt8]]

  init(_ text: InsightsFormula, _ how: InsightsParse, _ slots: [Int]) {
    self.text = text
    self.how = how
    self.slots = slots
    if case .glob(let literals) = how { self.literals = literals.map { Array($0.utf8) } } else { literals = [] }
  }

  mutating func take(_ rows: [InsightsRow], _ context: InsightsContext) -> [InsightsRow] {
    var rows = rows
    for index in rows.indices {
      let found = captures(text.value(rows[index], context))
      for (position, slot) in slots.enumerated() {
        let capture = found.flatMap { position < $0.count ? $0[position] : nil }
        rows[index][slot] = capture.map { .text($0) } ?? .absent
      }
    }
    return rows
  }

  private func captures(_ value: InsightsValue) -> [String?]? {
    guard let text = value.text else { return nil }
    switch how {
    case .glob: return InsightsText.globMatch(literals, Array(text.utf8))
    case .pattern(let pattern): return pattern.firstMatch(in: text).map { Array($0.dropFirst()) }
    }
  }
}

/// `dedup`: the first row of each combination; rows that lack one of the fields all stay.
struct DedupStage: InsightsStage {
  var keys: [InsightsFormula]
  private var seen: Set<[String]> = []
  private(set) var heldByteCount = 0

  init(_ keys: [InsightsFormula]) { self.keys = keys }

  mutating func take(_ rows: [InsightsRow], _ context: InsightsContext) -> [InsightsRow] {
    rows.filter { (row) in
      let texts = keys.compactMap { $0.value(row, context).text }
      guard texts.count == keys.count else { return true }
      guard seen.insert(texts).inserted else { return false }
      heldByteCount += texts.reduce(64) { $0 + $1.utf8.count + 32 }
      return true
    }
  }
}

/// `unnest`: a row for each element of a list, at most `rowCountMax`; anything else counts as a list of one.
struct UnnestStage: InsightsStage {
  static let rowCountMax = 10_000
  var list: InsightsFormula
  var slot: Int

  mutating func take(_ rows: [InsightsRow], _ context: InsightsContext) -> [InsightsRow] {
    var result: [InsightsRow] = []
    for row in rows {
      let value = list.value(row, context)
      guard case .json(let json) = value, let items = json.array else {
        var row = row
        row[slot] = value
        result.append(row)
        continue
      }
      for item in items.prefix(Self.rowCountMax) {
        var row = row
        row[slot] = InsightsValue(item)
        result.append(row)
      }
    }
    return result
  }
}

/// `accum`: the sum so far.
struct AccumulateStage: InsightsStage {
  var value: InsightsFormula
  var slot: Int
  private var sum: InsightsValue = .integer(0)

  init(_ value: InsightsFormula, _ slot: Int) {
    self.value = value
    self.slot = slot
  }

  mutating func take(_ rows: [InsightsRow], _ context: InsightsContext) -> [InsightsRow] {
    var rows = rows
    for index in rows.indices {
      let next = InsightsArithmetic.add.apply(sum, value.value(rows[index], context))
      if !next.isAbsent { sum = next }
      rows[index][slot] = sum
    }
    return rows
  }
}

/// `lookup`: columns of the first row of a table whose keys are equal; absent where there is none.
struct LookupStage: InsightsStage {
  let isOneToOne = true
  var table: String
  var keys: [(column: String, formula: InsightsFormula)]
  var outputs: [(column: String, slot: Int)]
  private var index: [[String]: [String]]?
  private var columns: [Int?] = []

  init(_ table: String, _ keys: [(column: String, formula: InsightsFormula)], _ outputs: [(column: String, slot: Int)]) {
    self.table = table
    self.keys = keys
    self.outputs = outputs
  }

  private mutating func prepare(_ context: InsightsContext) -> [[String]: [String]] {
    if let index { return index }
    var made: [[String]: [String]] = [:]
    if let table = context.tables[table] {
      let places = keys.compactMap { table.columns.firstIndex(of: $0.column) }
      columns = outputs.map { table.columns.firstIndex(of: $0.column) }
      if places.count == keys.count {
        for row in table.rows {
          let key = places.map { row[$0] }
          if made[key] == nil { made[key] = row }
        }
      }
    }
    index = made
    return made
  }

  mutating func take(_ rows: [InsightsRow], _ context: InsightsContext) -> [InsightsRow] {
    let index = prepare(context)
    var rows = rows
    for row in rows.indices {
      let key = keys.map { $0.formula.value(rows[row], context).text ?? "" }
      let found = index[key]
      for (position, output) in outputs.enumerated() {
        let cell = position < columns.count ? columns[position].flatMap { (column) in found.map { $0[column] } } : nil
        rows[row][output.slot] = cell.map { .text($0) } ?? .absent
      }
    }
    return rows
  }
}

/// `join`: each row with each row of the other side whose keys are equal, at most `rowCountMax` of them.
struct JoinStage: InsightsStage {
  static let rowCountMax = 10_000
  /// Where in the context the other side's rows are: the keys first, then the fields.
  var index: Int
  var keepsUnmatched: Bool
  var keys: [InsightsFormula]
  var outputs: [Int]
  private var matches: [[String]: [InsightsRow]]?

  init(_ index: Int, keepsUnmatched: Bool, _ keys: [InsightsFormula], _ outputs: [Int]) {
    self.index = index
    self.keepsUnmatched = keepsUnmatched
    self.keys = keys
    self.outputs = outputs
  }

  private mutating func prepare(_ context: InsightsContext) -> [[String]: [InsightsRow]] {
    if let matches { return matches }
    var made: [[String]: [InsightsRow]] = [:]
    for row in context.joined[index] ?? [] {
      let key = row.prefix(keys.count).compactMap(\.text)
      if key.count == keys.count { made[key, default: []].append(Array(row.dropFirst(keys.count))) }
    }
    matches = made
    return made
  }

  mutating func take(_ rows: [InsightsRow], _ context: InsightsContext) -> [InsightsRow] {
    let matches = prepare(context)
    var result: [InsightsRow] = []
    for row in rows {
      let key = keys.compactMap { $0.value(row, context).text }
      let others = key.count == keys.count ? matches[key] ?? [] : []
      for other in others.prefix(Self.rowCountMax) {
        var joined = row
        for (slot, value) in zip(outputs, other) { joined[slot] = value }
        result.append(joined)
      }
      if others.isEmpty, keepsUnmatched { result.append(row) }
    }
    return result
  }
}

/// `addtotals`: a column with the sum of each row's numbers, a row with those of the columns, or both.
struct TotalsStage: InsightsStage {
  var fields: [Int]
  /// Where the row's sum goes, or nil.
  var totalSlot: Int?
  var addsRow: Bool
  private var sums: [Double]
  private var width = 0

  init(_ fields: [Int], totalSlot: Int?, addsRow: Bool) {
    self.fields = fields
    self.totalSlot = totalSlot
    self.addsRow = addsRow
    sums = [Double](repeating: 0, count: fields.count)
  }

  mutating func take(_ rows: [InsightsRow], _ context: InsightsContext) -> [InsightsRow] {
    var rows = rows
    for index in rows.indices {
      width = rows[index].count
      var total = 0.0
      for (position, slot) in fields.enumerated() {
        guard case .time = rows[index][slot] else {
          let number = rows[index][slot].number ?? 0
          total += number
          sums[position] += number
          continue
        }
      }
      if let totalSlot { rows[index][totalSlot] = .number(total) }
    }
    return rows
  }

  mutating func finish(_ context: InsightsContext) -> [InsightsRow] {
    guard addsRow, width > 0 else { return [] }
    var row = InsightsRow(repeating: .absent, count: width)
    for (position, slot) in fields.enumerated() where sums[position] != 0 { row[slot] = .number(sums[position]) }
    if let totalSlot { row[totalSlot] = .number(sums.reduce(0, +)) }
    return [row]
  }
}
