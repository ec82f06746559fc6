// SPDX-License-Identifier: Apache-2.0

/// All accumulations of one question, of one worker.
struct AggregateSet: Sendable {
  var rows = CountAggregate()
  var present: [String: CountAggregate] = [:]
  var sums: [String: SumAggregate] = [:]
  var extremes: [String: ExtremesAggregate] = [:]
  var quantiles: [String: QuantileAggregate] = [:]
  var distincts: [String: DistinctAggregate] = [:]
  var bounds: [String: BoundsAggregate] = [:]
  /// By group, not by cell.
  var spans: SpansAggregate?

  /// `cellCountMax` is nil where the number of groups is not known beforehand.
  ///
  /// `rowCount` is how many rows will be read at most; 0 for a set that only absorbs others.
  init(_ specs: Set<AggregateSpec>, _ sources: AggregateSources, cellCountMax: Int?, rowCount: Int = 0) {
    for spec in specs {
      switch spec {
      case .rows: break
      case .present(let name): present[name] = CountAggregate()
      case .sum(let name): sums[name] = SumAggregate(divisor: sources.fields[name]?.divisor ?? 1)
      case .extremes(let name): extremes[name] = ExtremesAggregate(divisor: sources.fields[name]?.divisor ?? 1)
      case .quantiles(let name): 
        let window = rowCount < QuantileAggregate.denseRowCountMin ? nil : sources.fields[name]?.keyWindow
        let isDense = cellCountMax.map { $0 * (window?.count ?? 0) <= QuantileAggregate.denseCountMax } ?? false
        quantiles[name] = QuantileAggregate(isDense ? window : nil)
      case .bounds(let name): bounds[name] = BoundsAggregate()
      case .spans: spans = SpansAggregate()
      case .distinct(let name):
        if let domain = sources.domains[name] { distincts[name] = DistinctAggregate(domain, cellCountMax: cellCountMax) }
      }
    }
  }

  var byteCount: Int {
    var count = rows.byteCount + (spans?.byteCount ?? 0)
    for value in present.values { count += value.byteCount }
    for value in sums.values { count += value.byteCount }
    for value in extremes.values { count += value.byteCount }
    for value in quantiles.values { count += value.byteCount }
    for value in distincts.values { count += value.byteCount }
    return count
  }

  /// Makes room; there are `bucketCount` cells a group.
  mutating func grow(groupCount: Int, bucketCount: Int) {
    let cellCount = groupCount * bucketCount
    guard rows.counts.count < cellCount || (spans?.starts.count ?? groupCount) < groupCount else { return }
    rows.grow(cellCount)
    spans?.grow(groupCount)
    for name in present.keys { present[name]?.grow(cellCount) }
    for name in sums.keys { sums[name]?.grow(cellCount) }
    for name in extremes.keys { extremes[name]?.grow(cellCount) }
    for name in quantiles.keys { quantiles[name]?.grow(cellCount) }
    for name in distincts.keys { distincts[name]?.grow(cellCount) }
  }

  /// To be called when all rows have been read.
  mutating func finish() { for name in quantiles.keys { quantiles[name]?.finish() } }

  /// Adds another set: cells by `cell`, groups of spans by `group`.
  mutating func absorb(_ other: AggregateSet, cell: (Int) -> Int, group: (Int) -> Int) {
    rows.absorb(other.rows, cell)
    if let otherSpans = other.spans { spans?.absorb(otherSpans, group) }
    for (name, value) in other.present { present[name]?.absorb(value, cell) }
    for (name, value) in other.sums { sums[name]?.absorb(value, cell) }
    for (name, value) in other.extremes { extremes[name]?.absorb(value, cell) }
    for (name, value) in other.quantiles { quantiles[name]?.absorb(value, cell) }
    for (name, value) in other.distincts { distincts[name]?.absorb(value, cell) }
    for (name, value) in other.bounds { bounds[name]?.absorb(value, cell) }
  }
}

/// The fields that a question's accumulations read, over all its pieces.
struct AggregateSources: Sendable {
  var fields: [String: NumberField] = [:]
  var domains: [String: KeyDomain] = [:]

  init(_ specs: Set<AggregateSpec>, _ pieces: [OpenPiece], _ cache: DictionaryCache) {
    for spec in specs {
      switch spec {
      case .rows, .spans, .present: break
      case .sum(let name), .extremes(let name), .quantiles(let name), .bounds(let name):
        if fields[name] == nil { fields[name] = NumberField(name, pieces) }
      case .distinct(let name): domains[name] = KeyDomain(name, pieces, cache)
      }
    }
  }
}
