// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import CairnPatterns

/// One row on its way through a query: a value for each slot that the query's names were given.
typealias InsightsRow = [InsightsValue]

/// What expressions need beside their row.
struct InsightsContext: Sendable {
  var nowMilliseconds: Int64
  /// The length of a row.
  var slotCount = 0
  /// The first columns of the inner queries of `in (…)`, by their index; texts, since equal values look the same.
  var sets: [Int: Set<String>] = [:]
  /// The rows of the other side of each `join`.
  var joined: [Int: [InsightsRow]] = [:]
  var tables: [String: InsightsTable] = [:]
}

/// An expression whose names are slots of a row; evaluating one cannot fail.
indirect enum InsightsFormula: Sendable {
  case slot(Int)
  /// A part of the list or map in a slot.
  case part(Int, [String])
  case literal(InsightsValue)
  case negate(InsightsFormula)
  case not(InsightsFormula)
  case all([InsightsFormula])
  case any([InsightsFormula])
  case compare(InsightsComparison, InsightsFormula, InsightsFormula)
  case arithmetic(InsightsArithmetic, InsightsFormula, InsightsFormula)
  case contains(InsightsFormula, [UInt8])
  case matches(InsightsFormula, Pattern)
  case oneOf(InsightsFormula, [InsightsFormula])
  case inSet(InsightsFormula, Int)
  case call(InsightsFunction, [InsightsFormula])
  case floor(InsightsFormula, InsightsTime.Period)
  case ceiling(InsightsFormula, InsightsTime.Period)

  func value(_ row: InsightsRow, _ context: InsightsContext) -> InsightsValue {
    switch self {
    case .slot(let slot): return row[slot]
    case .part(let slot, let path): return Self.part(row[slot], path)
    case .literal(let value): return value
    case .negate(let inner):
      let value = inner.value(row, context)
      if case .integer(let number) = value, number != .min { return .integer(-number) }
      return value.number.map { .number(-$0) } ?? .absent
    case .call(let function, let arguments):
      return function.apply(arguments.map { $0.value(row, context) }, nowMilliseconds: context.nowMilliseconds)
    case .arithmetic(let operation, let left, let right):
      return operation.apply(left.value(row, context), right.value(row, context))
    case .floor(let inner, let period):
      return Self.instant(inner.value(row, context)).map { .time(period.floor($0)) } ?? .absent
    case .ceiling(let inner, let period):
      return Self.instant(inner.value(row, context)).map { .time(period.ceiling($0)) } ?? .absent
    case .not, .all, .any, .compare, .contains, .matches, .oneOf, .inSet: return .boolean(holds(row, context))
    }
  }

  /// The expression as a condition.
  func holds(_ row: InsightsRow, _ context: InsightsContext) -> Bool {
    switch self {
    case .not(let inner): return !inner.holds(row, context)
    case .all(let parts): return parts.allSatisfy { $0.holds(row, context) }
    case .any(let parts): return parts.contains { $0.holds(row, context) }
    case .compare(let comparison, let left, let right):
      return comparison.holds(left.value(row, context), right.value(row, context))
    case .contains(let inner, let wanted):
      guard let text = inner.value(row, context).text else { return false }
      return InsightsText.firstIndex(of: wanted, in: Array(text.utf8), from: 0) != nil
    case .matches(let inner, let pattern): return inner.value(row, context).text.map { pattern.matches($0) } ?? false
    case .oneOf(let inner, let list):
      let value = inner.value(row, context)
      return list.contains { InsightsValue.areEqual(value, $0.value(row, context)) }
    case .inSet(let inner, let index):
      guard let text = inner.value(row, context).text else { return false }
      return context.sets[index]?.contains(text) ?? false
    case .slot, .part, .literal, .negate, .arithmetic, .call, .floor, .ceiling: return value(row, context).isTrue
    }
  }

  private static func instant(_ value: InsightsValue) -> Int64? {
    if case .time(let milliseconds) = value { return milliseconds }
    return value.number.flatMap { Int64(exactly: $0.rounded(.down)) }
  }

  /// Follows names of members and indices of elements; a name that itself holds dots is found too.
  static func part(_ value: InsightsValue, _ path: [String]) -> InsightsValue {
    guard case .json(let json) = value else { return .absent }
    return part(json, path[...]).map { InsightsValue($0) } ?? .absent
  }

  static func part(_ json: JSONValue, _ path: ArraySlice<String>) -> JSONValue? {
    guard let first = path.first else { return json }
    switch json {
    case .array(let items):
      guard let index = Int(first), items.indices.contains(index) else { return nil }
      return part(items[index], path.dropFirst())
    case .object:
      var end = path.startIndex + 1
      while end <= path.endIndex {
        if let member = json[path[path.startIndex..<end].joined(separator: ".")], let found = part(member, path[end...]) { return found }
        end += 1
      }
      return nil
    default: return nil
    }
  }
}
