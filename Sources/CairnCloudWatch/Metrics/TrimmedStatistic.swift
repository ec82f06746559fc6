// SPDX-License-Identifier: Apache-2.0

/// A statistic of the values between two bounds: `tm99`, `TC(10%:90%)`, `WM(80:500)`, `IQM`, `PR(:300)`.
///
/// ```
/// tmN tcN tsN wmN          as with (0%:N%)                       TM  the mean of the values within
/// TM(A%:B%) …              without the lowest A % and the        TC  how many they are
///                          highest (100 - B) % of the values     TS  their sum
/// TM(A:B) … PR(A:B)        values > A and <= B                   WM  the mean of all, those outside moved to the bound
/// IQM                      TM(25%:75%)                           PR  what share of all is within, in percent
/// ```
/// Either side may be left out. Of a share of the values, whole ones are left out: of 15 values tm90 leaves out one.
///
/// Source: AWS, "CloudWatch statistics definitions".
public struct TrimmedStatistic: Sendable, Hashable {
  enum Kind: String, Sendable, Hashable {
    case mean = "TM"
    case count = "TC"
    case sum = "TS"
    case winsorizedMean = "WM"
    case rank = "PR"
    /// The value below which a share of them is; never read from a text of two letters.
    case percentile = "p"
  }
  enum Bounds: Sendable, Hashable {
    /// From 0 to 100.
    case percent(low: Double, high: Double)
    case value(low: Double, high: Double)
  }
  let kind: Kind
  let bounds: Bounds

  /// Values that are alike.
  public struct Sample: Sendable, Hashable {
    public var value: Double
    /// How many, at least 1.
    public var count: Int

    public init(value: Double, count: Int = 1) {
      self.value = value
      self.count = count
    }
  }

  /// `pN` with as many digits as there are; at most 100.
  public init(percentile: Double) { (kind, bounds) = (.percentile, .percent(low: 0, high: percentile)) }

  /// nil for a text that is no such statistic.
  public init?(_ text: String) {
    if text == "IQM" {
      (kind, bounds) = (.mean, .percent(low: 25, high: 75))
      return
    }
    guard let kind = Kind(rawValue: text.prefix(2).uppercased()) else { return nil }
    let rest = text.dropFirst(2)
    self.kind = kind
    if rest.first == "(", rest.last == ")" {
      guard let bounds = Self.bounds(rest.dropFirst().dropLast()) else { return nil }
      if case .percent = bounds, kind == .rank { return nil }
      self.bounds = bounds
    } else {
      guard kind != .rank, let high = Self.number(rest), high > 0, high <= 100 else { return nil }
      bounds = .percent(low: 0, high: high)
    }
  }

  private static func bounds(_ text: Substring) -> Bounds? {
    let sides = text.split(separator: ":", omittingEmptySubsequences: false)
    guard sides.count == 2, sides.contains(where: { !$0.isEmpty }) else { return nil }
    let given = sides.filter { !$0.isEmpty }
    let isPercent = given.allSatisfy { $0.hasSuffix("%") }
    guard isPercent || given.allSatisfy({ !$0.hasSuffix("%") }) else { return nil }
    func bound(_ side: Substring, otherwise: Double) -> Double? { side.isEmpty ? otherwise : number(isPercent ? side.dropLast() : side) }
    guard let low = bound(sides[0], otherwise: isPercent ? 0 : -.infinity), let high = bound(sides[1], otherwise: isPercent ? 100 : .infinity),
      low < high
    else { return nil }
    guard isPercent else { return .value(low: low, high: high) }
    return low >= 0 && high <= 100 ? .percent(low: low, high: high) : nil
  }

  /// Digits with a point and a sign; no words such as `inf`.
  private static func number(_ text: Substring) -> Double? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || [0x2e, 0x2d, 0x2b].contains($0) }) else { return nil }
    return Double(text)
  }

  /// What it comes to; nil where it is a mean and no value is within.
  ///
  /// The order of `samples` does not matter; they must be finite. Cost: a sort.
  public func value(_ samples: [Sample]) -> Double? {
    let sorted = samples.sorted { $0.value < $1.value }
    let all = sorted.reduce(0) { $0 + $1.count }
    guard all > 0 else { return kind == .count || kind == .sum ? 0 : nil }
    let within = within(sorted, all)
    let count = within.reduce(0) { $0 + $1.count }
    let sum = within.reduce(0) { $0 + $1.value * Double($1.count) }
    switch kind {
    case .count: return Double(count)
    case .percentile: return (within.last ?? sorted.first)?.value
    case .sum: return sum
    case .mean: return count == 0 ? nil : sum / Double(count)
    case .rank: return Double(count) / Double(all) * 100
    case .winsorizedMean: return winsorizedMean(sorted, all, within)
    }
  }

  /// The samples within the bounds, in order; of a sample at the bound perhaps a part.
  private func within(_ sorted: [Sample], _ all: Int) -> [Sample] {
    switch bounds {
    case .value(let low, let high): return sorted.filter { $0.value > low && $0.value <= high }
    case .percent(let low, let high):
      let range = Self.share(low, of: all)..<all - Self.share(100 - high, of: all)
      var (within, place): ([Sample], Int) = ([], 0)
      for sample in sorted {
        let count = min(range.upperBound, place + sample.count) - max(range.lowerBound, place)
        if count > 0 { within.append(Sample(value: sample.value, count: count)) }
        place += sample.count
      }
      return within
    }
  }

  /// How many whole values a share is; a share that is whole but for the rounding of its digits is whole.
  private static func share(_ percent: Double, of all: Int) -> Int { Int((Double(all) * percent / 100 + 1e-9).rounded(.down)) }

  private func winsorizedMean(_ sorted: [Sample], _ all: Int, _ within: [Sample]) -> Double? {
    switch bounds {
    case .value(let low, let high):
      return sorted.reduce(0) { $0 + min(max($1.value, low), high) * Double($1.count) } / Double(all)
    case .percent(let low, let high):
      guard let least = within.first?.value, let most = within.last?.value else { return nil }
      let sum = within.reduce(0) { $0 + $1.value * Double($1.count) }
      return (sum + least * Double(Self.share(low, of: all)) + most * Double(Self.share(100 - high, of: all))) / Double(all)
    }
  }
}
