// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnFormats
public import CairnPlan

/// A refusal in Honeycomb's terms: a status, a kind of problem, and where a body is to blame, which of its fields.
///
/// Source: RFC 7807, and the `DetailedError` and `ValidationError` schemas of Honeycomb's OpenAPI document.
public struct HoneycombError: Error, Sendable, Hashable {
  /// The kinds of problem; what each is on the wire is written at `status`, `slug` and `title`.
  public enum Problem: Sendable, Hashable, CaseIterable {
    case unparseable
    case unauthorized
    case forbidden
    case notFound
    case methodNotAllowed
    case conflict
    case payloadTooLarge
    case unsupportedMediaType
    case validationFailed
    case rateLimited
    case unavailable
  }

  /// What is wrong with one field.
  public struct Detail: Sendable, Hashable {
    /// Raw values are the wire's.
    public enum Code: String, Sendable, Hashable, CaseIterable {
      case invalid
      case missing
      case incorrectType = "incorrect_type"
      case alreadyExists = "already_exists"
    }
    /// The path of the field in the body, such as `calculations[0].op`; empty for the body itself.
    public var field: String
    public var code: Code
    public var description: String

    /// What is wrong with the field at this path.
    public init(field: String, code: Code, description: String) {
      self.field = field
      self.code = code
      self.description = description
    }
  }

  public var problem: Problem
  /// What happened, in words for a person.
  public var message: String
  /// One or more for `.validationFailed`, otherwise none.
  public var details: [Detail]

  /// A problem with its message and, where fields are to blame, those.
  public init(_ problem: Problem, _ message: String, details: [Detail] = []) {
    self.problem = problem
    self.message = message
    self.details = details
  }

  /// A body with fields that are wrong; the message names them all.
  public init(invalid details: [Detail]) {
    let message = details.map { $0.field.isEmpty ? $0.description : "\($0.field): \($0.description)" }.joined(separator: "; ")
    self.init(.validationFailed, message, details: details)
  }

  /// A body that is not JSON.
  public init(parsing error: DecodeError) { self.init(.unparseable, error.message) }

  /// A body that cannot be decompressed.
  public init(inflating error: InflateError) {
    switch error {
    case .tooLarge: self.init(.payloadTooLarge, error.message)
    case .malformed: self.init(.unparseable, error.message)
    case .unsupported: self.init(.unsupportedMediaType, error.message)
    }
  }

  /// A question that the store did not answer.
  public init(querying error: QueryError) {
    switch error {
    case .invalid(let field, let reason): self.init(invalid: [Detail(field: field, code: .invalid, description: reason)])
    case .overBudget(let reason): self.init(invalid: [Detail(field: "", code: .invalid, description: reason)])
    case .cancelled: self.init(.unavailable, "the query was cancelled")
    case .unavailable(let reason): self.init(.unavailable, reason)
    }
  }

  /// The HTTP status.
  public var status: Int {
    switch problem {
    case .unparseable: 400
    case .unauthorized: 401
    case .forbidden: 403
    case .notFound: 404
    case .methodNotAllowed: 405
    case .conflict: 409
    case .payloadTooLarge: 413
    case .unsupportedMediaType: 415
    case .validationFailed: 422
    case .rateLimited: 429
    case .unavailable: 503
    }
  }

  /// The last part of the problem's type URI; nil for problems that Honeycomb answers in its older form.
  var slug: String? {
    switch problem {
    case .unparseable: "unparseable"
    case .notFound: "not-found"
    case .conflict: "conflict"
    case .payloadTooLarge: "payload-too-large"
    case .validationFailed: "validation-failed"
    case .rateLimited: "rate-limited"
    case .unauthorized, .forbidden, .methodNotAllowed, .unsupportedMediaType, .unavailable: nil
    }
  }

  /// The problem's title, the same for every error of its kind.
  var title: String {
    switch problem {
    case .unparseable: "The request body could not be parsed."
    case .unauthorized: "The API key is not known."
    case .forbidden: "The API key may not do this."
    case .notFound: "The requested resource cannot be found."
    case .methodNotAllowed: "The resource does not take this method."
    case .conflict: "Request could not be completed due to a conflict with the current state of the target resource."
    case .payloadTooLarge: "Request body is too large."
    case .unsupportedMediaType: "The provided request body has a content type or encoding that is not supported."
    case .validationFailed: "The provided input is invalid."
    case .rateLimited: "You have exceeded your rate limit."
    case .unavailable: "The service cannot answer now."
    }
  }
}
