// SPDX-License-Identifier: Apache-2.0
public import CairnPlan

extension HoneycombTrigger.Baseline {
  private static let nanosecondsPerMinute: Int64 = 60 * HoneycombTime.nanosecondsPerSecond

  /// The question about the earlier time: all its groups, since the trigger's own havings are about now.
  public func plan(_ plan: Plan) -> Plan {
    let offset = offsetMinutes * Self.nanosecondsPerMinute
    var earlier = plan
    earlier.scope.time = TimeRange(
      startUnixNanoseconds: plan.scope.time.startUnixNanoseconds - offset, endUnixNanoseconds: plan.scope.time.endUnixNanoseconds - offset)
    (earlier.orders, earlier.havings, earlier.limit) = ([], [], Self.groupCountMax)
    return earlier
  }

  private static let groupCountMax = 10_000

  /// The change; nil where it is a percentage of nothing.
  ///
  /// Honeycomb's document has `(b-a)/b` and does not say which time is which. Thresholds beyond 100 % in its provider's examples mean that
  /// the earlier value is the whole.
  func change(from before: Double, to now: Double) -> Double? {
    switch kind {
    case .value: now - before
    case .percentage: before == 0 ? nil : (now - before) / abs(before) * 100
    }
  }

  var offsetText: String {
    switch offsetMinutes {
    case 60: "an hour"
    case 1440: "a day"
    case 10_080: "a week"
    default: "four weeks"
    }
  }
}
