// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

/// The rows of several pieces in the order of one: by environment, dataset and time; equal times in the order of the inputs.
struct RunMerger {
  /// Rows in the order of a piece, with their times.
  struct Input {
    var runs: [DatasetRun]
    var times: [Int64]
    /// For each row whether it is dropped, whatever its run's cutoff; empty where none is.
    var isExpired: [Bool] = []
  }

  /// For each input, the place of each of its rows in the output; `dropped` where it has none.
  private(set) var places: [[UInt32]]
  private(set) var times: [Int64] = []
  private(set) var runs: [DatasetRun] = []

  static let dropped = UInt32.max

  /// `cutoff` gives for an environment and dataset the time before which rows are dropped.
  init(_ inputs: [Input], cutoff: (DatasetRun) -> Int64) {
    places = inputs.map { [UInt32](repeating: Self.dropped, count: $0.times.count) }
    times.reserveCapacity(inputs.reduce(0) { $0 + $1.times.count })
    for name in Self.datasetNames(inputs) { mergeDataset(name, inputs, cutoff) }
  }

  private struct DatasetName: Hashable, Comparable {
    var environment: String
    var dataset: String

    static func < (left: DatasetName, right: DatasetName) -> Bool {
      left.environment == right.environment ? left.dataset < right.dataset : left.environment < right.environment
    }
  }

  private static func datasetNames(_ inputs: [Input]) -> [DatasetName] {
    var names = Set<DatasetName>()
    for input in inputs { for run in input.runs { names.insert(DatasetName(environment: run.environment, dataset: run.dataset)) } }
    return names.sorted()
  }

  private struct Cursor {
    var input: Int
    var next: Int
    var end: Int
  }

  /// Appends one dataset's rows from all inputs, by time.
  private mutating func mergeDataset(_ name: DatasetName, _ inputs: [Input], _ cutoff: (DatasetRun) -> Int64) {
    var cursors: [Cursor] = []
    for (index, input) in inputs.enumerated() {
      for run in input.runs where run.environment == name.environment && run.dataset == name.dataset {
        let oldest = cutoff(run)
        var start = run.rows.lowerBound
        while start < run.rows.upperBound, input.times[start] < oldest { start += 1 }
        if start < run.rows.upperBound { cursors.append(Cursor(input: index, next: start, end: run.rows.upperBound)) }
      }
    }
    let first = times.count
    while !cursors.isEmpty {
      // Few inputs: the earliest is found by looking at each, and a whole stretch is taken from it at once.
      var best = 0
      var limit = Int64.max
      for index in 1..<max(1, cursors.count) {
        let time = inputs[cursors[index].input].times[cursors[index].next]
        let bestTime = inputs[cursors[best].input].times[cursors[best].next]
        if time < bestTime {
          limit = min(limit, bestTime)
          best = index
        } else {
          limit = min(limit, time)
        }
      }
      takeStretch(&cursors[best], inputs[cursors[best].input], upTo: limit)
      if cursors[best].next == cursors[best].end { cursors.remove(at: best) }
    }
    guard times.count > first else { return }
    runs.append(
      DatasetRun(
        environment: name.environment, dataset: name.dataset, rows: first..<times.count, minimumUnixNanoseconds: times[first],
        maximumUnixNanoseconds: times[times.count - 1]))
  }

  private mutating func takeStretch(_ cursor: inout Cursor, _ input: Input, upTo limit: Int64) {
    repeat {
      if input.isExpired.isEmpty || !input.isExpired[cursor.next] {
        places[cursor.input][cursor.next] = UInt32(times.count)
        times.append(input.times[cursor.next])
      }
      cursor.next += 1
    } while cursor.next < cursor.end && input.times[cursor.next] <= limit
  }
}
