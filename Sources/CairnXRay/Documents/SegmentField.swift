// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

/// The names of the fields that only X-Ray documents bring; what they share with spans has the spans' names (see `SegmentDocument`).
public enum SegmentField {
  /// `segment` or `subsegment`: a row with it came as an X-Ray document.
  public static let type = "xray.type"
  /// true on a document that came while its work still ran; the row has no `duration_ms`.
  public static let inProgress = "xray.in_progress"
  /// `aws`, `remote` or `local`.
  public static let namespace = "xray.namespace"
  /// What kind of resource the segment ran on, such as `AWS::EC2::Instance`.
  public static let origin = "xray.origin"
  /// The ARN of that resource, such as a function's.
  public static let resourceARN = "cloud.resource_id"
  /// true where the document has the flag, or its status makes it so; absent otherwise.
  public static let fault = "xray.fault"
  public static let clientError = "xray.error"
  public static let throttle = "xray.throttle"
  /// true where the callee promised a segment of its own.
  public static let traced = "xray.traced"
  /// true where `client.address` was read from a header that anybody can write.
  public static let forwardedFor = "xray.x_forwarded_for"
  /// true on a segment that X-Ray itself made of a subsegment.
  public static let inferred = "xray.inferred"
  /// JSON text: an array of ids.
  public static let precursorIDs = "xray.precursor_ids"
  /// The id of an exception recorded elsewhere in the trace, where that is all the cause says.
  public static let causeID = "xray.cause_id"
  public static let workingDirectory = "xray.working_directory"
  /// JSON text: the paths that the cause lists.
  public static let paths = "xray.paths"

  public static let user = "user.id"
  public static let method = FieldName.requestMethod
  public static let url = FieldName.requestURL
  public static let userAgent = "user_agent.original"
  public static let clientAddress = "client.address"
  public static let status = "http.response.status_code"
  public static let contentLength = "http.response.body.size"

  public static let databaseType = "db.system"
  public static let databaseQuery = "db.statement"
  public static let databaseUser = "db.user"
  public static let databaseURL = "db.connection_string"
  public static let databaseVersion = "db.version"
  public static let driverVersion = "db.driver_version"
  public static let preparation = "db.preparation"

  public static let exceptionID = "exception.id"
  public static let exceptionType = "exception.type"
  public static let exceptionMessage = "exception.message"
  public static let exceptionStacktrace = "exception.stacktrace"
  public static let exceptionRemote = "exception.remote"
  /// The id of the exception that this one was raised because of.
  public static let exceptionCauseID = "exception.cause_id"
  public static let exceptionTruncated = "exception.truncated"
  public static let exceptionSkipped = "exception.skipped"

  public static let annotationPrefix = "annotation."
  public static let metadataPrefix = "metadata."
  public static let awsPrefix = "aws."
  public static let servicePrefix = "service."
}
