// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

// Whose request failed is told by the span that knows the user, often the outermost; the exception is an event of the span that it rose in. So an
// exception event gets the person of the innermost span around it that names one, as far as both came in one request.

/// The fields by which spans name a user, the surest first.
private let userFields = ["enduser.id", "user.id"]
/// Spans around an exception that are asked: deeper nesting is a loop.
private let depthMax = 64

extension Batch {
  /// The persons of the exception events among `rows`, by row; empty where no span names one. Cost: two passes over the spans' ids.
  func persons(of rows: [Int], from firstRow: Int) -> [Int: String] {
    let users = userFields.flatMap { name in [ColumnKind.string, .integer].compactMap { existingColumn(name, $0) } }
    guard !users.isEmpty, let traces = existingColumn(FieldName.traceID, .traceID), let spans = existingColumn(FieldName.spanID, .spanID),
      let parents = existingColumn(FieldName.parentID, .spanID)
    else { return [:] }
    var own = [SpanPlace](repeating: SpanPlace(), count: rowCount - firstRow)
    var around = own
    forEachValue(of: traces, from: firstRow) { (row, index) in
      let code = withColumn(traces) { $0.codes[index] }
      (own[row - firstRow].trace, around[row - firstRow].trace) = (code, code)
    }
    forEachValue(of: spans, from: firstRow) { (row, index) in own[row - firstRow].span = withColumn(spans) { $0.words[index] } }
    forEachValue(of: parents, from: firstRow) { (row, index) in around[row - firstRow].span = withColumn(parents) { $0.words[index] } }
    var rowOfSpan: [SpanPlace: Int] = [:]
    for (row, place) in own.enumerated() where place.span != 0 { rowOfSpan[place] = row }
    var asked: [Int: [Int]] = [:]
    for row in rows {
      var place = around[row - firstRow]
      while place.span != 0, let next = rowOfSpan[place], asked[row, default: []].count < depthMax {
        asked[row, default: []].append(next + firstRow)
        place = around[next]
      }
    }
    return persons(asked, users, from: firstRow)
  }

  /// True where this row or one behind it has the text: values are added in the order of rows.
  func hasValue(_ name: String, from row: Int) -> Bool {
    var isThere = false
    if let column = existingColumn(name, .string) { forEachValue(of: column, from: row) { (_, _) in isThere = true } }
    return isThere
  }

  private func persons(_ asked: [Int: [Int]], _ users: [ColumnIndex], from firstRow: Int) -> [Int: String] {
    let wanted = Set(asked.values.joined())
    guard !wanted.isEmpty else { return [:] }
    var userOfRow: [Int: String] = [:]
    for column in users {
      forEachValue(of: column, from: firstRow) { (row, index) in
        guard wanted.contains(row), userOfRow[row] == nil else { return }
        userOfRow[row] = withColumn(column) { $0.key.kind } == .integer
          ? String(Int64(bitPattern: withColumn(column) { $0.words[index] })) : text(column, at: index)
      }
    }
    return asked.compactMapValues { (rows) in rows.lazy.compactMap { userOfRow[$0] }.first { !$0.isEmpty } }
  }
}

/// A span of a request: its trace by its code in the request, and its id; 0 for none.
private struct SpanPlace: Hashable {
  var trace: UInt32 = 0
  var span: UInt64 = 0
}
