// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import CairnColumns

/// One event read back from a batch, its group's fields included.
public struct BatchRow: Equatable, Sendable {
  public var time: Int64
  public var environment: String
  public var dataset: String
  public var fields: [ColumnKey: FieldValue]

  public init(time: Int64, environment: String, dataset: String, fields: [ColumnKey: FieldValue]) {
    self.time = time
    self.environment = environment
    self.dataset = dataset
    self.fields = fields
  }

  /// The field of this name; where it has values of several kinds, that of the first kind.
  public subscript(name: String) -> FieldValue? {
    for kind in ColumnKind.allCases {
      if let value = fields[ColumnKey(name, kind)] { return value }
    }
    return nil
  }

  /// The names of all fields, in order.
  public var names: [String] { Set(fields.keys.map(\.name)).sorted() }
}

/// What is to be the same after a refused request as before it.
public struct BatchShape: Equatable, Sendable {
  public var rowCount: Int
  public var groupCount: Int
  public var valueCounts: [ColumnKey: Int]

  /// Columns without values are left out: a refused request may leave those.
  public init(_ batch: borrowing Batch) {
    rowCount = batch.rowCount
    groupCount = batch.groupCount
    valueCounts = [:]
    for index in 0..<batch.columnCount {
      let (key, count, isStraight) = batch.withColumn(ColumnIndex(index)) { (column) in
        (column.key, column.count, column.rows.count == column.codes.count + column.words.count && column.groups.count == column.groupValues.count)
      }
      precondition(isStraight, "every value of a column has its row")
      if count > 0 { valueCounts[key] = count }
    }
  }
}

/// All events of a batch, by the rules of reading: a row's own value before its group's, and of several the one set last.
public func rows(of batch: borrowing Batch) -> [BatchRow] {
  var rowFields = [[ColumnKey: FieldValue]](repeating: [:], count: batch.rowCount)
  var groupFields = [[ColumnKey: FieldValue]](repeating: [:], count: batch.groupCount)
  for index in 0..<batch.columnCount {
    for (row, key, value) in batch.withColumn(ColumnIndex(index), { values(of: $0) }) {
      if row & groupBit != 0 { groupFields[Int(row & ~groupBit)][key] = value } else { rowFields[Int(row)][key] = value }
    }
  }
  return rowFields.indices.map { row in
    let group = Int(batch.rowGroups[row])
    let place = batch.datasets.text(Int(batch.groupDatasets[group])).split(separator: "\0", omittingEmptySubsequences: false)
    return BatchRow(
      time: batch.rowTimes[row], environment: String(place.first ?? ""), dataset: String(place.last ?? ""),
      fields: groupFields[group].merging(rowFields[row]) { $1 })
  }
}

private func values(of column: borrowing ColumnBuilder) -> [(UInt32, ColumnKey, FieldValue)] {
  var found: [(UInt32, ColumnKey, FieldValue)] = []
  for index in 0..<column.groups.count {
    found.append((column.groups[index] | groupBit, column.key, value(of: column, column.groupValues[index])))
  }
  let isText = column.key.kind == .string || column.key.kind == .traceID
  column.rows.forEach(in: 0..<Int.max) { (row, index) in
    found.append((UInt32(row), column.key, value(of: column, isText ? UInt64(column.codes[index]) : column.words[index])))
  }
  return found
}

private func value(of column: borrowing ColumnBuilder, _ word: UInt64) -> FieldValue {
  switch column.key.kind {
  case .string: .string(column.dictionary.text(Int(word)))
  case .traceID: .string(hex(column.dictionary, Int(word)))
  case .integer: .integer(Int64(bitPattern: word))
  case .float: .float(Double(bitPattern: word))
  case .boolean: .boolean(word != 0)
  case .duration: .float(Double(word) / 1e6)
  case .spanID: .string(hexText(word.byteSwapped))
  }
}

private func hex(_ dictionary: borrowing ByteInterner, _ code: Int) -> String {
  let range = dictionary.bounds(code)
  return dictionary.withArena { (arena) in
    range.map { offset in
      let byte = loadByte(arena, offset)
      return String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }
}
