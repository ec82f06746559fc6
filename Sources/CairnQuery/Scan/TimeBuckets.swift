// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// Time buckets aligned to multiples of their width since 1970.
struct TimeBuckets: Sendable {
  let startUnixNanoseconds: Int64
  let stepNanoseconds: Int64
  let count: Int

  /// The most buckets of an answer.
  static let countMax = 100_000

  /// Buckets over the scope's time; an open end is where the events end.
  init(_ stepNanoseconds: Int64, _ time: TimeRange, _ scan: ScanSet) throws(QueryError) {
    let isEmpty = scan.firstUnixNanoseconds > scan.lastUnixNanoseconds
    let first = time.startUnixNanoseconds == .min ? (isEmpty ? 0 : scan.firstUnixNanoseconds) : time.startUnixNanoseconds
    var last = time.endUnixNanoseconds == .max ? (isEmpty ? first : scan.lastUnixNanoseconds) : time.endUnixNanoseconds - 1
    last = max(first, last)
    let firstIndex = Self.floor(first, stepNanoseconds)
    let (extent, overflow) = Self.floor(last, stepNanoseconds).subtractingReportingOverflow(firstIndex)
    let (start, startOverflow) = firstIndex.multipliedReportingOverflow(by: stepNanoseconds)
    if overflow || startOverflow || extent >= Int64(Self.countMax) {
      throw .invalid(field: "granularity", reason: "the time range has more than \(Self.countMax) buckets")
    }
    startUnixNanoseconds = start
    self.stepNanoseconds = stepNanoseconds
    count = Int(extent) + 1
  }

  /// One bucket over all of the time that has events.
  init(whole time: TimeRange, _ scan: ScanSet) {
    let isEmpty = scan.firstUnixNanoseconds > scan.lastUnixNanoseconds
    startUnixNanoseconds = isEmpty ? max(time.startUnixNanoseconds, 0) : scan.firstUnixNanoseconds
    let (extent, overflow) = scan.lastUnixNanoseconds.subtractingReportingOverflow(startUnixNanoseconds)
    stepNanoseconds = isEmpty || overflow || extent == .max ? 1 : extent + 1
    count = 1
  }

  private static func floor(_ time: Int64, _ step: Int64) -> Int64 {
    time >= 0 ? time / step : (time &+ 1) / step - 1
  }

  /// The bucket of an instant; outside 0 ..< count where the instant is outside.
  func index(_ time: Int64) -> Int {
    let (offset, overflow) = time.subtractingReportingOverflow(startUnixNanoseconds)
    if overflow { return time < 0 ? -1 : count }
    return Int(Self.floor(offset, stepNanoseconds))
  }

  /// The first instant of a bucket.
  func start(_ bucket: Int) -> Int64 { startUnixNanoseconds &+ Int64(bucket) &* stepNanoseconds }

  /// The end of a bucket, or the greatest instant.
  func end(_ bucket: Int) -> Int64 {
    let (end, overflow) = start(bucket).addingReportingOverflow(stepNanoseconds)
    return overflow ? .max : end
  }

  /// The stretches of a slice's rows that share a bucket, in order: each with the row (inside the block) after its last.
  func stretches(_ slice: Slice, _ times: ScanColumn, into stretches: inout [(bucket: Int, end: Int)]) {
    stretches.removeAll(keepingCapacity: true)
    let base = slice.block * blockRowCount
    let block = times.blocks[slice.block]
    let last = times.integer(at: base + slice.rows.upperBound - 1) ?? 0
    var row = slice.rows.lowerBound
    while row < slice.rows.upperBound {
      let bucket = min(max(index(times.integer(at: base + row) ?? 0), 0), count - 1)
      let limit = end(bucket)
      var next = slice.rows.upperBound
      if bucket < count - 1, last >= limit { next = times.firstRow(block, row..<next, atOrAfter: limit) }
      stretches.append((bucket, next))
      row = next
    }
  }
}
