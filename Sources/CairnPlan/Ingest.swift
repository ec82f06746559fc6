// SPDX-License-Identifier: Apache-2.0

/// Which decoder reads a body: written into the journal, so a number once given out keeps its meaning.
public struct RequestFormat: RawRepresentable, Sendable, Hashable {
  public var rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let otlpTracesProtobuf = RequestFormat(rawValue: 1)
  public static let otlpTracesJSON = RequestFormat(rawValue: 2)
  public static let otlpLogsProtobuf = RequestFormat(rawValue: 3)
  public static let otlpLogsJSON = RequestFormat(rawValue: 4)
  public static let otlpMetricsProtobuf = RequestFormat(rawValue: 5)
  public static let otlpMetricsJSON = RequestFormat(rawValue: 6)
  public static let xraySegments = RequestFormat(rawValue: 16)
}

/// How a body was compressed on the wire; also the number in the journal.
public enum RequestEncoding: UInt8, Sendable, Hashable {
  case identity = 0
  case gzip = 1
  case deflate = 2
  case zstd = 3
}

/// What the journal keeps beside an accepted body: all that a decoder needs to make the same events again.
public struct RequestHeader: Sendable, Hashable {
  public var format: RequestFormat
  public var encoding: RequestEncoding
  /// The tenant, from the credential.
  public var environment: String
  /// The dataset that the request named outside its body (a header or the path); empty where it did not.
  public var datasetHint: String
  public var receivedUnixNanoseconds: Int64

  public init(
    format: RequestFormat, encoding: RequestEncoding, environment: String, datasetHint: String = "", receivedUnixNanoseconds: Int64
  ) {
    self.format = format
    self.encoding = encoding
    self.environment = environment
    self.datasetHint = datasetHint
    self.receivedUnixNanoseconds = receivedUnixNanoseconds
  }
}

/// The verdict on one request: what was taken and, by item, what was not. Each door maps it to its own wire.
public struct IngestOutcome: Sendable, Hashable {
  /// Items (spans, log records, data points) that are now events; a repeated item counts as accepted.
  public var acceptedCount: Int
  /// Items that were left out, for `rejectionReason`; the client must not send them again.
  public var rejectedCount: Int
  public var rejectionReason: String
  /// Events by dataset, in order of first appearance.
  public var datasets: [DatasetCount]
  /// What `commit` waits for.
  public var journalPosition: UInt64

  /// How many events of a request went to one dataset.
  public struct DatasetCount: Sendable, Hashable {
    public var name: String
    public var eventCount: Int

    public init(name: String, eventCount: Int) {
      self.name = name
      self.eventCount = eventCount
    }
  }

  public init(
    acceptedCount: Int, rejectedCount: Int = 0, rejectionReason: String = "", datasets: [DatasetCount] = [], journalPosition: UInt64 = 0
  ) {
    self.acceptedCount = acceptedCount
    self.rejectedCount = rejectedCount
    self.rejectionReason = rejectionReason
    self.datasets = datasets
    self.journalPosition = journalPosition
  }
}

/// Why a request was not taken; nothing of it is kept.
public enum IngestError: Error, Sendable, Hashable {
  /// The body is not what it says it is: the client's mistake, not to be sent again.
  case malformed(reason: String)
  /// More than `limitBytes` before or after inflation.
  case tooLarge(limitBytes: Int)
  case unsupported(reason: String)
  /// The store cannot take it now; the client should come again after so many seconds. Never an excuse for a bad body.
  case unavailable(reason: String, retryAfterSeconds: Int)
}

/// The way in: what a door hands accepted bodies to.
public protocol IngestStore: Sendable {
  /// Inflates, decodes and journals a body, and makes its events visible to the next query. Synchronous: it borrows the bytes and
  /// runs on the caller's thread for as long as the decoding takes.
  func accept(_ header: RequestHeader, body: RawSpan) throws(IngestError) -> IngestOutcome
  /// Returns once everything up to the outcome's journal position is on disk. Only then may the request be acknowledged.
  func commit(_ outcome: IngestOutcome) async throws(IngestError)
}
