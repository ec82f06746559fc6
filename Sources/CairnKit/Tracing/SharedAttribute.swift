// SPDX-License-Identifier: Apache-2.0
public import Instrumentation
public import Tracing

/// An attribute that a whole request has: every span below it, in this process and in the services that are called. It travels as W3C
/// baggage under its own name.
///
/// ```
/// extension SharedAttribute where Value == Int { static var tenant: Self { Self("app.tenant") } }
///
/// try await kit.tracer.with(.userID, "u1") { … }       // spans in here have user.id, and so have those of called services
/// ServiceContext.current?[.userID]                     // "u1", also in the called service
/// ```
/// Spans take over the names that `KitSettings.sharedAttributes` lists (`CAIRN_SHARED_ATTRIBUTES`); baggage of other names only travels.
public struct SharedAttribute<Value: SharedAttributeValue>: Sendable, Hashable {
  public let name: String

  /// The name is one of W3C Baggage: letters, digits and `!#$%&'*+-.^_|~`; others do not travel.
  public init(_ name: String) { self.name = name }
}

extension SharedAttribute where Value == String {
  /// On whose behalf the request is.
  public static var userID: Self { Self("user.id") }
}

/// A value that survives the way through a header.
public protocol SharedAttributeValue: Sendable, Hashable, LosslessStringConvertible, SpanAttributeConvertible {}

extension String: SharedAttributeValue {}
extension Int: SharedAttributeValue {}
extension Double: SharedAttributeValue {}
extension Bool: SharedAttributeValue {}

/// A shared attribute as settings name it: baggage is text, so the type is said here.
public struct SharedAttributeName: Sendable, Hashable {
  /// What the text of the baggage is read as; a text that is no such value stays text.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case string
    case integer
    case number
    case boolean
  }

  public var name: String
  public var kind: Kind

  public init(_ name: String, _ kind: Kind = .string) {
    self.name = name
    self.kind = kind
  }

  /// `name` or `name:kind`.
  static func read(_ text: String) throws(ConfigurationError) -> SharedAttributeName {
    guard let colon = text.lastIndex(of: ":") else { return SharedAttributeName(text) }
    guard let kind = Kind(rawValue: String(text[text.index(after: colon)...])), colon > text.startIndex else {
      let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw ConfigurationError(variable: "CAIRN_SHARED_ATTRIBUTES", problem: "'\(text)' is neither NAME nor NAME:KIND with one of \(kinds)")
    }
    return SharedAttributeName(String(text[..<colon]), kind)
  }

  func attribute(_ text: String) -> SpanAttribute {
    switch kind {
    case .string: .string(text)
    case .integer: Int64(text).map { .int64($0) } ?? .string(text)
    case .number: Double(text).map { .double($0) } ?? .string(text)
    case .boolean: Bool(text).map { .bool($0) } ?? .string(text)
    }
  }
}

extension InstrumentationContext {
  /// The value that the request carries; nil where it has none, or one of another type.
  public subscript<Value>(_ attribute: SharedAttribute<Value>) -> Value? {
    get { baggage[attribute.name].flatMap { Value($0) } }
    set { baggage[attribute.name] = newValue?.description }
  }
}

extension KitTracer {
  /// Does the work with the attribute on the span around it, on all spans below, and on those of the services that are called.
  @inlinable
  public func with<Value, Result>(
    _ attribute: SharedAttribute<Value>, _ value: Value, isolation: isolated (any Actor)? = #isolation,
    @_implicitSelfCapture _ work: () async throws -> Result
  ) async rethrows -> Result {
    let context = context(with: attribute.name, value.description, value.toSpanAttribute())
    return try await InstrumentationContext.$current.withValue(context) { try await work() }
  }

  /// What is now current with the attribute in its baggage; the span around it has it too from now on.
  @usableFromInline
  func context(with name: String, _ text: String, _ attribute: SpanAttribute) -> InstrumentationContext {
    let context = InstrumentationContext.current ?? .topLevel
    let entry = context.entry, place = entry?.place
    var baggage = entry?.baggage ?? Baggage()
    baggage[name] = text
    if case .local(let recording)? = place { recording.set(name, attribute) }
    return context.with(.carrying(.init(place: place, baggage: baggage)))
  }
}
