// SPDX-License-Identifier: Apache-2.0

/// An error of an AWS JSON protocol: its type and its text, as SDKs read them.
///
/// Source: the error shapes of botocore's service models; the texts are AWS's own where they are known.
public struct LogsError: Error, Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case invalidParameter = "InvalidParameterException"
    case resourceNotFound = "ResourceNotFoundException"
    case resourceAlreadyExists = "ResourceAlreadyExistsException"
    case limitExceeded = "LimitExceededException"
    case operationAborted = "OperationAbortedException"
    case invalidOperation = "InvalidOperationException"
    case validation = "ValidationException"
    case conflict = "ConflictException"
    case tooManyTags = "TooManyTagsException"
    case accessDenied = "AccessDeniedException"
    case malformedQuery = "MalformedQueryException"
    case serialization = "SerializationException"
    case unknownOperation = "UnknownOperationException"
    case unavailable = "ServiceUnavailableException"
    case unsupported = "UnsupportedOperationException"
    /// CloudWatch metrics and alarms.
    case missingParameter = "MissingParameter"
    case invalidParameterValue = "InvalidParameterValue"
    case invalidParameterCombination = "InvalidParameterCombination"
    case invalidParameterInput = "InvalidParameterInput"
    case resourceNotFoundAlarm = "ResourceNotFound"
    case invalidFormat = "InvalidFormat"
    case validationError = "ValidationError"
    case invalidNextToken = "InvalidNextToken"
  }
  public var kind: Kind
  public var message: String
  /// Members beside the message, such as the location in a broken query, as JSON.
  public var details: [(name: String, json: [UInt8])] = []

  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  /// AWS's text for a value, as it is to be shown, that a constraint of the model refuses.
  public init(_ kind: Kind, value: String, at member: String, breaks words: String) {
    self.init(kind, "1 validation error detected: Value \(value) at '\(member)' failed to satisfy constraint: \(words)")
  }

  public static func constraint(_ value: String, at member: String, _ rule: String) -> LogsError {
    LogsError(.invalidParameter, value: "'\(value)'", at: member, breaks: "Member must \(rule)")
  }

  public static func missing(_ member: String) -> LogsError {
    LogsError(.invalidParameter, value: "null", at: member, breaks: "Member must not be null")
  }

  public static let noGroup = LogsError(.resourceNotFound, "The specified log group does not exist.")
  public static let noStream = LogsError(.resourceNotFound, "The specified log stream does not exist.")

  public static func == (left: LogsError, right: LogsError) -> Bool { left.kind == right.kind && left.message == right.message }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(message)
  }
}
