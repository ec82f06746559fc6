// SPDX-License-Identifier: Apache-2.0
internal import CairnPlan

/// What is accumulated: several calculations of a plan may share one (AVG and SUM of a column, all its percentiles).
enum AggregateSpec: Sendable, Hashable {
  case rows
  case present(String)
  case sum(String)
  case extremes(String)
  case quantiles(String)
  case distinct(String)
  case spans
  /// Of all rows whatever their cell: the bounds that a heatmap's edges are made from.
  case bounds(String)
}

/// The numbers of one column for the selected rows that have one.
struct Lane: Sendable {
  var count = 0
  /// True: `integers` over `divisor` are the values; false: `floats` are, none of them NaN.
  var isExact = true
  var divisor = 1.0
  var integers: [Int64]
  var floats: [Double]

  init(capacity: Int) {
    integers = [Int64](repeating: 0, count: capacity)
    floats = [Double](repeating: 0, count: capacity)
  }

  /// Turns exact numbers into floats; what only looks at magnitudes has one form to read.
  mutating func makeFloats() {
    guard isExact else { return }
    divide(integers, by: divisor, count, into: &floats)
    isExact = false
  }
}

/// Where the numbers of a lane belong: the cell and, where events are sampled, the weight of each.
struct LaneCells {
  var cells: [UInt32]
  var weights: [Int64]?
}

/// Makes room for `count` elements; the first time without a copy.
func grow<Element>(_ elements: inout [Element], to count: Int, _ element: Element) {
  if elements.isEmpty {
    elements = [Element](repeating: element, count: count)
  } else if elements.count < count {
    elements += repeatElement(element, count: count - elements.count)
  }
}

/// One accumulation over cells. Values and merges commute, but for the rounding of floating-point sums.
protocol Aggregate: Sendable {
  /// Makes room for cells 0 ..< `cellCount`.
  mutating func grow(_ cellCount: Int)
  /// Adds what another has in each of its cells to the cell that `map` gives; -1 leaves it out.
  mutating func absorb(_ other: Self, _ map: CellMap)
  /// About how much memory it takes.
  var byteCount: Int { get }
}
