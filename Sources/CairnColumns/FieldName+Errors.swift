// SPDX-License-Identifier: Apache-2.0

/// The fields of an occurrence of an error, whichever door it came through: decided when the event is decoded, never changed.
extension FieldName {
  /// 40 characters that occurrences of one item share (cg1), or a fingerprint.
  public static let itemHash = "item.hash"
  /// The hash that an earlier version of grouping gives, or the same without source maps: an item known by it takes the occurrence in.
  public static let itemFormerHash = "item.former_hash"
  /// What items with one root cause share.
  public static let itemFamily = "item.family"
  public static let itemProject = "item.project"
  /// Rollbar's environment, OpenTelemetry's deployment environment.
  public static let itemEnvironment = "item.environment"
  public static let itemTitle = "item.title"
  /// critical, error, warning, info or debug.
  public static let itemLevel = "item.level"
  /// What decided the hash: `default cg1`, `payload fingerprint`, `project rule #1`.
  public static let itemSource = "item.source"
  public static let occurrenceUUID = "occurrence.uuid"
  /// A number that grows with the time of arrival; below 2⁵³.
  public static let occurrenceID = "occurrence.id"
  /// The door that the report came through, as `ReportingDoor` names it.
  public static let occurrenceDoor = "occurrence.door"
  /// A hash of trace, class and message: reports of one failure share it, whichever door told of it. Absent without a trace. Below 2⁵³.
  public static let occurrenceFailure = "occurrence.failure"
  /// A hash of class, message and the innermost frame of the program, its line included. Absent without such a frame. Below 2⁵³.
  public static let occurrencePlace = "occurrence.place"
  public static let codeVersion = "code_version"
  public static let personID = "person.id"
  public static let clientAddress = "client.address"
}
