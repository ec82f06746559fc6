// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnPlan

/// Where the values of one field are in a piece.
enum FieldSource: Sendable {
  case dataset
  case time
  case isRoot
  /// Tried in order: a row's value is the first that is present.
  case columns([ScanColumn])
}

/// The fields that a page of events shows, as one piece has them.
struct EventFields: Sendable {
  let names: [String]
  let open: OpenPiece
  private let sources: [FieldSource]
  private let sequences: [ScanColumn]
  private let damagedBlocks: Set<Int>
  /// Where each name stands; empty where names were asked for, whose places are known.
  private let places: [ColumnKey: Int]

  /// `names` nil: all stored fields of the piece but internal ones.
  init(_ piece: any Piece, names: [String]?, sequenceColumn: String?) {
    self.names = names ?? Self.storedNames(of: piece)
    let isAll = names == nil
    places = isAll ? Dictionary(self.names.enumerated().map { (ColumnKey($1, .string), $0) }, uniquingKeysWith: { first, _ in first }) : [:]
    var needed = Set([ExactText(FieldName.timestamp)])
    if let sequenceColumn { needed.insert(ExactText(sequenceColumn)) }
    for name in self.names { needed.formUnion(isAll ? [ExactText(name)] : CairnQuery.storedNames(name)) }
    let open = OpenPiece(piece, names: needed)
    self.open = open
    sources = self.names.map { isAll ? .columns(open.stored($0).filter { $0.key != .time }) : Self.source($0, open) }
    sequences = (sequenceColumn.map { open.stored($0) } ?? []).filter { $0.key.kind == .integer }
    damagedBlocks = Set(open.columns.values.flatMap { (column) in column.blocks.indices.filter { column.blocks[$0].isDamaged } })
  }

  /// The names of a piece's columns, each once, in order; internal ones must be asked for.
  private static func storedNames(of piece: any Piece) -> [String] {
    var names: [String] = []
    for listed in piece.columns where listed.key != .time && listed.presentCount > 0 {
      if names.last.map({ ExactText($0) }) == ExactText(listed.key.name) || FieldName.isInternal(listed.key.name) { continue }
      names.append(listed.key.name)
    }
    return names
  }

  private static func source(_ name: String, _ open: OpenPiece) -> FieldSource {
    switch name {
    case FieldName.dataset: .dataset
    case FieldName.timestamp: .time
    case FieldName.isRoot: .isRoot
    default: .columns(open.columns(named: name))
    }
  }

  /// Where a stored field stands among all of the piece.
  func place(of name: String) -> Int? { places[ColumnKey(name, .string)] }

  /// The value of field `index` in a row; nil where it has none or damage hides it.
  func value(_ index: Int, _ row: EventRow) -> FieldValue? {
    switch sources[index] {
    case .dataset: return .string(open.runs[row.run].dataset)
    case .time: return .integer(row.timeUnixNanoseconds)
    case .isRoot:
      let isSpan = has(FieldName.durationMilliseconds, row) || has(FieldName.invalidDuration, row)
      return .boolean(isSpan && has(FieldName.traceID, row) && !has(FieldName.parentID, row))
    case .columns(let columns):
      for column in columns {
        if let value = column.value(at: row.row) { return value }
      }
      return nil
    }
  }

  private func has(_ name: String, _ row: EventRow) -> Bool {
    open.stored(name).contains { $0.stored(at: row.row) != nil }
  }

  /// Writes field `index` of the rows at `places` of a page. Text that many rows share is made once.
  func read(_ index: Int, _ rows: [EventRow], _ places: [Int], into values: inout [FieldValue?]) {
    guard case .columns(let columns) = sources[index] else {
      for place in places { values[place] = value(index, rows[place]) }
      return
    }
    for column in columns {
      if case .dictionary(let dictionary) = column.domain, case .templated(let text) = dictionary.entries {
        Self.read(text, column, rows, places, into: &values)
      } else if case .dictionary(let dictionary) = column.domain, dictionary.count < places.count {
        var entries = [FieldValue?](repeating: nil, count: dictionary.count)
        for place in places where values[place] == nil {
          guard let stored = column.stored(at: rows[place].row) else { continue }
          let entry = Int(stored) - 1
          let value = entries[entry] ?? dictionary.value(entry)
          entries[entry] = value
          values[place] = value
        }
      } else {
        for place in places where values[place] == nil { values[place] = column.value(at: rows[place].row) }
      }
    }
  }

  /// Lines in the order in which they are kept, which costs less than one by one.
  private static func read(_ text: TemplatedText, _ column: ScanColumn, _ rows: [EventRow], _ places: [Int], into values: inout [FieldValue?]) {
    var wanted: [(entry: Int, place: Int)] = []
    wanted.reserveCapacity(places.count)
    for place in places where values[place] == nil {
      if let stored = column.stored(at: rows[place].row) { wanted.append((Int(stored) - 1, place)) }
    }
    wanted.sort { $0.entry < $1.entry }
    text.forEach(wanted.map(\.entry)) { (index, line) in values[wanted[index].place] = .string(String(decoding: line, as: UTF8.self)) }
  }

  /// Damage hides a field of the row.
  func isDamaged(_ row: EventRow) -> Bool { open.isUnavailable || damagedBlocks.contains(row.row / blockRowCount) }

  /// The number that orders the row among those of equal time.
  func sequence(_ row: EventRow) -> Int64 {
    for column in sequences {
      if case .integer(let number) = column.value(at: row.row) { return number }
    }
    return .min
  }

  /// A hash of the dataset and of all fields that the row has; the same wherever the event is kept, in every process.
  func hash(_ row: EventRow) -> UInt64 {
    var state = ContentHash()
    state.add(open.runs[row.run].dataset)
    for index in names.indices {
      guard let value = value(index, row) else { continue }
      state.add(names[index])
      state.add(value)
    }
    return state.word
  }
}

/// A hash that is the same in every process: part of cursors.
struct ContentHash {
  private(set) var word: UInt64 = 0x9e37_79b9_7f4a_7c15
  private static let factor: UInt64 = 0xd6e8_feb8_6659_fd93

  private mutating func add(_ part: UInt64) { word = mix(word ^ part, Self.factor) &+ 0xa076_1d64_78bd_642f }

  mutating func add(_ text: String) {
    var text = text
    add(
      text.withUTF8 { (utf8) in
        let bytes = unsafe RawSpan(_unsafeElements: utf8)
        return hashBytes(bytes, 0, bytes.byteCount, seed: Self.factor)
      })
  }

  mutating func add(_ value: FieldValue) {
    add(UInt64(value.type.rawValue) + 1)
    switch value {
    case .string(let text): add(text)
    case .integer(let number): add(UInt64(bitPattern: number))
    case .float(let number): add(number.bitPattern)
    case .boolean(let flag): add(flag ? 2 : 1)
    }
  }
}
