// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import FoundationEssentials
import Testing

@testable import CairnIssues

/// A recorded table of Tests/Fixtures/issues.
func issueFixture(_ name: String) throws -> JSONValue {
  var folder = #filePath.split(separator: "/", omittingEmptySubsequences: false)
  folder.removeLast(2)
  let path = folder.joined(separator: "/") + "/Fixtures/issues/" + name
  let text = try String(contentsOfFile: path, encoding: .utf8)
  return try JSONValue(parsing: text)
}

/// Files, functions and messages against the values that the reference gave for them.
@Suite struct NormalisationTests {
  @Test func filesAreNormalisedAsTheReferenceDoes() throws {
    for row in try #require(try issueFixture("normalisation.json")["files"]?.array) {
      let cells = row.array ?? []
      let file = cells[0].string ?? ""
      let (name, isUnderRoot) = normalizedFile(Array(file.utf8), root: Array((cells[1].string ?? "").utf8))
      #expect(name.text == cells[2].string, "\(file) in \(cells[1])")
      #expect(isUnderRoot == cells[3].boolean, "\(file) in \(cells[1])")
    }
  }

  @Test func functionsAreNormalisedAsTheReferenceDoes() throws {
    for row in try #require(try issueFixture("normalisation.json")["functions"]?.array) {
      let cells = (row.array ?? []).map { $0.string ?? "" }
      #expect(normalizedFunction(Array(cells[0].utf8)).text == cells[1], "\(cells[0])")
    }
  }

  @Test func messagesAreNormalisedAsTheReferenceDoes() throws {
    for row in try #require(try issueFixture("normalisation.json")["messages"]?.array) {
      let cells = (row.array ?? []).map { $0.string ?? "" }
      #expect(messageSkeleton(Array(cells[0].utf8)).text == cells[1], "\(cells[0])")
    }
  }

  @Test func argumentsAreTakenOutFirst() throws {
    for row in try #require(try issueFixture("normalisation.json")["arguments"]?.array) {
      let cells = row.array ?? []
      let arguments = (cells[1].array ?? []).map { Array(($0.string ?? "").utf8) }
      #expect(messageSkeleton(Array((cells[0].string ?? "").utf8), arguments: arguments).text == cells[2].string)
    }
  }
}
