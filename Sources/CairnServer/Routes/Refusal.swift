// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnHoneycomb
import CairnPlan

/// Why a request is not served. Which status and which body that becomes is `ErrorResponse`'s matter alone.
struct Refusal: Error, Sendable, Hashable {
  enum Kind: Sendable, Hashable, CaseIterable {
    case malformed
    case unauthenticated
    case forbidden
    case notFound
    case methodNotAllowed
    case timeout
    case tooLarge
    case unsupported
    /// Understood, but it asks for something that cannot be.
    case invalid
    /// A question that would need more than it may.
    case overBudget
    case unavailable
    case cancelled
    case internalError

    /// The word for it in figures: `too_large`.
    var name: String {
      "\(self)".reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
    }
  }
  var kind: Kind
  /// In words, for the client's author.
  var reason: String
  /// The part of the request that is to blame: `filters[0].op`.
  var field: String?
  /// When to come again.
  var retryAfterSeconds: Int?
  /// The name of the exception, where the caller is one of AWS's clients and the kind does not tell enough.
  var awsCode: String?
  /// For `.methodNotAllowed`: the methods that are.
  var allowedMethods: [String] = []
  /// Every field that is to blame, where the request has several.
  var details: [HoneycombError.Detail] = []
  /// True where what is asked for contradicts what is there; Honeycomb's clients are told so by a status of its own.
  var isConflict = false

  init(_ kind: Kind, _ reason: String, field: String? = nil, retryAfterSeconds: Int? = nil) {
    self.kind = kind
    self.reason = reason
    self.field = field
    self.retryAfterSeconds = retryAfterSeconds
  }

  /// What a store says about a body.
  init(_ error: IngestError) {
    switch error {
    case .malformed(let reason): self.init(.malformed, reason)
    case .tooLarge(let limit): self.init(.tooLarge, "The body is larger than \(limit) bytes, as sent or once inflated.")
    case .unsupported(let reason): self.init(.unsupported, reason)
    case .unavailable(let reason, let seconds): self.init(.unavailable, reason, retryAfterSeconds: max(1, seconds))
    }
  }

  /// What a store says about a question.
  init(_ error: QueryError) {
    switch error {
    case .invalid(let field, let reason): self.init(.invalid, reason, field: field)
    case .cancelled: self.init(.cancelled, "The question was withdrawn.")
    case .overBudget(let reason): self.init(.overBudget, reason)
    case .unavailable(let reason): self.init(.unavailable, reason, retryAfterSeconds: 5)
    }
  }

  /// What the reader of queries and filters says.
  init(_ error: HoneycombError) {
    let kind: Kind =
      switch error.problem {
      case .unparseable: .malformed
      case .unauthorized: .unauthenticated
      case .forbidden: .forbidden
      case .notFound: .notFound
      case .methodNotAllowed: .methodNotAllowed
      case .payloadTooLarge: .tooLarge
      case .unsupportedMediaType: .unsupported
      case .conflict, .validationFailed: .invalid
      case .rateLimited, .unavailable: .unavailable
      }
    self.init(kind, error.message, field: error.details.first.map(\.field).flatMap { $0.isEmpty ? nil : $0 })
    details = error.details
    isConflict = error.problem == .conflict
  }

  /// What the catalog says; it is ours to fix, and for the client worth another try.
  init(_ error: CatalogError) { self.init(.unavailable, "The catalog cannot be used: \(error)", retryAfterSeconds: 5) }
}
