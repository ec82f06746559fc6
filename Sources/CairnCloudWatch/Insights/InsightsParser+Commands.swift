// SPDX-License-Identifier: Apache-2.0
internal import CairnPatterns

extension InsightsParser {
  /// The commands of the language, for messages and completion.
  static let commandNames = [
    "accum", "addtotals", "anomaly", "dedup", "diff", "display", "fields", "filter", "filterIndex", "join", "limit", "lookup", "parse",
    "pattern", "sort", "stats", "unmask", "unnest",
  ]

  /// One command; a list, since `filter` may stand for several conditions.
  mutating func command() throws(InsightsError) -> [InsightsCommand] {
    guard case .name(let name, false) = token.kind else {
      throw error("expected a command and found \(token.shown)")
    }
    let start = token
    try advance()
    switch name.lowercased() {
    case "fields": return [.fields(try items())]
    case "display": return [.display(try items())]
    case "unmask": return [.fields(try items())]
    case "filter", "filterindex": return [.filter(try expression())]
    case "stats": return [try stats()]
    case "sort": return [try sort()]
    case "limit", "head": return [try limit()]
    case "parse": return [try parse()]
    case "dedup": return [.dedup(try expressions())]
    case "pattern": return [.pattern(try expression())]
    case "diff": return [.diff(try diff())]
    case "anomaly": return [.anomaly]
    case "unnest":
      let list = try expression()
      try expectWord("into")
      return [.unnest(list, into: try expectName("the name of the new field"))]
    case "accum": return [.accumulate(try item())]
    case "lookup": return [.lookup(try lookup())]
    case "join": return [.join(try join())]
    case "addtotals": return [.addTotals(try totals())]
    case "source": throw InsightsError("SOURCE stands at the start of a query", start.start, start.end)
    default: throw InsightsError("unknown command '\(name)'", start.start, start.end)
    }
  }

  private mutating func expressions() throws(InsightsError) -> [InsightsExpression] {
    var list: [InsightsExpression] = []
    repeat { list.append(try expression()) } while try takeMark(",")
    return list
  }

  private mutating func stats() throws(InsightsError) -> InsightsCommand {
    let start = token
    allowsAggregates = true
    let items = try self.items()
    allowsAggregates = false
    guard items.contains(where: { $0.expression.hasAggregate }) else {
      throw InsightsError("stats needs a statistic such as count(*)", start.start, lastEnd)
    }
    let groups = try takeWord("by") ? try self.items() : []
    return .stats(items, by: groups)
  }

  private mutating func sort() throws(InsightsError) -> InsightsCommand {
    var keys: [InsightsSortKey] = []
    repeat {
      let expression = try expression()
      let isDescending = try takeWord("desc")
      if !isDescending { _ = try takeWord("asc") }
      keys.append(InsightsSortKey(expression: expression, isDescending: isDescending))
    } while try takeMark(",")
    return .sort(keys)
  }

  private mutating func limit() throws(InsightsError) -> InsightsCommand {
    guard case .integer(let count) = token.kind, count > 0, count <= 100_000 else {
      throw error("limit takes a whole number from 1 to 100000 and found \(token.shown)")
    }
    try advance()
    return .limit(Int(count))
  }

  private mutating func diff() throws(InsightsError) -> InsightsDiff {
    guard case .name(let name, false) = token.kind else { return .previousPeriod }
    let period: InsightsTime.Period?
    switch name.lowercased() {
    case "previousday": period = InsightsTime.Period(1, "d")
    case "previousweek": period = InsightsTime.Period(1, "w")
    case "previousmonth": period = InsightsTime.Period(1, "mo")
    default: throw error("diff knows previousDay, previousWeek and previousMonth, not \(token.shown)")
    }
    try advance()
    return period.map { .earlier($0) } ?? .previousPeriod
  }

  // MARK: parse

  private mutating func parse() throws(InsightsError) -> InsightsCommand {
    var field = InsightsExpression.field("@message")
    if !isMark("/"), !startsGlob() { field = try primary() }
    if isMark("/") {
      let start = token.start
      let pattern = try self.pattern()
      var names = pattern.groupNames.compactMap(\.self)
      if try takeWord("as") {
        names = try self.names()
        guard names.count == pattern.groupCount else {
          throw InsightsError(
            "the regular expression has \(pattern.groupCount) groups for \(names.count) names", start, lastEnd)
        }
      } else if names.isEmpty || names.count != pattern.groupCount {
        throw InsightsError("parse needs a name for each group: (?<name>…), or 'as' with names", start, lastEnd)
      }
      return .parse(field, .pattern(pattern), names: names)
    }
    let start = token.start
    guard case .string(let glob) = token.kind else {
      throw error("parse needs a glob in quotation marks or a regular expression between '/', and found \(token.shown)")
    }
    try advance()
    try expectWord("as")
    let names = try self.names()
    let literals = glob.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
    guard literals.count - 1 == names.count else {
      throw InsightsError("the glob has \(literals.count - 1) '*' for \(names.count) names", start, lastEnd)
    }
    return .parse(field, .glob(literals), names: names)
  }

  /// Whether the string here is the glob itself and not the text to parse: then `as` follows it.
  private func startsGlob() -> Bool {
    guard case .string = token.kind else { return false }
    var ahead = self
    do throws(InsightsError) {
      try ahead.advance()
      return ahead.isWord("as")
    } catch {
      return false
    }
  }

  // MARK: Other rows

  private mutating func lookup() throws(InsightsError) -> InsightsLookup {
    var lookup = InsightsLookup(table: try nameOrString("the name of a lookup table"), keys: [], outputs: [])
    repeat {
      let column = try nameOrString("a column of the lookup table")
      let field = try takeWord("as") ? try expectName("a field") : column
      lookup.keys.append((column, field))
    } while try takeMark(",")
    guard isWord("output") || isWord("outputnew") else { throw error("expected OUTPUT and found \(token.shown)") }
    try advance()
    repeat {
      let column = try nameOrString("a column of the lookup table")
      let name = try takeWord("as") ? try expectName("a name") : column
      lookup.outputs.append((column, name))
    } while try takeMark(",")
    return lookup
  }

  private mutating func nameOrString(_ what: String) throws(InsightsError) -> String {
    if case .string(let text) = token.kind {
      try advance()
      return text
    }
    return try expectName(what)
  }

  private mutating func join() throws(InsightsError) -> InsightsJoin {
    var join = InsightsJoin(keepsUnmatched: false, leftName: "", rightName: "", keys: [], right: InsightsQuery())
    while !isWord("where") {
      let option = token
      let name = try expectName("type=, left=, right= or where")
      try expectMark("=")
      let value = try expectName("a word")
      switch name.lowercased() {
      case "type":
        guard ["inner", "left"].contains(value.lowercased()) else {
          throw InsightsError("join is of type inner or left, not '\(value)'", option.start, lastEnd)
        }
        join.keepsUnmatched = value.lowercased() == "left"
      case "left": join.leftName = value
      case "right": join.rightName = value
      default: throw InsightsError("join has no option '\(name)'", option.start, option.end)
      }
    }
    guard !join.leftName.isEmpty, !join.rightName.isEmpty, join.leftName != join.rightName else {
      throw error("join needs left= and right= with two different names")
    }
    try expectWord("where")
    repeat { join.keys.append(try joinKey(join)) } while try take("and", orMark: "&&")
    try expectMark("(")
    try deeper()
    join.right = try innerQuery()
    depth -= 1
    try expectMark(")")
    return join
  }

  private mutating func joinKey(_ join: InsightsJoin) throws(InsightsError) -> (left: String, right: String) {
    let start = token.start
    let first = try expectName("a field of \(join.leftName) or \(join.rightName)")
    if try !takeMark("==") { try expectMark("=") }
    let second = try expectName("a field of \(join.leftName) or \(join.rightName)")
    func field(_ name: String, of side: String) -> String? {
      name.hasPrefix(side + ".") ? String(name.dropFirst(side.count + 1)) : nil
    }
    if let left = field(first, of: join.leftName), let right = field(second, of: join.rightName) { return (left, right) }
    if let left = field(second, of: join.leftName), let right = field(first, of: join.rightName) { return (left, right) }
    throw InsightsError("join compares a field of '\(join.leftName)' with one of '\(join.rightName)'", start, lastEnd)
  }

  // MARK: addtotals

  private mutating func totals() throws(InsightsError) -> InsightsTotals {
    var totals = InsightsTotals()
    while case .name(let name, _) = token.kind {
      let start = token
      try advance()
      guard isMark("=") else {
        totals.fields.append(name)
        if try !takeMark(",") { break }
        continue
      }
      try advance()
      let value = try nameOrString("a value")
      switch (name.lowercased(), value.lowercased()) {
      case ("fieldname", _): totals.fieldName = value
      case ("row", "true"), ("row", "false"): totals.addsColumn = value.lowercased() == "true"
      case ("col", "true"), ("col", "false"): totals.addsRow = value.lowercased() == "true"
      default: throw InsightsError("addtotals has fieldname=, row=true|false and col=true|false", start.start, lastEnd)
      }
    }
    return totals
  }
}
