// SPDX-License-Identifier: Apache-2.0
public import CairnFormats
public import CairnPlan

/// A derived column (a calculated field) of a dataset, or of the whole environment: a name and a formula.
///
/// ```json
/// {"id": "1c9e04f2", "alias": "cart_ok", "expression": "IF(EQUALS($name, \"GET /cart\"), LT($duration_ms, 500))", "description": "…"}
/// ```
/// Source: the `DerivedColumn` schema of Honeycomb's OpenAPI document.
public struct HoneycombDerivedColumn: Sendable, Hashable {
  public var id: String
  /// A dataset's slug, or `__all__`.
  public var dataset: String
  public internal(set) var alias = ""
  public internal(set) var expression = ""
  public internal(set) var description = ""
  /// The expression, read.
  public internal(set) var formula = Formula.constant(nil)
  public var createdUnixNanoseconds: Int64
  public var updatedUnixNanoseconds: Int64

  /// Reads what a client sends.
  public init(parsing json: JSONValue, id: String, dataset: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    self.id = id
    self.dataset = dataset
    (createdUnixNanoseconds, updatedUnixNanoseconds) = (nowUnixNanoseconds, nowUnixNanoseconds)
    try change(json, nowUnixNanoseconds: nowUnixNanoseconds)
  }

  /// The column with what a client sends in its place; what it does not name stays.
  public mutating func change(_ json: JSONValue, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    var findings = Findings()
    guard findings.isObject(json, "", known: ["id", "alias", "expression", "description", "created_at", "updated_at"]) else { return try findings.settle() }
    if let text = findings.text(json["alias"], "alias") { alias = text }
    if !(1...255).contains(alias.count) { findings.add("alias", alias.isEmpty ? .missing : .invalid, "must have 1 to 255 characters") }
    if let text = findings.text(json["description"], "description") { description = text }
    if description.count > 255 { findings.add("description", .invalid, "may have at most 255 characters") }
    if let text = findings.text(json["expression"], "expression") {
      expression = text
      if let read = Self.formula(text, "expression", &findings) { formula = read }
    }
    if expression.isEmpty { findings.add("expression", .missing, "a derived column needs an expression") }
    updatedUnixNanoseconds = nowUnixNanoseconds
    try findings.settle()
  }

  /// The formula that a text means; what is wrong with it is noted.
  static func formula(_ text: String, _ field: String, _ findings: inout Findings) -> Formula? {
    do throws(FormulaError) {
      return try FormulaParser.parse(text)
    } catch {
      if !text.isEmpty { findings.add(field, .invalid, "the expression cannot be read: \(error.text)") }
      return nil
    }
  }

  /// Writes the column as one object.
  public func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("alias", alias)
    writer.member("expression", expression)
    writer.member("description", description)
    writer.member("created_at", RFC3339.text(unixNanoseconds: createdUnixNanoseconds))
    writer.member("updated_at", RFC3339.text(unixNanoseconds: updatedUnixNanoseconds))
    writer.endObject()
  }
}
