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
    list("calculations", calculations, &writer) { (calculation, writer) in Self.write(calculation, opName: "op", &writer) }
    list("filters", filters, &writer) { (filter, writer) in
      writer.member("op", filter.operation.rawValue)
      writer.member("column", filter.column)
      if let value = filter.value { writer.member("value", value) }
    }
    if filterCombination == .or { writer.member("filter_combination", filterCombination.rawValue) }
    list("calculated_fields", calculatedFields, &writer) { (field, writer) in
      writer.member("name", field.name)
      writer.member("expression", field.expression)
    }
    list("orders", orders, &writer) { (order, writer) in Self.write(order, &writer) }
    list("havings", havings, &writer) { (having, writer) in Self.write(having, &writer) }
    writer.member("limit", limit ?? self.limit)
    writeTime(&writer)
    writer.endObject()
  }

  private func list<Item>(
    _ name: String, _ items: [Item], _ writer: inout JSONWriter, _ body: (Item, inout JSONWriter) -> Void
  ) {
    if !items.isEmpty { writer.objects(name, items, body) }
  }

  private static func write(_ calculation: Calculation, opName: String, _ writer: inout JSONWriter) {
    writer.member(opName, calculation.operation.name)
    if let column = calculation.column { writer.member("column", column) }
  }

  private static func write(_ order: Order, _ writer: inout JSONWriter) {
    switch order.term {
    case .breakdown(let column): writer.member("column", column)
    case .calculation(let calculation): write(calculation, opName: "op", &writer)
    }
    // Ascending is what is meant where nothing is said; Honeycomb says nothing then.
    if order.direction == .descending { writer.member("order", "descending") }
  }

  private static func write(_ having: Having, _ writer: inout JSONWriter) {
    write(having.calculation, opName: "calculate_op", &writer)
    writer.member("op", comparisons.first { $0.comparison == having.comparison }?.name ?? "=")
    writer.key("value")
    if let whole = Int64(exactly: having.value) { writer.integer(whole) } else { writer.double(having.value) }
  }

  private func writeTime(_ writer: inout JSONWriter) {
    let hasBothEnds = time.startUnixNanoseconds != nil && time.endUnixNanoseconds != nil
    let range = hasBothEnds ? nil : time.rangeNanoseconds ?? HoneycombTime.rangeNanosecondsDefault
    let members = [
      ("time_range", range), ("start_time", time.startUnixNanoseconds), ("end_time", time.endUnixNanoseconds),
      ("granularity", granularityNanoseconds),
    ]
    for (name, nanoseconds) in members {
      guard let nanoseconds else { continue }
      let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: HoneycombTime.nanosecondsPerSecond)
      // Added up rather than divided, so that it is rounded once and reads back as the same nanoseconds.
      if rest == 0 { writer.member(name, seconds) } else { writer.member(name, Double(seconds) + Double(rest) / 1e9) }
    }
  }
}
