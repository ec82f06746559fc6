// SPDX-License-Identifier: Apache-2.0
public import CairnPlan

/// How many good and bad events an objective had, in slots of five minutes since 1970; weighted by sample rate.
///
/// ```
/// slot         first          first + 1      …   first + good.count - 1
/// good, bad    12  0          9  1           …   11  0
/// ```
/// Parts are replaced as they are counted again: an event that comes late is found when its part is next counted.
public struct SLOLedger: Sendable, Hashable {
  /// The width of a slot.
  public static let slotSeconds: Int64 = 300
  /// Good and bad events of some slots.
  public struct Counts: Sendable, Hashable {
    public var good = 0.0
    public var bad = 0.0

    public init(good: Double = 0, bad: Double = 0) {
      self.good = good
      self.bad = bad
    }

    public var total: Double { good + bad }
  }
  private var first: Int64 = 0
  private var good: [Double] = []
  private var bad: [Double] = []

  public init() {}

  /// The slot that holds an instant.
  public static func slot(_ unixNanoseconds: Int64) -> Int64 {
    let width = slotSeconds * HoneycombTime.nanosecondsPerSecond
    return unixNanoseconds >= 0 ? unixNanoseconds / width : (unixNanoseconds - width + 1) / width
  }

  /// When a slot begins.
  public static func start(of slot: Int64) -> Int64 { slot * slotSeconds * HoneycombTime.nanosecondsPerSecond }

  /// The slots that are kept.
  public var slots: Range<Int64> { first..<first + Int64(good.count) }

  /// Keeps these slots and no others; new ones are empty.
  public mutating func keep(_ slots: Range<Int64>) {
    guard slots != self.slots else { return }
    var (good, bad) = ([Double](repeating: 0, count: slots.count), [Double](repeating: 0, count: slots.count))
    for slot in self.slots.clamped(to: slots) {
      good[Int(slot - slots.lowerBound)] = self.good[Int(slot - first)]
      bad[Int(slot - slots.lowerBound)] = self.bad[Int(slot - first)]
    }
    (first, self.good, self.bad) = (slots.lowerBound, good, bad)
  }

  /// Puts what was counted into the place of these slots; what lies outside the kept ones is left out.
  public mutating func replace(_ slots: Range<Int64>, _ counts: [Int64: Counts]) {
    for slot in slots.clamped(to: self.slots) {
      let found = counts[slot] ?? Counts()
      good[Int(slot - first)] = found.good
      bad[Int(slot - first)] = found.bad
    }
  }

  /// The sum over some slots.
  public func counts(_ slots: Range<Int64>) -> Counts {
    var sum = Counts()
    for slot in slots.clamped(to: self.slots) {
      sum.good += good[Int(slot - first)]
      sum.bad += bad[Int(slot - first)]
    }
    return sum
  }

  /// What an answer of `plan` says of each slot: its groups are the values of the objective's column, its series their counts.
  public static func counts(_ answer: Answer) -> [Int64: Counts] {
    guard let series = answer.series, let values = answer.columns.first?.values, series.stepNanoseconds > 0 else { return [:] }
    var found: [Int64: Counts] = [:]
    for (group, value) in values.enumerated() {
      guard let value, let counts = series.values.first, group < counts.count else { continue }
      let isGood = FormulaFunction.truth(value)
      for (bucket, count) in counts[group].enumerated() {
        guard let count, count != 0 else { continue }
        let slot = slot(series.startUnixNanoseconds + Int64(bucket) * series.stepNanoseconds)
        if isGood { found[slot, default: Counts()].good += count } else { found[slot, default: Counts()].bad += count }
      }
    }
    return found
  }

  /// The question that counts some slots.
  public static func plan(_ slots: Range<Int64>, column: String, environment: String, datasets: DatasetScope) -> Plan {
    let time = TimeRange(startUnixNanoseconds: start(of: slots.lowerBound), endUnixNanoseconds: start(of: slots.upperBound))
    return Plan(
      scope: Scope(environment: environment, datasets: datasets, time: time), filter: .exists(column: column), breakdowns: [column],
      calculations: [.count], limit: 100, granularityNanoseconds: slotSeconds * HoneycombTime.nanosecondsPerSecond)
  }
}
