// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// Reads typed values from the environment's variables, without blanks and line ends around them, which files of secrets have; an empty
/// variable is as if it were not set, as OpenTelemetry has it.
struct EnvironmentReader: Sendable {
  let variables: [String: String]

  func text(_ name: String) -> String? {
    guard let value = variables[name].map({ Self.trimmed($0[...]) }), !value.isEmpty else { return nil }
    return value
  }

  /// The first that is set, with its name.
  func first(_ names: [String]) -> (name: String, value: String)? {
    for name in names { if let value = text(name) { return (name, value) } }
    return nil
  }

  /// `true` in any case; everything else is false (the specification wants no error here).
  func flag(_ name: String) -> Bool { text(name)?.lowercased() == "true" }

  /// A sentence about a flag that is neither `true` nor `false`.
  func warning(ofFlag name: String) -> String? {
    guard let text = text(name), !["true", "false"].contains(text.lowercased()) else { return nil }
    return "\(name): '\(text)' is neither true nor false and counts as false"
  }

  /// A sentence for each variable that is set and that nobody looks at.
  func warnings(ofUnread names: [String]) -> [String] {
    names.filter { text($0) != nil }.map { "\($0) is set, and is not read: the other variables hold" }
  }

  /// Words of a list that has its own, in lower case.
  func list(_ name: String) -> [String]? { names(name)?.map { $0.lowercased() } }

  /// Parts between commas as they are written.
  func names(_ name: String) -> [String]? {
    text(name).map { $0.split(separator: ",").map { Self.trimmed($0) }.filter { !$0.isEmpty } }
  }

  func integer(_ name: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
    guard let text = text(name) else { return nil }
    guard let value = Int(text), range.contains(value) else {
      throw ConfigurationError(variable: name, problem: "'\(text)' is not a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func number(_ name: String, in range: ClosedRange<Double>) throws(ConfigurationError) -> Double? {
    guard let text = text(name) else { return nil }
    guard let value = Double(text), range.contains(value) else {
      throw ConfigurationError(variable: name, problem: "'\(text)' is not a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func milliseconds(_ name: String) throws(ConfigurationError) -> Duration? {
    try integer(name, in: 0...86_400_000).map { .milliseconds($0) }
  }

  /// The time that something may take: 0 is for ever, which no exporter waits; it is 24 days.
  func timeout(_ names: String...) throws(ConfigurationError) -> Duration? {
    guard let name = first(names)?.name, let duration = try milliseconds(name) else { return nil }
    return duration == .zero ? .milliseconds(Int32.max) : duration
  }

  /// `name=value` pairs between commas, values percent-decoded, as W3C Baggage writes them.
  ///
  /// - Parameter areSecret: A part that makes no sense is told by its number: it may be somebody's key.
  func pairs(_ name: String, areSecret: Bool = false) throws(ConfigurationError) -> [(name: String, value: String)] {
    guard let text = text(name) else { return [] }
    var found: [(name: String, value: String)] = []
    for (index, part) in text.split(separator: ",").enumerated() {
      let told = areSecret ? "part \(index + 1)" : "'\(Self.trimmed(part))'"
      guard let equals = part.firstIndex(of: "=") else { throw ConfigurationError(variable: name, problem: "\(told) is not NAME=VALUE") }
      let key = Self.trimmed(part[..<equals])
      guard !key.isEmpty, let value = percentDecoded(Substring(Self.trimmed(part[part.index(after: equals)...]))) else {
        throw ConfigurationError(variable: name, problem: "\(told) is not NAME=VALUE with %XX for special characters")
      }
      found.append((key, value))
    }
    return found
  }

  /// One of the words, in any case.
  func choice<Value>(_ name: String, _ choices: [(String, Value)]) throws(ConfigurationError) -> Value? {
    guard let text = text(name) else { return nil }
    guard let found = choices.first(where: { $0.0 == text.lowercased() }) else {
      throw ConfigurationError(variable: name, problem: "'\(text)' is not one of \(choices.map(\.0).joined(separator: ", "))")
    }
    return found.1
  }

  /// One of the words that a type lists.
  func word<Value: CaseIterable & RawRepresentable<String>>(_ name: String) throws(ConfigurationError) -> Value? {
    try choice(name, Value.allCases.map { ($0.rawValue, $0) })
  }

  /// The same for the first of several names that is set.
  func choice<Value>(_ names: [String], _ choices: [(String, Value)]) throws(ConfigurationError) -> Value? {
    guard let name = first(names)?.name else { return nil }
    return try choice(name, choices)
  }

  /// A URL, or `HOST:PORT`, which means https unless one of the names in `insecure` says true.
  func address(_ names: [String], insecure: [String]) throws(ConfigurationError) -> String? {
    guard let (name, text) = first(names) else { return nil }
    guard !text.contains("://"), let colon = text.lastIndex(of: ":"), colon > text.startIndex else { return try url(name) }
    guard !text.contains(" "), !text.contains("/"), URLParts(text).place != nil else {
      throw ConfigurationError(variable: name, problem: "'\(URLParts.told(text))' is neither HOST:PORT nor a URL that begins with http:// or https://")
    }
    let isInsecure = first(insecure)?.value.lowercased() == "true"
    return (isInsecure ? "http://" : "https://") + text
  }

  /// The first of several names that is set, as a URL.
  func url(_ names: [String]) throws(ConfigurationError) -> String? {
    guard let name = first(names)?.name else { return nil }
    return try url(name)
  }

  /// An http or https URL.
  func url(_ name: String) throws(ConfigurationError) -> String? {
    guard let text = text(name) else { return nil }
    guard text.hasPrefix("http://") || text.hasPrefix("https://"), !text.contains(" "), URLParts(text).place != nil else {
      throw ConfigurationError(
        variable: name, problem: "'\(URLParts.told(text))' is not a URL that begins with http:// or https:// and names a host, with a port up to 65535 if any")
    }
    return text
  }

  static func trimmed(_ text: Substring) -> String {
    var rest = text
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return String(rest)
  }
}
