// SPDX-License-Identifier: Apache-2.0
public import CairnColumns
public import CairnFormats
public import CairnPlan

/// A filter expression of X-Ray as a tree: which traces an API call, a group or a page means.
///
/// ```
/// expression := conjunction { OR conjunction }
/// conjunction := term { [AND] term }              terms side by side are joined by AND
/// term       := ! term | ( expression ) | keyword [ operator value ]
///             | annotation.KEY | annotation[KEY] | metadata.KEY | metadata[KEY]     with or without operator and value
///             | service( [selector] ) [ { expression } ]
///             | edge( selector , selector ) [ { expression } ]
///             | group.name = "..." | group.arn = "..."
///             | rootcause.KIND.PART [ { expression } ] | rootcause.json = #[ json ]
/// selector   := "name" | id( name: "...", type: "...", account.id: "..." )            in any order, any left out
/// operator   := = != < <= > >= CONTAINS BEGINSWITH ENDSWITH
/// ```
/// `index`, `first` and `last` stand inside the braces of service and rootcause, `coverage` inside those of rootcause.responsetime.entity.
/// Keywords and the words among the operators are read in any case; keys and values keep theirs.
/// Source: X-Ray developer guide, "Use filter expressions".
public indirect enum FilterExpression: Sendable, Hashable {
  case all([FilterExpression])
  case any([FilterExpression])
  case not(FilterExpression)
  case flag(FilterFlag)
  case number(FilterNumber, Comparison, Double)
  case text(FilterText, FilterTest)
  case field(FilterField, key: String, FilterTest)
  /// A service of the trace that passes; without a part in braces, one that is there.
  case service(ServiceSelector, FilterExpression?)
  /// A call from one service to another that passes, as the caller saw it.
  case edge(ServiceSelector, ServiceSelector, FilterExpression?)
  /// What a group stands for; the server puts the group's own expression in its place.
  case group(GroupReference)
  case rootCause(RootCauseKind, RootCausePart, FilterExpression?)
  case rootCauseJSON(JSONValue)

  /// Passes every trace.
  public static let everything = FilterExpression.all([])

  /// How many tests it is made of; what passes everything is one as well.
  public var termCount: Int {
    switch self {
    case .all(let parts), .any(let parts): max(1, parts.reduce(0) { $0 + $1.termCount })
    case .not(let part): part.termCount
    default: 1
    }
  }
}

/// Keywords that hold or do not.
public enum FilterFlag: String, Sendable, Hashable, CaseIterable {
  case ok
  case error
  case throttle
  case fault
  case partial
  case inferred
  case first
  case last
  case remote
  case root
}

/// Keywords that are numbers; times in seconds.
public enum FilterNumber: String, Sendable, Hashable, CaseIterable {
  case responseTime = "responsetime"
  case duration
  case httpStatus = "http.status"
  case index
  case coverage
}

/// Keywords that are texts.
public enum FilterText: String, Sendable, Hashable, CaseIterable {
  case url = "http.url"
  case method = "http.method"
  case userAgent = "http.useragent"
  case clientAddress = "http.clientip"
  case user
  case name
  case type
  case message
  case availabilityZone = "availabilityzone"
  case instanceID = "instance.id"
  case resourceARN = "resource.arn"
}

/// Where a key is looked up: annotations, or the metadata that X-Ray itself cannot search.
public enum FilterField: String, Sendable, Hashable, CaseIterable {
  case annotation
  case metadata
}

/// A test of one value.
public enum FilterTest: Sendable, Hashable {
  case isSet
  case compare(Comparison, FieldValue)
  case match(TextMatch, String)
}

/// A group by its name or its ARN.
public enum GroupReference: Sendable, Hashable {
  case name(String)
  case arn(String)
}

/// Which services a selector means; what is nil may be anything.
public struct ServiceSelector: Sendable, Hashable {
  public var name: String?
  public var type: String?
  public var accountID: String?

  public init(name: String? = nil, type: String? = nil, accountID: String? = nil) {
    self.name = name
    self.type = type
    self.accountID = accountID
  }

  /// Every service.
  public static let any = ServiceSelector()

  /// True if a service of this name, type and account is meant.
  public func matches(name: String, type: String?, accountID: String?) -> Bool {
    if let wanted = self.name, wanted != name { return false }
    if let wanted = self.type, wanted != type { return false }
    if let wanted = self.accountID, wanted != accountID { return false }
    return true
  }
}

/// The three kinds of root causes.
public enum RootCauseKind: String, Sendable, Hashable, CaseIterable {
  case fault
  case error
  case responseTime = "responsetime"
}

/// What of a root cause a filter looks at.
public enum RootCausePart: String, Sendable, Hashable, CaseIterable {
  case service
  case entity
  case exception
}

/// Why an expression cannot be read: the column (1 is the first character) and what was expected there.
public struct FilterSyntaxError: Error, Sendable, Hashable {
  public var column: Int
  public var reason: String

  public init(column: Int, reason: String) {
    self.column = column
    self.reason = reason
  }

  /// The sentence that clients see.
  public var message: String { "Invalid filter expression at column \(column): \(reason)" }
}
