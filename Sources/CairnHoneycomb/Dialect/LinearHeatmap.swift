// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import CairnPlan

/// A heatmap as Honeycomb's clients draw it: cells of equal width, the same ones in every time bucket.
///
/// A logarithmic heatmap is binned again: between the lowest and the highest cell that holds anything, 50 cells of equal width, each
/// getting the share of a source cell that lies inside it, as if values were spread evenly there. Whole counts stay whole and sums
/// stay exact. Low values therefore share a few cells, which is what a linear scale does to latencies; Cairn's own API has the
/// logarithmic cells.
struct LinearHeatmap {
  let minimum: Double
  let maximum: Double
  let step: Double
  /// `counts[bucket][cell]`, cell c from `minimum + c * step` on.
  private(set) var counts: [[Double]]
  let startUnixNanoseconds: Int64
  let stepNanoseconds: Int64

  static let cellCount = 50

  init(_ heatmap: AnswerHeatmap) {
    startUnixNanoseconds = heatmap.startUnixNanoseconds
    stepNanoseconds = heatmap.stepNanoseconds
    let cells = Self.used(heatmap)
    guard let first = cells.first, let last = cells.last else {
      (minimum, maximum, step) = (0, 0, 1)
      counts = heatmap.counts.map { _ in [] }
      return
    }
    minimum = heatmap.edges[first]
    maximum = heatmap.edges[last + 1]
    let cellCount = Double(heatmap.scale == .linear ? cells.count : Self.cellCount)
    let width = (maximum - minimum) / cellCount
    // All cells together may be wider than a number can tell, one is not.
    step = maximum > minimum ? (width.isFinite ? width : maximum / cellCount - minimum / cellCount) : 1
    if heatmap.scale == .linear {
      counts = heatmap.counts.map { (row) in cells.map { $0 < row.count ? row[$0] : 0 } }
      return
    }
    counts = []
    for row in heatmap.counts { counts.append(spread(row, heatmap.edges, cells)) }
  }

  /// The run of cells from the first to the last with a count; cells whose edges are no numbers or that are missing are left out.
  private static func used(_ heatmap: AnswerHeatmap) -> Range<Int> {
    var lowest = Int.max
    var highest = -1
    for row in heatmap.counts {
      for cell in 0..<min(row.count, max(0, heatmap.edges.count - 1)) where row[cell] > 0 {
        guard heatmap.edges[cell].isFinite, heatmap.edges[cell + 1].isFinite else { continue }
        lowest = min(lowest, cell)
        highest = max(highest, cell)
      }
    }
    return highest < 0 ? 0..<0 : lowest..<highest + 1
  }

  private func spread(_ row: [Double], _ edges: [Double], _ cells: Range<Int>) -> [Double] {
    var target = [Double](repeating: 0, count: Self.cellCount)
    for cell in cells where cell < row.count && row[cell] > 0 {
      let (low, high, count) = (edges[cell], edges[cell + 1], row[cell])
      let isWhole = count == count.rounded()
      let last = index(high)
      var position = index(low)
      var placed = 0.0
      while position < last {
        let share = high > low ? (minimum + Double(position + 1) * step - low) / (high - low) : 1
        let sum = isWhole ? (count * min(1, share)).rounded() : count * min(1, share)
        target[position] += sum - placed
        placed = sum
        position += 1
      }
      target[last] += count - placed
    }
    return target
  }

  private func index(_ value: Double) -> Int {
    let scaled = (value - minimum) / step
    return scaled.isFinite ? min(Self.cellCount - 1, max(0, Int(scaled))) : 0
  }

  /// The counts of a time bucket; nil where the heatmap has none at that time.
  func counts(atUnixNanoseconds time: Int64) -> [Double]? {
    guard stepNanoseconds > 0, time >= startUnixNanoseconds else { return nil }
    let (difference, overflow) = time.subtractingReportingOverflow(startUnixNanoseconds)
    let bucket = difference / stepNanoseconds
    return overflow || bucket >= Int64(counts.count) ? nil : counts[Int(bucket)]
  }

  /// The counts over all time.
  var total: [Double] {
    counts.reduce(into: [Double](repeating: 0, count: counts.first?.count ?? 0)) { (sums, row) in
      for cell in row.indices { sums[cell] += row[cell] }
    }
  }

  /// Writes `{"counts": […], "min_value": …, "max_value": …, "step_size": …}`.
  func write(_ counts: [Double], to writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("counts")
    writer.beginArray()
    for count in counts {
      if let whole = Int64(exactly: count) { writer.integer(whole) } else { writer.double(count) }
    }
    writer.endArray()
    writer.member("min_value", minimum)
    writer.member("max_value", maximum)
    writer.member("step_size", step)
    writer.endObject()
  }
}
