// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// A row whose columns are found by their paths; nil is NULL.
typealias RQLRow = @Sendable (String) -> JSONValue

/// Computes expressions over one row, or over the rows of a group.
struct RQLEvaluator {
  let nowUnixSeconds: Int64
  /// The rows of the group at hand; the expression outside aggregates sees the first.
  let rows: [RQLRow]
  let meter: RQLMeter

  func value(_ expression: RQLExpression) -> JSONValue {
    guard meter.work() else { return .null }
    switch expression {
    case .column(let path): return rows.first?(path) ?? .null
    case .literal(let value): return value
    case .countAll: return .integer(Int64(rows.count))
    case .negated(let inner): return arithmetic("-", .integer(0), value(inner))
    case .not(let inner): return truth(value(inner)).map { .boolean(!$0) } ?? .null
    case .isNull(let inner, let isNot): return .boolean((value(inner) == .null) != isNot)
    case .binary(let sign, let left, let right): return binary(sign, left, right)
    case .among(let left, let list, let isNot):
      let own = value(left)
      guard own != .null else { return .null }
      return .boolean(list.contains { compare(own, value($0)) == 0 } != isNot)
    case .between(let inner, let low, let high, let isNot):
      guard let first = compare(value(inner), value(low)), let second = compare(value(inner), value(high)) else { return .null }
      return .boolean((first >= 0 && second <= 0) != isNot)
    case .like(let left, let pattern, let isNot):
      let (own, form) = (value(left), value(pattern))
      guard own != .null, form != .null else { return .null }
      return .boolean(like(Array(text(own).lowercased().unicodeScalars), Array(text(form).lowercased().unicodeScalars)) != isNot)
    case .call(let name, let arguments):
      return RQLExpression.aggregates.contains(name) ? aggregate(name, arguments[0]) : function(name, arguments.map(value))
    }
  }

  /// nil is NULL: neither true nor false.
  func truth(_ value: JSONValue) -> Bool? {
    switch value {
    case .null: nil
    case .boolean(let truth): truth
    case .string: number(value).map { $0 != 0 } ?? false
    default: value.number.map { $0 != 0 } ?? true
    }
  }

  private func binary(_ sign: String, _ left: RQLExpression, _ right: RQLExpression) -> JSONValue {
    if sign == "and" || sign == "or" {
      let (first, second) = (truth(value(left)), truth(value(right)))
      let decides = sign == "or"
      if first == decides || second == decides { return .boolean(decides) }
      return first == nil || second == nil ? .null : .boolean(!decides)
    }
    let (first, second) = (value(left), value(right))
    guard ["=", "!=", "<", "<=", ">", ">="].contains(sign) else { return arithmetic(sign, first, second) }
    guard let order = compare(first, second) else { return .null }
    switch sign {
    case "=": return .boolean(order == 0)
    case "!=": return .boolean(order != 0)
    case "<": return .boolean(order < 0)
    case "<=": return .boolean(order <= 0)
    case ">": return .boolean(order > 0)
    default: return .boolean(order >= 0)
    }
  }

  /// Below 0, 0 or above; nil where one is NULL. Numbers and texts that are numbers compare as numbers.
  func compare(_ left: JSONValue, _ right: JSONValue) -> Int? {
    guard left != .null, right != .null else { return nil }
    let numbers = (number(left), number(right))
    if let first = numbers.0, let second = numbers.1, left.string == nil || right.string == nil { return first < second ? -1 : first > second ? 1 : 0 }
    let (first, second) = (text(left).lowercased(), text(right).lowercased())
    guard meter.text(first.utf8.count + second.utf8.count) else { return nil }
    return first < second ? -1 : first > second ? 1 : 0
  }

  private func number(_ value: JSONValue) -> Double? {
    switch value {
    // A text such as `nan` or `inf` is a text.
    case .string(let text): Double(text).flatMap { $0.isFinite ? $0 : nil }
    case .boolean(let truth): truth ? 1 : 0
    default: value.number
    }
  }

  func text(_ value: JSONValue) -> String { value.string ?? String(decoding: value.bytes, as: UTF8.self) }

  private func arithmetic(_ sign: String, _ left: JSONValue, _ right: JSONValue) -> JSONValue {
    if case .integer(let first) = left, case .integer(let second) = right {
      let result: (partialValue: Int64, overflow: Bool)? =
        switch sign {
        case "+": first.addingReportingOverflow(second)
        case "-": first.subtractingReportingOverflow(second)
        case "*": first.multipliedReportingOverflow(by: second)
        case "div": second == 0 ? nil : first.dividedReportingOverflow(by: second)
        case "mod": second == 0 ? nil : first.remainderReportingOverflow(dividingBy: second)
        default: nil
        }
      if let result, !result.overflow { return .integer(result.partialValue) }
    }
    guard let first = number(left), let second = number(right) else { return .null }
    let result: Double
    switch sign {
    case "+": result = first + second
    case "-": result = first - second
    case "*": result = first * second
    case "/": result = second == 0 ? .nan : first / second
    case "div": result = second == 0 ? .nan : (first / second).rounded(.towardZero)
    default: result = second == 0 ? .nan : first.truncatingRemainder(dividingBy: second)
    }
    return result.isFinite ? .double(result) : .null
  }

  /// `%` is any text, `_` any character; one pass with one place to come back to, so linear in both but for their product.
  private func like(_ text: [UnicodeScalar], _ pattern: [UnicodeScalar]) -> Bool {
    var (at, of) = (0, 0)
    var star: (pattern: Int, text: Int)?
    guard meter.text(text.count + pattern.count) else { return false }
    while at < text.count {
      guard meter.work() else { return false }
      if of < pattern.count, pattern[of] == "%" {
        star = (of, at)
        of += 1
      } else if of < pattern.count, pattern[of] == "_" || pattern[of] == text[at] {
        at += 1
        of += 1
      } else if let back = star {
        star = (back.pattern, back.text + 1)
        (of, at) = (back.pattern + 1, back.text + 1)
      } else {
        return false
      }
    }
    while of < pattern.count, pattern[of] == "%" { of += 1 }
    return of == pattern.count
  }

  private func function(_ name: String, _ values: [JSONValue]) -> JSONValue {
    if name == "unix_timestamp" { return .integer(nowUnixSeconds) }
    if name == "concat_ws" { return joined(values.dropFirst().filter { $0 != .null }, separator: text(values[0])) }
    guard !values.contains(.null) else { return .null }
    let first = text(values[0])
    guard meter.text(first.utf8.count) else { return .null }
    let count = { (index: Int) in Int(max(0, min(1e6, number(values[index]) ?? 0))) }
    switch name {
    case "concat": return joined(values, separator: "")
    case "lower": return .string(first.lowercased())
    case "upper": return .string(first.uppercased())
    case "left": return .string(String(first.prefix(count(1))))
    case "right": return .string(String(first.suffix(count(1))))
    case "substring":
      let rest = first.dropFirst(max(0, count(1) - 1))
      return .string(String(values.count > 2 ? rest.prefix(count(2)) : rest))
    case "locate": return locate(Array(first), text(values[1]), skipping: values.count > 2 ? max(0, count(2) - 1) : 0)
    case "char_length": return .integer(Int64(first.count))
    default: return .integer(Int64(first.utf8.count))
    }
  }

  private func joined(_ values: [JSONValue], separator: String) -> JSONValue {
    let texts = values.map(text)
    guard meter.text(texts.reduce(0) { $0 + $1.utf8.count } + max(0, texts.count - 1) * separator.utf8.count) else { return .null }
    return .string(texts.joined(separator: separator))
  }

  /// The place of a text in another one, counted from 1; 0 where it is not there. Linear in both: what matched tells where to go on.
  private func locate(_ wanted: [Character], _ text: String, skipping skipped: Int) -> JSONValue {
    guard meter.text(text.utf8.count) else { return .null }
    let whole = Array(text)
    guard skipped + wanted.count <= whole.count else { return .integer(0) }
    if wanted.isEmpty { return .integer(Int64(skipped + 1)) }
    // For each beginning of the text the longest shorter one that it ends with.
    var shorter = [0]
    var matched = 0
    for index in wanted.indices.dropFirst() {
      while matched > 0, wanted[index] != wanted[matched] { matched = shorter[matched - 1] }
      if wanted[index] == wanted[matched] { matched += 1 }
      shorter.append(matched)
    }
    matched = 0
    for index in skipped..<whole.count {
      guard meter.work() else { return .null }
      while matched > 0, whole[index] != wanted[matched] { matched = shorter[matched - 1] }
      if whole[index] == wanted[matched] { matched += 1 }
      if matched == wanted.count { return .integer(Int64(index - matched + 2)) }
    }
    return .integer(0)
  }

  private func aggregate(_ name: String, _ argument: RQLExpression) -> JSONValue {
    let values = rows.map { RQLEvaluator(nowUnixSeconds: nowUnixSeconds, rows: [$0], meter: meter).value(argument) }.filter { $0 != .null }
    switch name {
    case "count": return .integer(Int64(values.count))
    case "count_distinct": return .integer(Int64(Set(values).count))
    case "min": return values.min { (compare($0, $1) ?? 0) < 0 } ?? .null
    case "max": return values.max { (compare($0, $1) ?? 0) < 0 } ?? .null
    default:
      guard !values.isEmpty else { return .null }
      let sum = values.reduce(JSONValue.integer(0)) { arithmetic("+", $0, number($1).map { $0 == $0.rounded() && abs($0) < 1e15 ? .integer(Int64($0)) : .double($0) } ?? .integer(0)) }
      if name == "sum" { return sum }
      return .double((number(sum) ?? 0) / Double(values.count))
    }
  }
}
