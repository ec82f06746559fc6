// SPDX-License-Identifier: Apache-2.0

/// Replaces comments and the insides of string literals by spaces, byte for byte, and keeps the newlines.
///
/// Knows Swift (nested comments, `"""`, raw strings, interpolation) and JavaScript (template literals); a regular expression literal
/// that holds a quote would confuse it, and the sheet asks for none.
struct CommentBlanker {
  private var bytes: [UInt8]
  private var at = 0
  private let hasNestedComments: Bool
  private let hasBacktickStrings: Bool

  init(_ bytes: [UInt8], hasNestedComments: Bool, hasBacktickStrings: Bool) {
    self.bytes = bytes
    self.hasNestedComments = hasNestedComments
    self.hasBacktickStrings = hasBacktickStrings
  }

  mutating func run() -> [UInt8] {
    skipCode(untilClosingParenthesis: false)
    return bytes
  }

  /// Whether these two ASCII characters come next.
  private func peek(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Bool {
    at + 1 < bytes.count && bytes[at] == UInt8(ascii: first) && bytes[at + 1] == UInt8(ascii: second)
  }

  private mutating func blank() {
    if bytes[at] != 0x0A { bytes[at] = 0x20 }
    at += 1
  }

  /// Walks over code; inside an interpolation up to the parenthesis that closes it.
  private mutating func skipCode(untilClosingParenthesis isInterpolation: Bool) {
    var depth = 0
    while at < bytes.count {
      if peek("/", "/") {
        while at < bytes.count, bytes[at] != 0x0A { blank() }
      } else if peek("/", "*") {
        skipBlockComment()
      } else if let pounds = poundsBeforeQuote() {
        skipString(pounds: pounds)
      } else if hasBacktickStrings, bytes[at] == 0x60 || bytes[at] == 0x27 {
        skipScriptString(quote: bytes[at])
      } else {
        if bytes[at] == 0x28 { depth += 1 }
        if bytes[at] == 0x29 { depth -= 1 }
        if isInterpolation && depth < 0 { return }
        at += 1
      }
    }
  }

  private mutating func skipBlockComment() {
    var depth = 0
    while at < bytes.count {
      if peek("/", "*"), depth == 0 || hasNestedComments {
        depth += 1
        blank()
        blank()
      } else if peek("*", "/") {
        depth -= 1
        blank()
        blank()
        if depth == 0 { return }
      } else {
        blank()
      }
    }
  }

  /// How many `#` stand before a quote that opens a string here, or nil where none does.
  private func poundsBeforeQuote() -> Int? {
    var index = at
    while index < bytes.count, bytes[index] == 0x23 { index += 1 }
    guard index < bytes.count, bytes[index] == 0x22 else { return nil }
    return index - at
  }

  private mutating func skipString(pounds: Int) {
    at += pounds
    let isBlock = !hasBacktickStrings && bytes[at...].prefix(3).elementsEqual([0x22, 0x22, 0x22])
    let quotes = isBlock ? 3 : 1
    at += quotes
    while at < bytes.count {
      if closes(quotes: quotes, pounds: pounds) {
        at += quotes + pounds
        return
      }
      if quotes == 1, bytes[at] == 0x0A { return }
      if escapes(pounds: pounds) {
        for _ in 0...pounds { blank() }
        guard at < bytes.count else { return }
        if bytes[at] == 0x28 {
          at += 1
          skipCode(untilClosingParenthesis: true)
          if at < bytes.count { at += 1 }
        } else {
          blank()
        }
      } else {
        blank()
      }
    }
  }

  private func closes(quotes: Int, pounds: Int) -> Bool {
    guard at + quotes + pounds <= bytes.count else { return false }
    return bytes[at..<at + quotes].allSatisfy { $0 == 0x22 } && bytes[at + quotes..<at + quotes + pounds].allSatisfy { $0 == 0x23 }
  }

  private func escapes(pounds: Int) -> Bool {
    bytes[at] == 0x5C && at + pounds < bytes.count && bytes[at + 1..<at + 1 + pounds].allSatisfy { $0 == 0x23 }
  }

  /// JavaScript's other two quotes; what a template computes stays code.
  private mutating func skipScriptString(quote: UInt8) {
    at += 1
    while at < bytes.count, bytes[at] != quote {
      if quote == 0x27, bytes[at] == 0x0A { return }
      if bytes[at] == 0x5C {
        blank()
        if at < bytes.count { blank() }
      } else if quote == 0x60, peek("$", "{") {
        skipTemplateExpression()
      } else {
        blank()
      }
    }
    if at < bytes.count { at += 1 }
  }

  private mutating func skipTemplateExpression() {
    var depth = 0
    while at < bytes.count {
      if bytes[at] == 0x7B { depth += 1 }
      if bytes[at] == 0x7D { depth -= 1 }
      if bytes[at] == 0x60 || bytes[at] == 0x27 {
        skipScriptString(quote: bytes[at])
      } else {
        at += 1
        if depth == 0, bytes[at - 1] == 0x7D { return }
      }
    }
  }
}
