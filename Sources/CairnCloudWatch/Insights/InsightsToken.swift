// SPDX-License-Identifier: Apache-2.0

/// A token of an Insights query with its place, in Unicode scalars from the start.
struct InsightsToken: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    /// A name, of a field, a function or a command; `isQuoted` where any part stood in backticks.
    case name(String, isQuoted: Bool)
    case string(String)
    case number(Double)
    case integer(Int64)
    /// A number with a unit right behind it: `5m`.
    case period(Int64, String)
    /// Punctuation: `|`, `(`, `<=`, …
    case mark(String)
    case end
  }
  var kind: Kind
  var start: Int
  var end: Int

  /// The token as a message names it.
  var shown: String {
    switch kind {
    case .name(let name, _): "'\(name)'"
    case .string(let text): "the string \"\(text)\""
    case .number(let value): "'\(InsightsValue.text(value))'"
    case .integer(let value): "'\(value)'"
    case .period(let count, let unit): "'\(count)\(unit)'"
    case .mark(let mark): "'\(mark)'"
    case .end: "the end of the query"
    }
  }
}
