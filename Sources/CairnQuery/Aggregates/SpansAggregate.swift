// SPDX-License-Identifier: Apache-2.0

/// CONCURRENCY: how many spans were open at once.
///
/// A span is open from its start to start + duration, the end left out, at least for 1 ns. Only spans that start inside the question's
/// time are known. Not weighted. Memory: 16 bytes a span.
struct SpansAggregate: Aggregate {
  private(set) var starts: [[Int64]] = []
  private(set) var ends: [[Int64]] = []
  private var spanCount = 0

  var byteCount: Int { spanCount * 16 + starts.count * 32 }

  mutating func grow(_ groupCount: Int) {
    while starts.count < groupCount {
      starts.append([])
      ends.append([])
    }
  }

  mutating func add(_ group: Int, start: Int64, durationNanoseconds: Int64) {
    let (end, overflow) = start.addingReportingOverflow(max(durationNanoseconds, 1))
    starts[group].append(start)
    ends[group].append(overflow ? .max : end)
    spanCount += 1
  }

  mutating func absorb(_ other: SpansAggregate, _ map: CellMap) {
    for group in other.starts.indices where !other.starts[group].isEmpty {
      let target = map.group(group)
      guard target >= 0 else { continue }
      starts[target] += other.starts[group]
      ends[target] += other.ends[group]
      spanCount += other.starts[group].count
    }
  }

  /// The most spans open at once in a group; 0 where it has none.
  func maximum(_ group: Int) -> Int64 {
    var most: Int64 = 0
    sweep(group) { (_, open) in most = max(most, open) }
    return most
  }

  /// The same for each time bucket.
  func maxima(_ group: Int, _ buckets: TimeBuckets) -> [Int64] {
    var maxima = [Int64](repeating: 0, count: buckets.count)
    var open: Int64 = 0
    var since = 0
    sweep(group) { (instant, now) in
      let bucket = min(max(buckets.index(instant), 0), buckets.count - 1)
      // What was open until now reaches into every bucket up to this one, unless the change falls on its very start.
      if open > 0, since <= bucket {
        let last = instant == buckets.start(bucket) ? bucket - 1 : bucket
        if since <= last { for index in since...last { maxima[index] = max(maxima[index], open) } }
      }
      open = now
      since = bucket
      maxima[bucket] = max(maxima[bucket], now)
    }
    return maxima
  }

  /// Calls `body` with the number of open spans after each instant at which it changes, in order.
  private func sweep(_ group: Int, _ body: (Int64, Int64) -> Void) {
    let starts = starts[group].sorted()
    let ends = ends[group].sorted()
    var start = 0
    var end = 0
    var open: Int64 = 0
    while end < ends.count {
      let instant = start < starts.count ? min(starts[start], ends[end]) : ends[end]
      while end < ends.count, ends[end] == instant {
        open -= 1
        end += 1
      }
      while start < starts.count, starts[start] == instant {
        open += 1
        start += 1
      }
      body(instant, open)
    }
  }
}
