// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import CairnHoneycomb
import CairnPlan
import NIOCore

/// Where and when a question of Cairn's own API looks, as its URL says it.
struct Question: Sendable {
  let query: QueryString
  let environment: String
  let nowUnixNanoseconds: Int64

  init(_ exchange: Exchange, nowUnixNanoseconds: Int64) {
    query = QueryString(exchange.request.query)
    environment = exchange.environment
    self.nowUnixNanoseconds = nowUnixNanoseconds
  }

  /// The datasets that `dataset` names; all of them where it names none.
  var datasets: DatasetScope { datasetScope(query["dataset"] ?? allDatasets) }

  /// The range between `start` and `end` (Unix seconds), or `range` seconds up to now, or 7200.
  func time() throws(Refusal) -> TimeRange {
    let start = try instant("start")
    let end = try instant("end") ?? nowUnixNanoseconds
    if let start {
      guard start <= end else { throw Refusal(.invalid, "start must not be after end", field: "start") }
      return TimeRange(startUnixNanoseconds: start, endUnixNanoseconds: end)
    }
    let length = try positive("range") ?? 7200
    return TimeRange(startUnixNanoseconds: end - Int64(min(length, 9e9) * 1e9), endUnixNanoseconds: end)
  }

  /// Where it looks, with the columns that `calculated_fields`, a JSON array, makes for it.
  func scope() throws(Refusal) -> Scope {
    Scope(environment: environment, datasets: datasets, time: try time(), formulaColumns: try formulaColumns())
  }

  private func formulaColumns() throws(Refusal) -> [FormulaColumn] {
    guard let text = query["calculated_fields"] else { return [] }
    let json: JSONValue
    do throws(DecodeError) { json = try JSONValue(parsing: text) } catch {
      throw Refusal(.malformed, error.message, field: "calculated_fields")
    }
    do throws(HoneycombError) {
      let query = try HoneycombQuery(.object([JSONMember("calculated_fields", json)]), rules: .cairn)
      return query.calculatedFields.map { FormulaColumn(name: $0.name, formula: $0.formula) }
    } catch { throw Refusal(error) }
  }

  /// The filters in `filters`, a JSON array.
  func filter() throws(Refusal) -> Filter {
    guard let text = query["filters"] else { return .everything }
    let json: JSONValue
    do throws(DecodeError) { json = try JSONValue(parsing: text) } catch {
      throw Refusal(.malformed, error.message, field: "filters")
    }
    do { return try HoneycombFilter.list(json) } catch { throw Refusal(error) }
  }

  /// A number of a name, or nil where it is absent.
  func number(_ name: String) throws(Refusal) -> Double? {
    guard let text = query[name] else { return nil }
    guard let value = Double(text), value.isFinite else { throw Refusal(.invalid, "\(name) must be a number", field: name) }
    return value
  }

  /// The count in `limit`, between 1 and `most`.
  func limit(_ otherwise: Int, most: Int) throws(Refusal) -> Int { try count("limit", otherwise: otherwise, 1...most) }

  /// A whole number of a name.
  func count(_ name: String, otherwise: Int, _ allowed: ClosedRange<Int>) throws(Refusal) -> Int {
    guard let text = query[name] else { return otherwise }
    guard let value = Int(text), allowed.contains(value) else {
      throw Refusal(.invalid, "\(name) must be between \(allowed.lowerBound) and \(allowed.upperBound)", field: name)
    }
    return value
  }

  private func instant(_ name: String) throws(Refusal) -> Int64? {
    guard let value = try positive(name) else { return nil }
    guard value < 9e9 else { throw Refusal(.invalid, "\(name) must be Unix seconds", field: name) }
    let whole = value.rounded(.down)
    return Int64(whole) * 1_000_000_000 + Int64(((value - whole) * 1e9).rounded())
  }

  private func positive(_ name: String) throws(Refusal) -> Double? {
    guard let value = try number(name) else { return nil }
    guard value > 0 else { throw Refusal(.invalid, "\(name) must be more than 0", field: name) }
    return value
  }
}

/// The name that stands for every dataset of an environment.
let allDatasets = "__all__"

/// The datasets that a name means.
func datasetScope(_ name: String) -> DatasetScope { name == allDatasets ? .all : .named([name]) }

extension Exchange {
  /// The body as a JSON object of these members. Another is refused: a question that is misspelt is not answered as if it were another.
  func json(known: Set<String>) throws(Refusal) -> JSONValue {
    let body = try json()
    guard let members = body.members else { throw Refusal(.invalid, "The body must be a JSON object.") }
    for member in members where !known.contains(member.name) {
      throw Refusal(
        .invalid, "'\(member.name.prefix(100))' is not known here; \(known.sorted().joined(separator: ", ")) are.", field: String(member.name.prefix(100)))
    }
    return body
  }

  /// The body as a JSON object.
  func json() throws(Refusal) -> JSONValue {
    let body = request.body
    guard body.readableBytes > 0 else { throw Refusal(.malformed, "The body is empty; a JSON object is needed.") }
    do throws(DecodeError) {
      return try JSONValue(parsing: body.readableBytesSpan)
    } catch {
      throw Refusal(.malformed, error.message)
    }
  }
}
