// SPDX-License-Identifier: Apache-2.0

/// The minutes in which lines came and, as far as is known, none matched a metric filter that has a default value.
///
/// Lines of one minute come in many requests. So a minute's default value is told once, and only when the minute is over and its last lines have had
/// time to come. Times are Unix milliseconds.
public struct QuietMinutes: Sendable {
  /// One minute of one filter; `minute` is where it begins.
  private struct Place: Hashable {
    var environment, group, filter: String
    var minute: Int64
  }
  private struct Entry {
    var firstSeen: Int64
    /// The default value, while it may still be told.
    var point: MetricPoint?
  }

  /// Lines are waited for so long after their minute, or after the first of them where they come late.
  static let patience: Int64 = 15_000
  /// A minute that is settled is remembered so long, so that late lines do not tell it again.
  static let memory: Int64 = 900_000
  static let entryCountMax = 20_000
  private var entries: [Place: Entry] = [:]

  public init() {}

  /// Takes what a batch of a group's lines says of minutes: true where one of them matched the filter.
  public mutating func note(_ minutes: [Int64: Bool], of filter: MetricFilter, group: String, environment: String, at now: Int64) {
    for (minute, hasMatch) in minutes {
      let place = Place(environment: environment, group: group, filter: filter.name, minute: minute)
      if entries[place] != nil {
        if hasMatch { entries[place]?.point = nil }
        continue
      }
      if entries.count >= Self.entryCountMax { forget(before: now) }
      // So many minutes at once are those of lines long past: what cannot be remembered has no default value.
      guard entries.count < Self.entryCountMax else { return }
      entries[place] = Entry(firstSeen: now, point: hasMatch ? nil : filter.defaultPoint(minute: minute))
    }
  }

  /// The default values of minutes that are settled by now, by environment; each is given once.
  public mutating func settled(by now: Int64) -> [String: [MetricPoint]] {
    var found: [String: [MetricPoint]] = [:]
    for (place, entry) in entries {
      // A minute that lies ahead is not waited for: clocks differ.
      let end = max(entry.firstSeen, min(place.minute + 60_000, entry.firstSeen + 60_000))
      guard let point = entry.point, now - end >= Self.patience else { continue }
      found[place.environment, default: []].append(point)
      entries[place]?.point = nil
    }
    forget(before: now - Self.memory)
    return found
  }

  private mutating func forget(before time: Int64) {
    entries = entries.filter { $0.value.point != nil || $0.value.firstSeen >= time }
  }
}
