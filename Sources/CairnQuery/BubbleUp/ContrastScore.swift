// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan
internal import Glibc

/// Scores how much a column differs between selection and baseline.
///
/// A dimension scores the largest of
/// - the gap between a value's shares among the events that have the field, times the share of the selection that has it,
/// - half the gap between the shares of events that have the field at all.
/// A measure scores the Kolmogorov-Smirnov distance of its distributions, times the same coverage. A gap counts only where chance does
/// not explain it: its two-proportion z must pass a bound that grows with the number of values and columns looked at (Bonferroni over a
/// Gaussian tail of 0.01), and a value seen on fewer than 5 rows counts in proportion.
struct ContrastScore {
  /// Rows for each unit of weight: significance is a matter of rows, not of what they stand for.
  let selectionRowShare: Double
  let baselineRowShare: Double
  let columnCount: Int

  private static let supportRowCount = 5.0

  /// The column as it is answered, or nil where it says nothing: without values, or with a different one in almost every event.
  func contrast(_ counts: ColumnCounts, valueLimit: Int) -> ColumnContrast? {
    let selectionPresent = counts.points.reduce(0) { $0 + $1.selection }
    let baselinePresent = counts.points.reduce(0) { $0 + $1.baseline }
    guard selectionPresent + baselinePresent > 0 else { return nil }
    let presentRows = selectionPresent * selectionRowShare + baselinePresent * baselineRowShare
    let isIdentity = counts.points.count > 100 && Double(counts.points.count) * 2 > presentRows
    if isIdentity && !counts.isMeasure { return nil }
    let totals = Totals(
      selection: selectionPresent + counts.selectionAbsent, baseline: baselinePresent + counts.baselineAbsent,
      selectionPresent: selectionPresent, baselinePresent: baselinePresent)
    var contrast = ColumnContrast(
      name: counts.key.name, type: counts.key.kind.fieldType, score: presenceScore(totals) / 2, selectionPresent: selectionPresent,
      baselinePresent: baselinePresent, values: [])
    if counts.isMeasure {
      contrast.score = max(contrast.score, distance(counts.points, totals))
      contrast.histogram = ContrastHistogram.make(counts.points)
    } else {
      let bound = bound(counts.points.count)
      for point in counts.points { contrast.score = max(contrast.score, score(point, totals, bound)) }
      contrast.values = values(counts, totals, valueLimit)
    }
    return contrast
  }

  private struct Totals {
    var selection: Double
    var baseline: Double
    var selectionPresent: Double
    var baselinePresent: Double

    var coverage: Double { selection > 0 ? selectionPresent / selection : 0 }
  }

  private func score(_ point: ContrastPoint, _ totals: Totals, _ bound: Double) -> Double {
    guarded(point.selection, of: totals.selectionPresent, point.baseline, of: totals.baselinePresent, bound: bound) * totals.coverage
  }

  private func presenceScore(_ totals: Totals) -> Double {
    guard totals.baseline > 0 else { return 0 }
    return guarded(totals.selectionPresent, of: totals.selection, totals.baselinePresent, of: totals.baseline, bound: bound(1))
  }

  /// The gap of two shares, or 0 where chance explains it.
  private func guarded(
    _ selection: Double, of selectionTotal: Double, _ baseline: Double, of baselineTotal: Double, bound: Double
  ) -> Double {
    guard selectionTotal > 0 else { return 0 }
    let selectionShare = selection / selectionTotal
    let baselineShare = baselineTotal > 0 ? baseline / baselineTotal : 0
    let gap = abs(selectionShare - baselineShare)
    let selectionRows = max(selectionTotal * selectionRowShare, 1)
    let baselineRows = max(baselineTotal * baselineRowShare, 1)
    let pooled = (selectionShare * selectionRows + baselineShare * baselineRows) / (selectionRows + baselineRows)
    let deviation = (pooled * (1 - pooled) * (1 / selectionRows + 1 / baselineRows)).squareRoot()
    guard gap > deviation * bound else { return 0 }
    let rows = selectionShare > baselineShare ? selection * selectionRowShare : baseline * baselineRowShare
    return gap * min(1, rows / Self.supportRowCount)
  }

  /// The z that noise reaches with a chance of 0.01 among so many values of so many columns.
  private func bound(_ choices: Int) -> Double { (2 * log(200 * Double(max(choices, 1)) * Double(max(columnCount, 1)))).squareRoot() }

  /// Kolmogorov-Smirnov: the largest gap of the cumulative shares; 0 where chance explains it.
  private func distance(_ points: [ContrastPoint], _ totals: Totals) -> Double {
    guard totals.selectionPresent > 0, totals.baselinePresent > 0 else { return 0 }
    var selection = 0.0
    var baseline = 0.0
    var distance = 0.0
    for point in points {
      selection += point.selection
      baseline += point.baseline
      distance = max(distance, abs(selection / totals.selectionPresent - baseline / totals.baselinePresent))
    }
    let selectionRows = max(totals.selectionPresent * selectionRowShare, 1)
    let baselineRows = max(totals.baselinePresent * baselineRowShare, 1)
    // P(D > d) <= 2 exp(-2 d^2 n m / (n + m)): the bound of `bound` at half its scale.
    let noise = bound(1) / 2 * (1 / selectionRows + 1 / baselineRows).squareRoot()
    return distance > noise ? distance * totals.coverage : 0
  }

  /// The values whose shares of all events differ most, absence among them.
  private func values(_ counts: ColumnCounts, _ totals: Totals, _ limit: Int) -> [ValueContrast] {
    var points = counts.points
    if counts.selectionAbsent + counts.baselineAbsent > 0 {
      points.append(ContrastPoint(selection: counts.selectionAbsent, baseline: counts.baselineAbsent))
    }
    let gaps = points.map { (point) -> Double in
      let selectionShare = totals.selection > 0 ? point.selection / totals.selection : 0
      let baselineShare = totals.baseline > 0 ? point.baseline / totals.baseline : 0
      return abs(selectionShare - baselineShare)
    }
    guard limit > 0, !points.isEmpty else { return [] }
    var scores = gaps
    let threshold = selectDescending(&scores, min(limit, points.count) - 1)
    // Only values that can be among the first are resolved; of very many equals any do.
    let contenders = points.indices.filter { gaps[$0] > threshold } + points.indices.filter { gaps[$0] == threshold }.prefix(4096)
    let resolved = contenders.map { (index) in
      (index: index, value: points[index].code == 0 ? nil : counts.domain?.value(.code(points[index].code)))
    }
    let sorted = resolved.sorted { (left, right) in
      gaps[left.index] != gaps[right.index] ? gaps[left.index] > gaps[right.index] : order(left.value, right.value) < 0
    }
    return sorted.prefix(limit).map {
      ValueContrast(value: $0.value, selectionCount: points[$0.index].selection, baselineCount: points[$0.index].baseline)
    }
  }
}

/// The histograms of a measure: 40 bins that both sides share, logarithmic where positive values span over two decades.
enum ContrastHistogram {
  static let binCount = 40

  /// Numbers reach to both ends of what a double holds, and their distance does not.
  private static func between(_ low: Double, _ high: Double, _ fraction: Double) -> Double {
    (high - low).isFinite ? low + (high - low) * fraction : low * (1 - fraction) + high * fraction
  }

  private static func aroundOne(_ value: Double) -> [Double] {
    let above = value + max(abs(value) * 0.1, 1e-9)
    return above.isFinite ? [value, above] : [value * 0.9, value]
  }

  static func make(_ points: [ContrastPoint]) -> HistogramContrast {
    let values = points.map(\.number)
    let low = values.first ?? 0
    let high = values.last ?? 0
    let positive = values.first { $0 > 0 } ?? 1
    let isLogarithmic = low >= 0 && high / positive > 100
    var edges: [Double] = []
    for index in 0...binCount {
      let fraction = Double(index) / Double(binCount)
      edges.append(isLogarithmic ? pow(positive, 1 - fraction) * pow(high, fraction) : between(low, high, fraction))
    }
    if low == high { edges = aroundOne(low) }
    if isLogarithmic && low < positive { edges[0] = low }
    edges[edges.count - 1] = max(high, edges[edges.count - 1])
    var histogram = HistogramContrast(
      edges: edges, selectionCounts: [Double](repeating: 0, count: edges.count - 1),
      baselineCounts: [Double](repeating: 0, count: edges.count - 1))
    var bin = 0
    for (index, value) in values.enumerated() {
      while bin < edges.count - 2, value >= edges[bin + 1] { bin += 1 }
      histogram.selectionCounts[bin] += points[index].selection
      histogram.baselineCounts[bin] += points[index].baseline
    }
    return histogram
  }
}
