// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnHoneycomb
import Testing

/// What is said of datasets and columns: read, changed, written and read again.
@Suite struct DeclarationTests {
  private static func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: text) }

  private static func written(_ write: (inout JSONWriter) -> Void) throws -> JSONValue {
    var writer = JSONWriter()
    write(&writer)
    return try JSONValue(parsing: writer.finish())
  }

  @Test func aDatasetIsReadAgainAsItWasWritten() throws {
    let body = try Self.json(#"{"name": "My Shop", "description": "d", "expand_json_depth": 10, "settings": {"delete_protected": false}}"#)
    let dataset = try DatasetDeclaration(parsing: body, id: "1", nowUnixNanoseconds: 5 * second)
    #expect(dataset.dataset == "my-shop" && dataset.expandJSONDepth == 10 && !dataset.isDeleteProtected)
    #expect(try DatasetDeclaration(parsing: Self.written { dataset.write(to: &$0) }, id: "1", nowUnixNanoseconds: 5 * second) == dataset)
  }

  @Test func aChangeOfADatasetKeepsItsNameAndNothingElse() throws {
    var dataset = try DatasetDeclaration(
      parsing: Self.json(#"{"name": "n", "description": "d", "expand_json_depth": 3, "settings": {"delete_protected": false}}"#), id: "1", nowUnixNanoseconds: 0)
    try dataset.change(Self.json(#"{"name": "other", "slug": "n", "last_written_at": null}"#), nowUnixNanoseconds: second)
    #expect(dataset.name == "n" && dataset.description.isEmpty && dataset.expandJSONDepth == 0 && dataset.isDeleteProtected)
    #expect(dataset.createdUnixNanoseconds == 0 && dataset.updatedUnixNanoseconds == second)
  }

  @Test(arguments: ["{}", "[]", #"{"name": "---"}"#, #"{"name": "__ALL__"}"#, #"{"name": "a\u0000"}"#, #"{"name": "n", "expand_json_depth": -1}"#, #"{"name": "n", "settings": []}"#])
  func whatIsNoDatasetIsRefused(text: String) throws {
    let body = try Self.json(text)
    #expect(throws: HoneycombError.self) { try DatasetDeclaration(parsing: body, id: "1", nowUnixNanoseconds: 0) }
  }

  @Test func aColumnIsReadAgainAsItWasWrittenAndAChangeKeepsWhatItDoesNotName() throws {
    let body = try Self.json(#"{"key_name": "cart.items", "type": "float", "description": "d", "hidden": true, "alias": "", "last_written": "0001-01-01T00:00:00Z"}"#)
    var column = try ColumnDeclaration(parsing: body, id: "1", dataset: "shop", nowUnixNanoseconds: 5 * second)
    #expect(try ColumnDeclaration(parsing: Self.written { column.write(to: &$0) }, id: "1", dataset: "shop", nowUnixNanoseconds: 5 * second) == column)
    try column.change(Self.json(#"{"type": "boolean"}"#), nowUnixNanoseconds: 6 * second)
    #expect(column.type == .boolean && column.description == "d" && column.isHidden && column.name == "cart.items")
    let renaming = try Self.json(#"{"key_name": "other"}"#)
    #expect(throws: HoneycombError.self) { try column.change(renaming, nowUnixNanoseconds: 0) }
  }

  @Test(arguments: ["{}", "[]", #"{"key_name": ""}"#, #"{"key_name": "a", "type": "date"}"#, #"{"key_name": "a", "hidden": "yes"}"#, #"{"key_name": "a", "unknown": 1}"#])
  func whatIsNoColumnIsRefused(text: String) throws {
    let body = try Self.json(text)
    #expect(throws: HoneycombError.self) { try ColumnDeclaration(parsing: body, id: "1", dataset: "d", nowUnixNanoseconds: 0) }
  }
}
