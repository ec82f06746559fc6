// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// Full heads that become one segment: their rows in one order, their dictionaries joined.
///
/// A segment of several heads is written once; a segment for each head would be small, and be written again by merges (benchmark:
/// `bench.py raw:4`, settled CPU).
struct HeadGroup: ColumnSource {
  private let freezer: ColumnFreezer
  let runs: [DatasetRun]
  let keys: [ColumnKey]
  private let times: [Int64]

  var rowCount: Int { times.count }

  init(_ pieces: [HeadPiece]) {
    keys = Set(pieces.flatMap { $0.columns.map(\.key) }).sorted()
    guard pieces.count > 1 else {
      freezer = ColumnFreezer(parts: pieces.map(\.part), rowCount: pieces.first?.rowCount ?? 0)
      runs = pieces.first?.runs ?? []
      times = pieces.first?.order.times ?? []
      return
    }
    let merger = RunMerger(pieces.map { RunMerger.Input(runs: $0.runs, times: $0.order.times) }) { _ in .min }
    var parts = pieces.map(\.part)
    for index in parts.indices {
      parts[index].order.rank = parts[index].order.rank.map { merger.places[index][Int($0)] }
    }
    freezer = ColumnFreezer(parts: parts, rowCount: merger.times.count)
    runs = merger.runs
    times = merger.times
  }

  func make(_ key: ColumnKey) -> FlatColumn? {
    guard key != .time else {
      return .numbers(key, .integers, words: times.map { UInt64(bitPattern: $0) }, present: nil)
    }
    return freezer.freeze(key)
  }

  /// The column with the most values among those that only resources and scopes set: others of theirs follow from it.
  var sharedSource: ColumnKey? { freezer.sharedTextColumn(among: keys) }
}
