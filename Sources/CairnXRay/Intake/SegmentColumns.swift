// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// The columns that every document may fill, looked up once for each body.
struct SegmentColumns {
  let traceID, spanID, parentID, name, duration, kind, type, error, original, sampleRate, annotationType, parentName: ColumnIndex
  let inProgress, namespace, origin, resourceARN, user, fault, clientError, throttle, inferred, invalidDuration: ColumnIndex
  let method, url, userAgent, clientAddress, status, contentLength, traced, forwardedFor: ColumnIndex
  let databaseType, query, databaseURL, databaseUser, databaseVersion, driverVersion, preparation: ColumnIndex
  let precursorIDs, causeID, workingDirectory, paths, linkTraceID, linkSpanID: ColumnIndex
  let exceptionID, exceptionType, exceptionMessage, stacktrace, exceptionRemote, exceptionCauseID, exceptionIsCause, truncated, skipped: ColumnIndex
  let serverCode, clientCode, internalCode, segmentCode, subsegmentCode, spanEventCode, linkCode, exceptionCode: UInt32

  init(_ batch: inout Batch) throws(DecodeError) {
    traceID = try batch.column(needed: FieldName.traceID, .traceID)
    spanID = try batch.column(needed: FieldName.spanID, .spanID)
    parentID = try batch.column(needed: FieldName.parentID, .spanID)
    (name, error) = (try batch.column(needed: FieldName.name, .string), try batch.column(needed: FieldName.error, .boolean))
    duration = try batch.column(needed: FieldName.durationMilliseconds, .duration)
    kind = try batch.column(needed: FieldName.spanKind, .string)
    type = try batch.column(needed: SegmentField.type, .string)
    original = try batch.column(needed: FieldName.original, .string)
    sampleRate = try batch.column(needed: FieldName.sampleRate, .integer)
    annotationType = try batch.column(needed: FieldName.annotationType, .string)
    parentName = try batch.column(needed: FieldName.parentName, .string)
    inProgress = try batch.column(needed: SegmentField.inProgress, .boolean)
    namespace = try batch.column(needed: SegmentField.namespace, .string)
    (origin, resourceARN) = (try batch.column(needed: SegmentField.origin, .string), try batch.column(needed: SegmentField.resourceARN, .string))
    user = try batch.column(needed: SegmentField.user, .string)
    fault = try batch.column(needed: SegmentField.fault, .boolean)
    clientError = try batch.column(needed: SegmentField.clientError, .boolean)
    throttle = try batch.column(needed: SegmentField.throttle, .boolean)
    inferred = try batch.column(needed: SegmentField.inferred, .boolean)
    invalidDuration = try batch.column(needed: FieldName.invalidDuration, .boolean)
    method = try batch.column(needed: SegmentField.method, .string)
    url = try batch.column(needed: SegmentField.url, .string)
    userAgent = try batch.column(needed: SegmentField.userAgent, .string)
    clientAddress = try batch.column(needed: SegmentField.clientAddress, .string)
    status = try batch.column(needed: SegmentField.status, .integer)
    contentLength = try batch.column(needed: SegmentField.contentLength, .integer)
    traced = try batch.column(needed: SegmentField.traced, .boolean)
    forwardedFor = try batch.column(needed: SegmentField.forwardedFor, .boolean)
    databaseType = try batch.column(needed: SegmentField.databaseType, .string)
    query = try batch.column(needed: SegmentField.databaseQuery, .string)
    databaseURL = try batch.column(needed: SegmentField.databaseURL, .string)
    databaseUser = try batch.column(needed: SegmentField.databaseUser, .string)
    databaseVersion = try batch.column(needed: SegmentField.databaseVersion, .string)
    driverVersion = try batch.column(needed: SegmentField.driverVersion, .string)
    preparation = try batch.column(needed: SegmentField.preparation, .string)
    precursorIDs = try batch.column(needed: SegmentField.precursorIDs, .string)
    causeID = try batch.column(needed: SegmentField.causeID, .string)
    workingDirectory = try batch.column(needed: SegmentField.workingDirectory, .string)
    paths = try batch.column(needed: SegmentField.paths, .string)
    linkTraceID = try batch.column(needed: FieldName.linkTraceID, .traceID)
    linkSpanID = try batch.column(needed: FieldName.linkSpanID, .spanID)
    exceptionID = try batch.column(needed: SegmentField.exceptionID, .string)
    exceptionType = try batch.column(needed: SegmentField.exceptionType, .string)
    exceptionMessage = try batch.column(needed: SegmentField.exceptionMessage, .string)
    stacktrace = try batch.column(needed: SegmentField.exceptionStacktrace, .string)
    (exceptionRemote, exceptionIsCause) =
      (try batch.column(needed: SegmentField.exceptionRemote, .boolean), try batch.column(needed: FieldName.exceptionIsCause, .boolean))
    exceptionCauseID = try batch.column(needed: SegmentField.exceptionCauseID, .string)
    truncated = try batch.column(needed: SegmentField.exceptionTruncated, .integer)
    skipped = try batch.column(needed: SegmentField.exceptionSkipped, .integer)
    serverCode = batch.code(of: "server", in: kind)
    clientCode = batch.code(of: "client", in: kind)
    internalCode = batch.code(of: "internal", in: kind)
    segmentCode = batch.code(of: "segment", in: type)
    subsegmentCode = batch.code(of: "subsegment", in: type)
    spanEventCode = batch.code(of: "span_event", in: annotationType)
    linkCode = batch.code(of: "link", in: annotationType)
    exceptionCode = batch.code(of: "exception", in: name)
  }
}
