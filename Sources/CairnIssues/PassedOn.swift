// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

// An exception that rises through nested spans is recorded by each of them. It happened once: the innermost span's event is the occurrence.
// Known by what a request holds: events of one trace and service with the same class and message, of which one's span lies around the
// other's, from its start to the moment at which the exception left it. Attempts one after the other do not, so each of them counts.

/// An exception event as far as nesting goes.
struct RaisedInSpan {
  var row: Int
  var failure: Int64
  var dataset: UInt32
  var span: UInt64
  var startUnixNanoseconds: Int64
  var endUnixNanoseconds: Int64

  /// This span lies around the other's; of two that are alike the later row's does.
  func surrounds(_ other: RaisedInSpan) -> Bool {
    guard span != other.span, startUnixNanoseconds <= other.startUnixNanoseconds, endUnixNanoseconds >= other.endUnixNanoseconds else { return false }
    let isAlike = startUnixNanoseconds == other.startUnixNanoseconds && endUnixNanoseconds == other.endUnixNanoseconds
    return !isAlike || row > other.row
  }
}

/// Events of one failure that are compared with each other: more of one trace in one request are a loop.
private let raisedCountMax = 64

/// The rows whose exception an inner span has raised.
func passedOn(_ raised: [RaisedInSpan]) -> Set<Int> {
  var groups: [Int64: [RaisedInSpan]] = [:]
  for one in raised where one.failure != 0 && one.span != 0 { groups[one.failure, default: []].append(one) }
  var rows: Set<Int> = []
  for group in groups.values where group.count > 1 && group.count <= raisedCountMax {
    for outer in group where group.contains(where: { $0.dataset == outer.dataset && outer.surrounds($0) }) { rows.insert(outer.row) }
  }
  return rows
}

extension Batch {
  /// The spans that the exception events among `rows` were recorded in.
  func raised(_ rows: [Int], from firstRow: Int, types: [Int: String], messages: [Int: String]) -> [RaisedInSpan] {
    guard let traces = existingColumn(FieldName.traceID, .traceID), let spans = existingColumn(FieldName.parentID, .spanID),
      let offsets = existingColumn(FieldName.timeSinceSpanStart, .float)
    else { return [] }
    var found = rows.map { (row) in
      RaisedInSpan(
        row: row, failure: 0, dataset: groupDatasets[Int(rowGroups[row])], span: 0, startUnixNanoseconds: 0, endUnixNanoseconds: rowTimes[row])
    }
    // A request has far more rows than exceptions, so each row is looked up in a list.
    var places = [Int32](repeating: -1, count: rowCount - firstRow)
    for (place, row) in rows.enumerated() { places[row - firstRow] = Int32(place) }
    forEachValue(of: traces, from: firstRow) { (row, index) in
      let place = Int(places[row - firstRow])
      guard place >= 0 else { return }
      found[place].failure = failureKey(trace: bytes(traces, at: index), className: types[row] ?? "", message: messages[row] ?? "")
    }
    forEachValue(of: spans, from: firstRow) { (row, index) in
      let place = Int(places[row - firstRow])
      if place >= 0 { found[place].span = withColumn(spans) { $0.words[index] } }
    }
    forEachValue(of: offsets, from: firstRow) { (row, index) in
      let place = Int(places[row - firstRow])
      guard place >= 0 else { return }
      let milliseconds = Double(bitPattern: withColumn(offsets) { $0.words[index] })
      guard milliseconds >= 0, milliseconds < 1e12 else { return }
      found[place].startUnixNanoseconds = rowTimes[row] &- Int64(milliseconds * 1e6)
    }
    return found.filter { $0.startUnixNanoseconds != 0 }
  }
}
