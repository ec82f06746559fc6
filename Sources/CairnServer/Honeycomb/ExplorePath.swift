// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnHoneycomb
import CairnPlan

extension HoneycombQuery {
  /// Where the page Explore shows this query over this time: `/ui/explore?ds=shop&c=COUNT&by=http.route&t=1795392000..1795399200`.
  func explorePath(dataset: String, _ time: TimeRange) -> String {
    let second: Int64 = 1_000_000_000
    var parts: [(String, String)] = dataset == allDatasets ? [] : [("ds", dataset)]
    parts += calculations.map { ("c", text($0)) } + formulas.map { ("fm", Self.text([.string($0.name), .string($0.expression)])) }
    parts += breakdowns.map { ("by", $0) }
    parts += filters.map { ("f", Self.text(Self.items($0))) }
    if filterCombination == .or { parts.append(("any", "1")) }
    parts += orders.map { ("o", ($0.direction == .descending ? "-" : "") + $0.term.name) }
    parts += havings.map { (having) in
      ("h", Self.text([.string(having.term.name), .string(HoneycombTrigger.name(of: having.comparison)), .double(having.value)]))
    }
    if limit != Self.exploreLimit { parts.append(("lim", String(limit))) }
    if let compareOffsetNanoseconds { parts.append(("cmp", String(compareOffsetNanoseconds / second))) }
    if let granularityNanoseconds { parts.append(("g", String(granularityNanoseconds / second))) }
    parts += calculatedFields.map { ("cf", Self.text([.string($0.name), .string($0.expression)])) }
    // Rounded up, without a sum: the end may be the last instant that there is.
    let (end, rest) = time.endUnixNanoseconds.quotientAndRemainder(dividingBy: second)
    parts.append(("t", "\(time.startUnixNanoseconds / second)..\(rest > 0 ? end + 1 : end)"))
    return "/ui/explore?" + parts.map { "\($0.0)=\(percentEncoded($0.1))" }.joined(separator: "&")
  }

  /// The most groups that the page shows where its URL does not say.
  private static let exploreLimit = 100

  /// `COUNT`, or one with a name of its own as `["failed","COUNT",[["error","exists"]],"any"]`.
  private func text(_ calculation: Calculation) -> String {
    guard let label = calculation.label else { return calculation.name }
    let plain = Calculation(calculation.operation, column: calculation.column)
    var items: [JSONValue] = [.string(label), .string(plain.name)]
    if let own = ownFilters[label] {
      items.append(.array(own.filters.map { .array(Self.items($0)) }))
      if own.combination == .or { items.append(.string("any")) }
    }
    return Self.text(items)
  }

  private static func items(_ filter: HoneycombFilter) -> [JSONValue] {
    [.string(filter.column), .string(filter.operation.rawValue)] + (filter.value.map { [$0] } ?? [])
  }

  private static func text(_ items: [JSONValue]) -> String { String(decoding: JSONValue.array(items).bytes, as: UTF8.self) }
}
