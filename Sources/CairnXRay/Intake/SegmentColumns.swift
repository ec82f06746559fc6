// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// The columns that every document may fill, looked up once for each body.
struct SegmentColumns {
  let traceID, spanID, parentID, name, duration, kind, type, error, original, sampleRate, annotationType, parentName: ColumnIndex
  let inProgress, namespace, origin, user, fault, clientError, throttle, inferred, invalidDuration: ColumnIndex
  let method, url, userAgent, clientAddress, status, contentLength, traced, forwardedFor: ColumnIndex
  let databaseType, query, databaseURL, databaseUser, databaseVersion, driverVersion, preparation: ColumnIndex
  let precursorIDs, causeID, workingDirectory, paths, linkTraceID, linkSpanID: ColumnIndex
  let exceptionID, exceptionType, exceptionMessage, stacktrace, exceptionRemote, exceptionCauseID, truncated, skipped: ColumnIndex
  let serverCode, clientCode, internalCode, segmentCode, subsegmentCode, spanEventCode, linkCode, exceptionCode: UInt32

  init(_ batch: inout Batch) throws(DecodeError) {
    traceID = try Self.make(FieldName.traceID, .traceID, &batch)
    spanID = try Self.make(FieldName.spanID, .spanID, &batch)
    parentID = try Self.make(FieldName.parentID, .spanID, &batch)
    name = try Self.make(FieldName.name, .string, &batch)
    duration = try Self.make(FieldName.durationMilliseconds, .duration, &batch)
    kind = try Self.make(FieldName.spanKind, .string, &batch)
    type = try Self.make(SegmentField.type, .string, &batch)
    error = try Self.make(FieldName.error, .boolean, &batch)
    original = try Self.make(FieldName.original, .string, &batch)
    sampleRate = try Self.make(FieldName.sampleRate, .integer, &batch)
    annotationType = try Self.make(FieldName.annotationType, .string, &batch)
    parentName = try Self.make(FieldName.parentName, .string, &batch)
    inProgress = try Self.make(SegmentField.inProgress, .boolean, &batch)
    namespace = try Self.make(SegmentField.namespace, .string, &batch)
    origin = try Self.make(SegmentField.origin, .string, &batch)
    user = try Self.make(SegmentField.user, .string, &batch)
    fault = try Self.make(SegmentField.fault, .boolean, &batch)
    clientError = try Self.make(SegmentField.clientError, .boolean, &batch)
    throttle = try Self.make(SegmentField.throttle, .boolean, &batch)
    inferred = try Self.make(SegmentField.inferred, .boolean, &batch)
    invalidDuration = try Self.make(FieldName.invalidDuration, .boolean, &batch)
    method = try Self.make(SegmentField.method, .string, &batch)
    url = try Self.make(SegmentField.url, .string, &batch)
    userAgent = try Self.make(SegmentField.userAgent, .string, &batch)
    clientAddress = try Self.make(SegmentField.clientAddress, .string, &batch)
    status = try Self.make(SegmentField.status, .integer, &batch)
    contentLength = try Self.make(SegmentField.contentLength, .integer, &batch)
    traced = try Self.make(SegmentField.traced, .boolean, &batch)
    forwardedFor = try Self.make(SegmentField.forwardedFor, .boolean, &batch)
    databaseType = try Self.make(SegmentField.databaseType, .string, &batch)
    query = try Self.make(SegmentField.databaseQuery, .string, &batch)
    databaseURL = try Self.make(SegmentField.databaseURL, .string, &batch)
    databaseUser = try Self.make(SegmentField.databaseUser, .string, &batch)
    databaseVersion = try Self.make(SegmentField.databaseVersion, .string, &batch)
    driverVersion = try Self.make(SegmentField.driverVersion, .string, &batch)
    preparation = try Self.make(SegmentField.preparation, .string, &batch)
    precursorIDs = try Self.make(SegmentField.precursorIDs, .string, &batch)
    causeID = try Self.make(SegmentField.causeID, .string, &batch)
    workingDirectory = try Self.make(SegmentField.workingDirectory, .string, &batch)
    paths = try Self.make(SegmentField.paths, .string, &batch)
    linkTraceID = try Self.make(FieldName.linkTraceID, .traceID, &batch)
    linkSpanID = try Self.make(FieldName.linkSpanID, .spanID, &batch)
    exceptionID = try Self.make(SegmentField.exceptionID, .string, &batch)
    exceptionType = try Self.make(SegmentField.exceptionType, .string, &batch)
    exceptionMessage = try Self.make(SegmentField.exceptionMessage, .string, &batch)
    stacktrace = try Self.make(SegmentField.exceptionStacktrace, .string, &batch)
    exceptionRemote = try Self.make(SegmentField.exceptionRemote, .boolean, &batch)
    exceptionCauseID = try Self.make(SegmentField.exceptionCauseID, .string, &batch)
    truncated = try Self.make(SegmentField.exceptionTruncated, .integer, &batch)
    skipped = try Self.make(SegmentField.exceptionSkipped, .integer, &batch)
    serverCode = batch.code(of: "server", in: kind)
    clientCode = batch.code(of: "client", in: kind)
    internalCode = batch.code(of: "internal", in: kind)
    segmentCode = batch.code(of: "segment", in: type)
    subsegmentCode = batch.code(of: "subsegment", in: type)
    spanEventCode = batch.code(of: "span_event", in: annotationType)
    linkCode = batch.code(of: "link", in: annotationType)
    exceptionCode = batch.code(of: "exception", in: name)
  }

  static func make(_ name: String, _ kind: ColumnKind, _ batch: inout Batch) throws(DecodeError) -> ColumnIndex {
    guard let column = batch.column(name, kind) else { throw DecodeError(.tooManyFields, at: 0) }
    return column
  }
}
