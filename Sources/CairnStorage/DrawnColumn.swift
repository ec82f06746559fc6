// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

// A field that was found in a line stands in the line: its bytes are not kept twice. Such a column keeps for each template of the lines
// (`TemplatedText`) where the value is:
//
//   absent      no line of the template has the field
//   constant    all have the same value, as the template's own words say (a level, a route)
//   slot s      the value is what slot s says, read as the column's kind
//   listed      anything else: the values of these lines are kept as they are
//
// One more template stands for the rows without a line. What is constant or listed is itself a column, `rest`: first a row for each template
// of a constant, then the rows of listed templates.

/// A column as what the lines of its rows do not say.
struct DrawnColumn {
  enum Rule: Equatable {
    case absent
    case constant
    case slot(Int)
    case listed
  }
  var key: ColumnKey
  var source: ColumnKey
  var rowCount: Int
  /// By template, last that of rows without a line.
  var rules: [Rule]
  var rest: FlatColumn
}

/// The lines of a piece, from which other columns may be drawn.
struct LineSource {
  let key: ColumnKey
  let text: TemplatedText
  /// The entry of each row + 1; 0 where it has no line.
  let codes: [UInt32]
  /// Where the values of each entry's slots lie, and where each entry's places begin.
  private let places: [UInt32]
  private let starts: [UInt32]

  /// Of rules none of which names a slot, `values` are not asked for and where they lie is not found out.
  init(_ key: ColumnKey, _ text: TemplatedText, codes: [UInt32], readsSlots: Bool = true) {
    self.key = key
    self.text = text
    self.codes = codes
    guard readsSlots else {
      (places, starts) = ([], [])
      return
    }
    var next = [UInt32](repeating: 0, count: text.columns.count)
    var places: [UInt32] = []
    places.reserveCapacity(text.columns.reduce(0) { $0 + $1.count })
    var starts: [UInt32] = []
    starts.reserveCapacity(text.count)
    for id in text.ids {
      starts.append(UInt32(places.count))
      for slot in Int(text.slotStarts[Int(id)])..<Int(text.slotStarts[Int(id) &+ 1]) {
        let column = Int(text.slotColumns[slot])
        places.append(next[column])
        next[column] &+= 1
      }
    }
    self.places = places
    self.starts = starts
  }

  /// The template of a row, the number of templates where it has no line.
  @inline(__always) func template(_ row: Int) -> Int {
    let code = codes[row]
    return code == 0 ? text.templates.count : Int(text.ids[Int(code) &- 1])
  }

  /// The column and place of a slot's value in the line of a row.
  @inline(__always) func value(_ row: Int, slot: Int) -> (column: Int, place: Int) {
    let entry = Int(codes[row]) &- 1
    return (text.templates[Int(text.ids[entry])].columns[slot], Int(places[Int(starts[entry]) &+ slot]))
  }

  /// A slot's value as a whole number, if its form is one.
  @inline(__always) func integer(_ row: Int, slot: Int) -> UInt64? {
    let (column, place) = value(row, slot: slot)
    guard text.columns[column].form == .integer else { return nil }
    let word = text.columns[column].words[place]
    return word <= UInt64(Int64.max) ? word : nil
  }

  private static let powers: [Double] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6]

  /// A slot's value as the bits of a double, if its form is that of decimals.
  @inline(__always) func double(_ row: Int, slot: Int) -> UInt64? {
    let (index, place) = value(row, slot: slot)
    let column = text.columns[index]
    switch column.form {
    case .decimal, .shortDecimal: return (Double(column.words[place]) / Self.powers[column.digits]).bitPattern
    case .decimalOfLength: return (Double(column.words[place]) / Self.powers[Int(column.lengths[place])]).bitPattern
    default: return nil
    }
  }

  /// A slot's value as a trace id, if it has 32 digits.
  @inline(__always) func traceID(_ row: Int, slot: Int) -> TraceID? {
    let (index, place) = value(row, slot: slot)
    guard text.columns[index].form == .longHex, text.columns[index].digits == 32 else { return nil }
    return TraceID(high: text.columns[index].high[place], low: text.columns[index].words[place])
  }

  func append(_ row: Int, slot: Int, to out: inout [UInt8]) {
    let (column, place) = value(row, slot: slot)
    text.columns[column].append(place, to: &out)
  }
}

/// Finds out which columns can be drawn from the lines.
struct ColumnDrawer {
  let lines: LineSource

  /// What is still possible for a template.
  private struct State {
    var firstRow = -1
    var isAbsent = false
    var isConstant = false
    var slots: [Int] = []

    var isListed: Bool { firstRow >= 0 && !isAbsent && !isConstant && slots.isEmpty }
  }

  /// The share of a column's values that may be listed.
  private static let listedShareMax = 0.25

  /// The column as rules, or nil where too many of its values would have to be listed, or it is nearly free as it is.
  func drawn(_ column: FlatColumn) -> DrawnColumn? {
    guard column.key != .time, column.key != lines.key, column.rowCount == lines.codes.count else { return nil }
    switch column.key.kind {
    case .string, .traceID, .integer, .float, .boolean: break
    case .duration, .spanID: return nil
    }
    if case .narrow(let stored) = column.values, stored.allSatisfy({ $0 == stored[0] }) { return nil }
    guard let states = states(column) else { return nil }
    var rules: [DrawnColumn.Rule] = []
    var rows: [Int] = []
    for state in states {
      if state.firstRow < 0 || state.isAbsent {
        rules.append(.absent)
      } else if state.isConstant {
        rules.append(.constant)
        rows.append(state.firstRow)
      } else if let slot = state.slots.first {
        rules.append(.slot(slot))
      } else {
        rules.append(.listed)
      }
    }
    for row in lines.codes.indices where rules[lines.template(row)] == .listed { rows.append(row) }
    return DrawnColumn(key: column.key, source: lines.key, rowCount: column.rowCount, rules: rules, rest: column.rows(rows))
  }

  private func states(_ column: FlatColumn) -> [State]? {
    let reader = FlatReader(column)
    var states = [State](repeating: State(), count: lines.text.templates.count + 1)
    var presentCount = 0
    var listedCount = 0
    for row in lines.codes.indices {
      let template = lines.template(row)
      if reader.isPresent(row) { presentCount += 1 }
      if states[template].firstRow < 0 { begin(&states[template], template, row, reader) } else { goOn(&states[template], row, reader) }
      if states[template].isListed, reader.isPresent(row) { listedCount += 1 }
      if row & 16_383 == 16_383, listedCount * 2 > presentCount { return nil }
    }
    return Double(listedCount) > Double(presentCount) * Self.listedShareMax ? nil : states
  }

  private func begin(_ state: inout State, _ template: Int, _ row: Int, _ reader: FlatReader) {
    state.firstRow = row
    state.isAbsent = !reader.isPresent(row)
    state.isConstant = !state.isAbsent
    guard template < lines.text.templates.count, state.isConstant else { return }
    state.slots = lines.text.templates[template].columns.indices.filter { reader.isEqual(row, lines, slot: $0) }
  }

  private func goOn(_ state: inout State, _ row: Int, _ reader: FlatReader) {
    if state.isAbsent {
      state.isAbsent = !reader.isPresent(row)
      return
    }
    if state.isConstant { state.isConstant = reader.isEqual(row, state.firstRow) }
    if !state.slots.isEmpty { state.slots.removeAll { !reader.isEqual(row, lines, slot: $0) } }
  }
}

/// Reads single values of a flat column.
private struct FlatReader {
  private let column: FlatColumn
  private let stored: [UInt32]
  private let words: [UInt64]
  private let present: [Bool]?

  init(_ column: FlatColumn) {
    self.column = column
    switch column.values {
    case .narrow(let stored): (self.stored, words, present) = (stored, [], nil)
    case .wide(let words, let present): (stored, self.words, self.present) = ([], words, present)
    }
  }

  @inline(__always) func isPresent(_ row: Int) -> Bool { words.isEmpty ? stored[row] != 0 : present?[row] ?? true }

  @inline(__always) func isEqual(_ row: Int, _ other: Int) -> Bool {
    guard isPresent(row) else { return false }
    return words.isEmpty ? stored[row] == stored[other] : words[row] == words[other]
  }

  /// The value is what the slot says.
  func isEqual(_ row: Int, _ lines: LineSource, slot: Int) -> Bool {
    guard isPresent(row) else { return false }
    switch column.key.kind {
    case .integer: return lines.integer(row, slot: slot).map { $0 == integer(row) } ?? false
    case .float: return lines.double(row, slot: slot).map { $0 == double(row) } ?? false
    case .string: return isEqualText(row, lines, slot)
    case .traceID:
      guard case .dictionary(let dictionary) = column.domain, case .traceIDs(let ids, _) = dictionary.entries else { return false }
      return lines.traceID(row, slot: slot) == ids[Int(stored[row]) - 1]
    case .boolean, .duration, .spanID: return false
    }
  }

  private func integer(_ row: Int) -> UInt64 {
    if !words.isEmpty { return words[row] }
    guard case .dictionary(let dictionary) = column.domain, case .integers(let values) = dictionary.entries else {
      return UInt64(bitPattern: column.base &+ Int64(stored[row]) &- 1)
    }
    return UInt64(bitPattern: values[Int(stored[row]) - 1])
  }

  private func double(_ row: Int) -> UInt64? {
    switch column.domain {
    case .scaled(let divisor):
      let numerator = words.isEmpty ? column.base &+ Int64(stored[row]) &- 1 : Int64(bitPattern: words[row])
      return (Double(numerator) / divisor).bitPattern
    case .floatBits: return words[row]
    case .dictionary(let dictionary):
      guard case .floats(let values) = dictionary.entries else { return nil }
      return values[Int(stored[row]) - 1].bitPattern
    default: return nil
    }
  }

  private func isEqualText(_ row: Int, _ lines: LineSource, _ slot: Int) -> Bool {
    guard case .dictionary(let dictionary) = column.domain, case .text(let bytes, let ends) = dictionary.entries else { return false }
    let range = ValueDictionary.range(ends, Int(stored[row]) - 1)
    var value: [UInt8] = []
    lines.append(row, slot: slot, to: &value)
    return value.count == range.count && value.elementsEqual(bytes[range])
  }
}

extension FlatColumn {
  /// The column of some of the rows, in the given order; entries that none of them uses go.
  func rows(_ rows: [Int]) -> FlatColumn {
    var part = self
    switch values {
    case .wide(let words, let present): part.values = .wide(rows.map { words[$0] }, present: present.map { (present) in rows.map { present[$0] } })
    case .narrow(let all):
      var stored = rows.map { all[$0] }
      if case .dictionary(let dictionary) = domain {
        let kept = renumberByFirstRow(&stored, entryCount: dictionary.count)
        part.domain = .dictionary(dictionary.keeping(kept))
      }
      part.values = .narrow(stored)
    }
    return part
  }
}

extension ValueDictionary {
  /// The given entries, in their order.
  func keeping(_ kept: [UInt32]) -> ValueDictionary {
    switch plainEntries {
    case .integers(let values): return ValueDictionary(.integers(kept.map { values[Int($0)] }))
    case .floats(let values): return ValueDictionary(.floats(kept.map { values[Int($0)] }))
    case .traceIDs(let ids, _):
      let own = kept.map { ids[Int($0)] }
      return ValueDictionary(.traceIDs(own, sorted: sortedEntries(own)))
    case .templated: return self
    case .text(let bytes, let ends):
      var text: [UInt8] = []
      var ownEnds: [UInt32] = []
      for entry in kept {
        text.append(contentsOf: bytes[Self.range(ends, Int(entry))])
        ownEnds.append(UInt32(text.count))
      }
      return ValueDictionary(.text(bytes: text, ends: ownEnds))
    }
  }
}
