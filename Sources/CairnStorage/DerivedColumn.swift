// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

// Many columns follow from another one: a route from the span's name, a tenant from the trace, a zone from the pod. Such a column keeps a
// table over the values of its source, and only the rows that the table does not settle:
//
//   table        for each stored value of the source (0 is null) the value predicted; closed where every row has it, else open
//   residual     of the rows whose source is open, in order: 0 where the prediction holds, else stored value + 1
//
// Columns of 64-bit words have no prediction: a closed value of the source has no value in any row, an open one in each.

/// A column as what its source does not say.
struct DerivedColumn {
  enum Residual {
    case narrow([UInt32])
    case wide([UInt64])
  }
  var column: FlatColumn
  var source: ColumnKey
  /// Both by the source's stored value; predictions are empty for wide columns.
  var predictions: [UInt32]
  var isOpen: [Bool]
  var residual: Residual
  /// How many of the residual's values belong to each block of rows.
  var residualCounts: [Int]
}

/// Finds out which columns follow from which.
///
/// Derived columns take a third of the bytes of the benchmark's segments away and are cheaper to write and to read than packed ones
/// (benchmark: `bench.py raw:4`, bytes a span and settled CPU).
struct ColumnDeriver {
  /// What every writer tries, beside what the piece's resources have in common.
  static let commonSources = [ColumnKey(FieldName.name, .string), ColumnKey.traceID]

  private struct Source {
    var key: ColumnKey
    var codes: [UInt32]
    /// Rows by stored value.
    var rowCounts: [Int]
  }

  private var sources: [Source] = []

  /// What a column of the sources' piece is kept under, if it is a source itself.
  func isSource(_ key: ColumnKey) -> Bool { sources.contains { $0.key == key } }

  mutating func addSource(_ column: FlatColumn) {
    guard case .narrow(let codes) = column.values, case .dictionary(let dictionary) = column.domain else { return }
    var rowCounts = [Int](repeating: 0, count: dictionary.count + 1)
    for code in codes { rowCounts[Int(code)] += 1 }
    sources.append(Source(key: column.key, codes: codes, rowCounts: rowCounts))
  }

  /// The column by the source that leaves least of it, or nil where none leaves little enough.
  func derived(_ column: FlatColumn) -> DerivedColumn? {
    guard !isSource(column.key), column.key != .time else { return nil }
    switch column.values {
    case .narrow(let stored): return derived(column, stored)
    case .wide(_, let present):
      guard let present else { return nil }
      return sources.lazy.compactMap { derivedPresence(column, present, $0) }.first
    }
  }

  // MARK: Narrow columns

  /// How well a source predicts a column.
  private struct Fit {
    var source: Source
    var predictions: [UInt32]
    var isOpen: [Bool]
    var missCount: Int
    var openRowCount: Int
    var seenCount: Int
    var isConstant: Bool

    /// About what the column takes with this source.
    func bitCount(_ entropy: Entropy) -> Double {
      let open = Double(openRowCount)
      let misses = Double(missCount)
      return open * Entropy.bits(ofChance: open == 0 ? 0 : misses / open) + (misses + Double(seenCount)) * entropy.bitsPerValue
    }
  }

  /// A source must save this share, and so many bits a row: what is read back must also read its source.
  private static let worthwhileShare = 0.85
  private static let worthwhileBits = 0.12

  private func derived(_ column: FlatColumn, _ stored: [UInt32]) -> DerivedColumn? {
    let entropy = Entropy(stored)
    let plain = Double(stored.count) * entropy.bitsPerValue
    let worthwhile = min(plain * Self.worthwhileShare, plain - 512 - Double(stored.count) * Self.worthwhileBits)
    // More misses than this take more by themselves.
    let missCountMax = entropy.bitsPerValue > 0 ? Int(max(0, worthwhile / entropy.bitsPerValue)) : 0
    var fits: [Fit] = []
    for source in sources {
      guard let fit = fit(stored, source, missCountMax) else { continue }
      // Nothing is left over, which no other source betters. A constant column costs less by itself.
      if fit.missCount == 0 { return fit.isConstant ? nil : residual(column, stored, fit) }
      fits.append(fit)
    }
    guard let best = fits.min(by: { $0.bitCount(entropy) < $1.bitCount(entropy) }), best.bitCount(entropy) < worthwhile else { return nil }
    return residual(column, stored, best)
  }

  private static let unseen = UInt32.max

  /// Predicts for each of the source's values what its first row has; nil as soon as that is seen to be no good.
  private func fit(_ stored: [UInt32], _ source: Source, _ missCountMax: Int) -> Fit? {
    var predictions = [UInt32](repeating: Self.unseen, count: source.rowCounts.count)
    var isOpen = [Bool](repeating: false, count: source.rowCounts.count)
    var missCount = 0
    var checkAt = blockRowCount
    var start = 0
    while start < stored.count {
      let end = min(start + blockRowCount, stored.count)
      missCount += Self.scan(stored, source.codes, start..<end, &predictions, &isOpen)
      if missCount > missCountMax { return nil }
      if end >= checkAt {
        checkAt *= 2
        if missCount * 2 > end, closedShare(source, predictions, isOpen) < 0.1 { return nil }
      }
      start = end
    }
    let openRowCount = isOpen.indices.reduce(0) { $0 + (isOpen[$1] ? source.rowCounts[$1] : 0) }
    let seen = predictions.filter { $0 != Self.unseen }
    for code in predictions.indices where predictions[code] == Self.unseen { predictions[code] = 0 }
    return Fit(
      source: source, predictions: predictions, isOpen: isOpen, missCount: missCount, openRowCount: openRowCount, seenCount: seen.count,
      isConstant: seen.allSatisfy { $0 == seen.first })
  }

  /// Counts the rows that do not have what the first row with their source's value has.
  private static func scan(
    _ stored: [UInt32], _ codes: [UInt32], _ rows: Range<Int>, _ predictions: inout [UInt32], _ isOpen: inout [Bool]
  ) -> Int {
    var missCount = 0
    for row in rows {
      let code = Int(codes[row])
      let predicted = predictions[code]
      if predicted == stored[row] { continue }
      if predicted == unseen {
        predictions[code] = stored[row]
      } else {
        isOpen[code] = true
        missCount &+= 1
      }
    }
    return missCount
  }

  /// Of the rows whose source's value was seen, the share whose value is closed so far.
  private func closedShare(_ source: Source, _ predictions: [UInt32], _ isOpen: [Bool]) -> Double {
    var seen = 0
    var closed = 0
    for code in predictions.indices where predictions[code] != Self.unseen {
      seen += source.rowCounts[code]
      if !isOpen[code] { closed += source.rowCounts[code] }
    }
    return seen == 0 ? 0 : Double(closed) / Double(seen)
  }

  private func residual(_ column: FlatColumn, _ stored: [UInt32], _ fit: Fit) -> DerivedColumn {
    var residual: [UInt32] = []
    var counts: [Int] = []
    if fit.isOpen.contains(true) {
      for start in stride(from: 0, to: stored.count, by: blockRowCount) {
        let before = residual.count
        for row in start..<min(start + blockRowCount, stored.count) {
          let code = Int(fit.source.codes[row])
          guard fit.isOpen[code] else { continue }
          residual.append(fit.predictions[code] == stored[row] ? 0 : stored[row] &+ 1)
        }
        counts.append(residual.count - before)
      }
    }
    return DerivedColumn(
      column: column, source: fit.source.key, predictions: fit.predictions, isOpen: fit.isOpen, residual: .narrow(residual),
      residualCounts: counts)
  }

  // MARK: Wide columns

  /// The column without its nulls, where they are in all rows of a source's value or in none.
  private func derivedPresence(_ column: FlatColumn, _ present: [Bool], _ source: Source) -> DerivedColumn? {
    guard case .wide(let words, _) = column.values else { return nil }
    var presentCounts = [Int](repeating: 0, count: source.rowCounts.count)
    for row in present.indices where present[row] { presentCounts[Int(source.codes[row])] += 1 }
    for code in presentCounts.indices where presentCounts[code] != 0 && presentCounts[code] != source.rowCounts[code] { return nil }
    var kept: [UInt64] = []
    var counts: [Int] = []
    for start in stride(from: 0, to: words.count, by: blockRowCount) {
      let before = kept.count
      for row in start..<min(start + blockRowCount, words.count) where present[row] { kept.append(words[row]) }
      counts.append(kept.count - before)
    }
    return DerivedColumn(
      column: column, source: source.key, predictions: [], isOpen: presentCounts.map { $0 > 0 }, residual: .wide(kept),
      residualCounts: counts)
  }
}

/// About how many bits a column's values take by themselves.
struct Entropy {
  let bitsPerValue: Double

  /// Of values up to 65,535 from their counts, of greater ones from their width.
  init(_ stored: [UInt32]) {
    let most = stored.max() ?? 0
    guard most <= 65_535, !stored.isEmpty else {
      bitsPerValue = Double(32 - most.leadingZeroBitCount) * 0.85
      return
    }
    var counts = [Int](repeating: 0, count: Int(most) + 1)
    for value in stored { counts[Int(value)] += 1 }
    let total = Double(stored.count)
    bitsPerValue = counts.reduce(0) { $1 == 0 ? $0 : $0 - Double($1) / total * Self.logarithm(Double($1) / total) }
  }

  /// The entropy of an event of this chance.
  static func bits(ofChance chance: Double) -> Double {
    guard chance > 0, chance < 1 else { return 0 }
    return -chance * logarithm(chance) - (1 - chance) * logarithm(1 - chance)
  }

  /// To base 2, from exponent and significand: at most 0.09 off, which is enough to choose by.
  private static func logarithm(_ value: Double) -> Double { Double(value.exponent) + value.significand - 1 }
}
