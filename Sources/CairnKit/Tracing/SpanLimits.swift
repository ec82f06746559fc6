// SPDX-License-Identifier: Apache-2.0

/// How much a span or a log record may hold; what goes beyond is dropped and counted in the record (`OTEL_SPAN_…_LIMIT`,
/// `OTEL_ATTRIBUTE_…_LIMIT`, `OTEL_LOGRECORD_…_LIMIT`).
public struct RecordLimits: Sendable, Hashable {
  public var attributeCount = 128
  /// Characters of a text; nil for any length.
  public var attributeValueLength: Int?
  public var eventCount = 128
  public var linkCount = 128
  public var attributeCountPerEvent = 128
  public var attributeCountPerLink = 128

  public init() {}
}
