// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnColumns
public import CairnPlan

/// Turns a plain body into rows; the same body and context always make the same rows.
public typealias RequestDecoder =
  @Sendable (_ body: RawSpan, _ context: IntakeContext, _ batch: inout Batch) throws(DecodeError) -> IntakeVerdict

/// A body from which something was taken out, plain, and the format that it has now.
public struct ScrubbedRequest: Sendable {
  public var format: RequestFormat
  public var body: [UInt8]

  public init(format: RequestFormat, body: [UInt8]) {
    self.format = format
    self.body = body
  }
}

/// Takes out of a plain body what must not be kept; nil where the body may stay as it is.
public typealias RequestScrubber = @Sendable (_ header: RequestHeader, _ body: RawSpan) -> ScrubbedRequest?

/// Every limit of the store, with its unit and its reason.
public struct ArchiveSettings: Sendable {
  /// A head is sealed when it has this many rows: about 60 MB of memory, and a snapshot of it is sorted in a few milliseconds.
  public var headRowCountMax = 131_072
  /// A head is sealed when it holds this much memory, whatever its rows.
  public var headByteCountMax = 96 << 20
  /// A body that runs out of columns in a head with fewer than this many is itself to blame and refused; in another head, the next head
  /// takes it.
  public var headColumnCountFresh = 128
  /// A head that is not full is sealed at this age, so that its journal does not grow old.
  public var headAgeSecondsMax: Int64 = 300
  /// Full heads wait for each other until together they have this many rows; then they become one segment, which is written once.
  public var sealRowCount = 524_288
  /// Or until they hold this much memory.
  public var sealByteCount = 128 << 20
  /// Memory of full heads, those being sealed among them: from here on acknowledgements wait too.
  public var sealingByteCountSlow = 256 << 20
  /// Memory of full heads: from here on requests are refused.
  public var sealingByteCountMax = 384 << 20
  /// Segments below this many rows are merged with others of their size.
  public var segmentRowCountSmall = 393_216
  /// A merge makes no segment larger than this: one column of it in memory takes at most 8 bytes a row beside its inputs.
  public var segmentRowCountMax = 1_600_000
  /// The most text of one column that a merge brings together: whole payloads reach it long before the rows are many.
  /// A merge has them in memory once, beside those of one input: the most that the store takes for a while.
  public var segmentTextByteCountMax = 256 << 20
  /// Text of one column that a merge gathers as it comes, which takes memory twice; more is joined in two readings.
  public var mergeTextByteCountWhole = 64 << 20
  /// This many small segments are merged even while events come in.
  public var mergeCount = 8
  /// Small segments are merged once nothing has come in for so long.
  public var mergeIdleSeconds: Int64 = 3
  /// A close writes segments for so long; what takes longer is replayed at the next start.
  public var closeSecondsMax: Int64 = 2
  /// A body may be this long after inflation, as OTLP recommends.
  public var bodyByteCountMax = 64 << 20
  /// Bodies that are being taken in at one time, in bytes after inflation.
  public var inFlightByteCountMax = 256 << 20
  /// Below this much free disk, ingest is refused while queries and retention go on.
  public var diskReserveByteCount = 256 << 20
  /// Columns of segments kept in memory.
  public var cacheByteCountMax = 1 << 30
  /// Events older than this are refused and dropped; 0 keeps everything. Honeycomb's default.
  public var retentionDays = 60
  /// Retention of single datasets, by name, in days.
  public var retentionDaysByDataset: [String: Int] = [:]
  /// Events further ahead of the clock than this are refused.
  public var futureSecondsMax: Int64 = 2 * 86_400

  public init() {}

  /// The context in which a request is decoded, the same whenever it is replayed with the same settings.
  func context(_ header: RequestHeader) -> IntakeContext {
    var context = IntakeContext(
      environment: header.environment, datasetHint: header.datasetHint, receivedUnixNanoseconds: header.receivedUnixNanoseconds)
    context.earliestUnixNanoseconds = Self.time(header.receivedUnixNanoseconds, minusDays: longestRetentionDays)
    let ahead = futureSecondsMax.multipliedReportingOverflow(by: 1_000_000_000)
    let latest = header.receivedUnixNanoseconds.addingReportingOverflow(ahead.partialValue)
    context.latestUnixNanoseconds = ahead.overflow || latest.overflow ? .max : latest.partialValue
    return context
  }

  /// The longest retention of any dataset; 0 where one is kept for ever.
  private var longestRetentionDays: Int {
    var longest = retentionDays
    for days in retentionDaysByDataset.values { longest = longest <= 0 || days <= 0 ? 0 : max(longest, days) }
    return max(longest, 0)
  }

  /// So many days before a time; the beginning of time where that is further back than a number of nanoseconds goes, and for 0 days,
  /// which means for ever.
  static func time(_ unixNanoseconds: Int64, minusDays days: Int) -> Int64 {
    let span = Int64(days).multipliedReportingOverflow(by: 86_400_000_000_000)
    let time = unixNanoseconds.subtractingReportingOverflow(span.partialValue)
    return days <= 0 || span.overflow || time.overflow ? .min : time.partialValue
  }
}
