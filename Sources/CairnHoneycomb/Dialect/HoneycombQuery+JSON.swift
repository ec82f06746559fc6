// SPDX-License-Identifier: Apache-2.0
public import CairnFormats
internal import CairnPlan

extension HoneycombQuery {
  /// The query as Honeycomb gives it back: defaults filled in, AND and a granularity that was left open not named.
  public func body(id: String) -> [UInt8] {
    var writer = JSONWriter()
    write(to: &writer, id: id)
    return writer.finish()
  }

  /// Writes the query as one object; `limit` overrides the query's own.
  public func write(to writer: inout JSONWriter, id: String? = nil, limit: Int? = nil) {
    writer.beginObject()
    if let id { writer.member("id", id) }
    if !breakdowns.isEmpty { writer.member("breakdowns", breakdowns) }
    list("calculations", calculations, &writer) { (calculation, writer) in write(calculation, &writer) }
    write(filters, filterCombination, &writer)
    for (name, formulas) in [("formulas", formulas), ("calculated_fields", calculatedFields)] {
      list(name, formulas, &writer) { (formula, writer) in
        writer.member("name", formula.name)
        writer.member("expression", formula.expression)
      }
    }
    list("orders", Array(zip(orders, orderSpellings)), &writer) { (order, writer) in
      Self.write(order.1, opName: "op", &writer)
      // Ascending is what is meant where nothing is said; Honeycomb says nothing then.
      if order.0.direction == .descending { writer.member("order", "descending") }
    }
    list("havings", Array(zip(havings, havingSpellings)), &writer) { (having, writer) in
      Self.write(having.1, opName: "calculate_op", &writer)
      writer.member("op", HoneycombTrigger.name(of: having.0.comparison))
      writer.key("value")
      if let whole = Int64(exactly: having.0.value) { writer.integer(whole) } else { writer.double(having.0.value) }
    }
    writer.member("limit", limit ?? self.limit)
    writeTime(&writer)
    if weighting == .asKept { writer.member("usage_mode", true) }
    writer.endObject()
  }

  private func list<Item>(
    _ name: String, _ items: [Item], _ writer: inout JSONWriter, _ body: (Item, inout JSONWriter) -> Void
  ) {
    if !items.isEmpty { writer.objects(name, items, body) }
  }

  private func write(_ calculation: Calculation, _ writer: inout JSONWriter) {
    writer.member("op", calculation.operation.name)
    if let column = calculation.column { writer.member("column", column) }
    guard let name = calculation.label else { return }
    writer.member("name", name)
    if let own = ownFilters[name] { write(own.filters, own.combination, &writer) }
  }

  private func write(_ filters: [HoneycombFilter], _ combination: HoneycombFilterCombination, _ writer: inout JSONWriter) {
    list("filters", filters, &writer) { (filter, writer) in
      writer.member("op", filter.operation.rawValue)
      writer.member("column", filter.column)
      if let value = filter.value { writer.member("value", value) }
    }
    if combination == .or { writer.member("filter_combination", combination.rawValue) }
  }

  private static func write(_ spelling: Spelling, opName: String, _ writer: inout JSONWriter) {
    if let operation = spelling.operation { writer.member(opName, operation) }
    if let column = spelling.column { writer.member("column", column) }
  }

  private func writeTime(_ writer: inout JSONWriter) {
    let hasBothEnds = time.startUnixNanoseconds != nil && time.endUnixNanoseconds != nil
    let range = hasBothEnds ? nil : time.rangeNanoseconds ?? HoneycombTime.rangeNanosecondsDefault
    let members = [
      ("time_range", range), ("start_time", time.startUnixNanoseconds), ("end_time", time.endUnixNanoseconds),
      ("granularity", granularityNanoseconds), ("compare_time_offset_seconds", compareOffsetNanoseconds),
    ]
    for (name, nanoseconds) in members {
      guard let nanoseconds else { continue }
      let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: HoneycombTime.nanosecondsPerSecond)
      // Added up rather than divided, so that it is rounded once and reads back as the same nanoseconds.
      if rest == 0 { writer.member(name, seconds) } else { writer.member(name, Double(seconds) + Double(rest) / 1e9) }
    }
  }
}
