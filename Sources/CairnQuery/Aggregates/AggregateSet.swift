// SPDX-License-Identifier: Apache-2.0

/// All accumulations of one question, of one worker.
struct AggregateSet: Sendable {
  /// The same of the rows that pass a filter of calculations' own, by filter, over the same cells.
  var filtered: [AggregateSet] = []
  var rows = CountAggregate()
  var present = ByName<CountAggregate>()
  var sums = ByName<SumAggregate>()
  var extremes = ByName<ExtremesAggregate>()
  var quantiles = ByName<QuantileAggregate>()
  var distincts = ByName<DistinctAggregate>()
  var bounds = ByName<BoundsAggregate>()
  /// By group, not by cell.
  var spans: SpansAggregate?

  /// What these calculations need; see the other initialiser.
  init(_ needs: CalculationNeeds, _ sources: AggregateSources, cellCountMax: Int?, rowCount: Int = 0) {
    self.init(needs.specs, sources, cellCountMax: cellCountMax, rowCount: rowCount)
    filtered = needs.filtered.map { AggregateSet($0.specs, sources, cellCountMax: cellCountMax, rowCount: rowCount) }
  }

  /// `cellCountMax` is nil where the number of groups is not known beforehand.
  ///
  /// `rowCount` is how many rows will be read at most; 0 for a set that only absorbs others.
  init(_ specs: Set<AggregateSpec>, _ sources: AggregateSources, cellCountMax: Int?, rowCount: Int = 0) {
    for spec in specs {
      switch spec {
      case .rows: break
      case .present(let name): present.add(name, CountAggregate())
      case .sum(let name): sums.add(name, SumAggregate(divisor: sources.fields[name]?.divisor ?? 1))
      case .extremes(let name): extremes.add(name, ExtremesAggregate(divisor: sources.fields[name]?.divisor ?? 1))
      case .quantiles(let name):
        let window = rowCount < QuantileAggregate.denseRowCountMin ? nil : sources.fields[name]?.keyWindow
        let isDense = cellCountMax.map { $0 * (window?.count ?? 0) <= QuantileAggregate.denseCountMax } ?? false
        quantiles.add(name, QuantileAggregate(isDense ? window : nil))
      case .bounds(let name): bounds.add(name, BoundsAggregate())
      case .spans: spans = SpansAggregate()
      case .distinct(let name):
        if let domain = sources.domains[name] { distincts.add(name, DistinctAggregate(domain, cellCountMax: cellCountMax)) }
      }
    }
  }

  var byteCount: Int {
    rows.byteCount + (spans?.byteCount ?? 0) + present.byteCount + sums.byteCount + extremes.byteCount + quantiles.byteCount
      + distincts.byteCount + filtered.reduce(0) { $0 + $1.byteCount }
  }

  /// Makes room; there are `bucketCount` cells a group.
  mutating func grow(groupCount: Int, bucketCount: Int) {
    let cellCount = groupCount * bucketCount
    guard rows.cellCount < cellCount || (spans?.starts.count ?? groupCount) < groupCount else { return }
    rows.grow(cellCount)
    spans?.grow(groupCount)
    present.grow(cellCount)
    sums.grow(cellCount)
    extremes.grow(cellCount)
    quantiles.grow(cellCount)
    distincts.grow(cellCount)
    for index in filtered.indices { filtered[index].grow(groupCount: groupCount, bucketCount: bucketCount) }
  }

  /// To be called when all rows have been read.
  mutating func finish() {
    rows.finish()
    for index in present.values.indices { present.values[index].finish() }
    for index in quantiles.values.indices { quantiles.values[index].finish() }
    for index in distincts.values.indices { distincts.values[index].finish() }
    for index in filtered.indices { filtered[index].finish() }
  }

  /// Adds another set, both finished.
  mutating func absorb(_ other: AggregateSet, _ map: CellMap) {
    rows.absorb(other.rows, map)
    if let otherSpans = other.spans { spans?.absorb(otherSpans, map) }
    present.absorb(other.present, map)
    sums.absorb(other.sums, map)
    extremes.absorb(other.extremes, map)
    quantiles.absorb(other.quantiles, map)
    distincts.absorb(other.distincts, map)
    bounds.absorb(other.bounds, map)
    for index in filtered.indices { filtered[index].absorb(other.filtered[index], map) }
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
