// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// One statistic of one group while rows come in.
struct InsightsAccumulator: Sendable {
  private let function: InsightsAggregate.Function
  private var count = 0
  private var sum = 0.0
  /// The sum while all values are integers and it fits.
  private var exactSum: Int64? = 0
  /// Of Welford's method: the sum of squared distances from the mean.
  private var mean = 0.0
  private var spread = 0.0
  private var best: InsightsValue = .absent
  private var bestTime = 0.0
  private var distinct: Set<String> = []
  private var quantiles = InsightsQuantiles()

  init(_ function: InsightsAggregate.Function) { self.function = function }

  /// Takes a value that is present; returns how many bytes more are kept.
  mutating func add(_ value: InsightsValue, _ time: Double?) -> Int {
    switch function {
    case .count: count += 1
    case .countDistinct:
      guard let text = value.text else { return 0 }
      return distinct.insert(text).inserted ? 48 + text.utf8.count : 0
    case .sum, .average, .standardDeviation: addNumber(value)
    case .minimum, .maximum:
      guard value.number != nil else { return 0 }
      let order = best.isAbsent ? nil : InsightsValue.order(value, best)
      if best.isAbsent || (function == .minimum ? order == -1 : order == 1) { best = value }
    case .percentile:
      guard let number = value.number else { return 0 }
      return quantiles.add(number)
    case .earliest, .latest:
      guard let time else { return 0 }
      if best.isAbsent || (function == .earliest ? time < bestTime : time > bestTime) { (best, bestTime) = (value, time) }
    case .sortsFirst, .sortsLast:
      let order = best.isAbsent ? 0 : InsightsText.naturalOrder(value, best)
      if best.isAbsent || (function == .sortsFirst ? order < 0 : order > 0) { best = value }
    }
    return 0
  }

  private mutating func addNumber(_ value: InsightsValue) {
    guard let number = value.number else { return }
    count += 1
    sum += number
    if case .integer(let integer) = value, let exact = exactSum {
      let (next, overflow) = exact.addingReportingOverflow(integer)
      exactSum = overflow ? nil : next
    } else {
      exactSum = nil
    }
    let distance = number - mean
    mean += distance / Double(count)
    spread += distance * (number - mean)
  }

  /// The statistic; absent where there was nothing to take it of.
  var result: InsightsValue {
    switch function {
    case .count: .integer(Int64(count))
    case .countDistinct: .integer(Int64(distinct.count))
    case .sum: count == 0 ? .absent : exactSum.map { .integer($0) } ?? .number(sum)
    case .average: count == 0 ? .absent : .number(sum / Double(count))
    case .standardDeviation: count == 0 ? .absent : .number((spread / Double(count)).squareRoot())
    case .percentile(let rank): quantiles.value(rank).map { .number($0) } ?? .absent
    case .minimum, .maximum, .earliest, .latest, .sortsFirst, .sortsLast: best
    }
  }
}

/// Percentiles: exact up to `exactCountMax` values, then within 1 % of the value, by cells whose width grows with the value.
struct InsightsQuantiles: Sendable {
  static let exactCountMax = 10_000
  private static let growth = log(1.02)

  private var values: [Double] = []
  private var cells: [Int: Int] = [:]
  private var count = 0

  /// Takes a value; returns how many bytes more are kept.
  mutating func add(_ value: Double) -> Int {
    guard value.isFinite else { return 0 }
    count += 1
    if cells.isEmpty {
      values.append(value)
      guard values.count > Self.exactCountMax else { return 8 }
      for value in values { cells[Self.cell(value), default: 0] += 1 }
      values = []
      return cells.count * 24 - Self.exactCountMax * 8
    }
    let before = cells.count
    cells[Self.cell(value), default: 0] += 1
    return (cells.count - before) * 24
  }

  /// The value below or at which `rank` per cent of the values lie.
  func value(_ rank: Double) -> Double? {
    guard count > 0 else { return nil }
    let position = min(max(Int((Double(count) * rank / 100).rounded(.up)) - 1, 0), count - 1)
    if cells.isEmpty { return values.sorted()[position] }
    var before = 0
    for (cell, count) in cells.sorted(by: { $0.key < $1.key }) {
      before += count
      if before > position { return Self.center(cell) }
    }
    return nil
  }

  private static let middle = 1 << 20

  private static func cell(_ value: Double) -> Int {
    if abs(value) < 1e-9 { return 0 }
    let size = middle + Int((log(abs(value)) / growth).rounded(.up))
    return value < 0 ? -size : size
  }

  private static func center(_ cell: Int) -> Double {
    if cell == 0 { return 0 }
    let size = exp((Double(abs(cell) - middle) - 0.5) * growth)
    return cell < 0 ? -size : size
  }
}
