// SPDX-License-Identifier: Apache-2.0

/// How an objective stands over its period at one time.
public struct SLOStanding: Sendable, Hashable {
  public var counts: SLOLedger.Counts
  public var targetPerMillion: Int

  public init(_ counts: SLOLedger.Counts, targetPerMillion: Int) {
    self.counts = counts
    self.targetPerMillion = targetPerMillion
  }

  /// The share of good events in percent, to four places; 100 where nothing counted: nothing failed.
  public var compliance: Double { counts.total == 0 ? 100 : Self.rounded(counts.good / counts.total * 100) }

  /// How many of the events may be bad.
  public var allowed: Double { counts.total * Double(1_000_000 - targetPerMillion) / 1_000_000 }

  /// What is left of the budget in percent, to four places: 100 where nothing failed, below 0 where it is overspent. A target of 100 % has no
  /// budget: nothing is left of it once something failed.
  public var budgetRemaining: Double {
    if counts.bad == 0 { return 100 }
    guard allowed > 0 else { return 0 }
    return Self.rounded((1 - counts.bad / allowed) * 100)
  }

  /// Nothing is left to spend.
  public var isExhausted: Bool { counts.bad > 0 && counts.bad >= allowed }

  private static func rounded(_ number: Double) -> Double { (number * 10_000).rounded() / 10_000 }
}

extension SLOLedger {
  /// The slots of a period of so many days that ends with the slot of an instant.
  public static func period(days: Int, endUnixNanoseconds: Int64) -> Range<Int64> {
    let end = slot(endUnixNanoseconds) + 1
    return end - Int64(days) * 86_400 / slotSeconds..<end
  }

  /// How an objective stands at an instant.
  public func standing(_ slo: HoneycombSLO, atUnixNanoseconds now: Int64) -> SLOStanding {
    SLOStanding(counts(Self.period(days: slo.periodDays, endUnixNanoseconds: now)), targetPerMillion: slo.targetPerMillion)
  }

  /// One point of a chart: the instant (Unix nanoseconds) at which its last slot ends.
  public struct Point: Sendable, Hashable {
    public var unixNanoseconds: Int64
    public var value: Double
  }

  /// How the budget of the period that ends now was spent: from 100 at its start to what is left now.
  public func burnDown(_ slo: HoneycombSLO, pointCount: Int, nowUnixNanoseconds now: Int64) -> [Point] {
    let period = Self.period(days: slo.periodDays, endUnixNanoseconds: now)
    let allowed = standing(slo, atUnixNanoseconds: now).allowed
    var (bad, points, from) = (0.0, [Point](), period.lowerBound)
    for end in Self.ends(period, pointCount) {
      bad += counts(from..<end).bad
      from = end
      points.append(Point(unixNanoseconds: Self.start(of: end), value: bad == 0 ? 100 : allowed > 0 ? (1 - bad / allowed) * 100 : 0))
    }
    return points
  }

  /// The compliance, each time over the period before, through the period that ends now; points before the first event are left out.
  public func history(_ slo: HoneycombSLO, pointCount: Int, nowUnixNanoseconds now: Int64) -> [Point] {
    let period = Self.period(days: slo.periodDays, endUnixNanoseconds: now)
    let length = Int64(period.count)
    var sum = counts(period.lowerBound - length..<period.lowerBound)
    var (points, from) = ([Point](), period.lowerBound)
    for end in Self.ends(period, pointCount) {
      let (added, left) = (counts(from..<end), counts(from - length..<end - length))
      // Whole numbers below 2^53 add and subtract without loss.
      sum = Counts(good: max(0, sum.good + added.good - left.good), bad: max(0, sum.bad + added.bad - left.bad))
      from = end
      if sum.total > 0 { points.append(Point(unixNanoseconds: Self.start(of: end), value: SLOStanding(sum, targetPerMillion: slo.targetPerMillion).compliance)) }
    }
    return points
  }

  /// The ends of `pointCount` parts of a range, the last one its end.
  private static func ends(_ slots: Range<Int64>, _ pointCount: Int) -> [Int64] {
    let parts = Int64(max(1, min(pointCount, slots.count)))
    return (1...parts).map { slots.lowerBound + Int64(slots.count) * $0 / parts }
  }
}
