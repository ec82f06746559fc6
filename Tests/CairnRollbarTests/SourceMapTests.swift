// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import Testing

@testable import CairnRollbar

@Suite struct SourceMapTests {
  /// Two lines; of the first, columns 0 and 10 are mapped, column 20 is not, of the second column 4 is.
  private static let json = #"{"version":3,"sources":["a.js","b.js"],"names":["one","two"],"sourceRoot":"src","sourcesContent":["x\ny\nz",null],"mappings":"AAAAA,UCCKC,U;IDAC"}"#

  @Test func findsThePlaceAtOrBefore() throws {
    let map = try SourceMap(try JSONValue(parsing: Self.json))
    let first = try #require(map.position(line: 1, column: 1))
    #expect((first.source, first.line, first.column, first.name) == ("src/a.js", 1, 1, "one"))
    #expect(map.position(line: 1, column: 10)?.name == "one")
    let second = try #require(map.position(line: 1, column: 11))
    #expect((second.source, second.line, second.column, second.name) == ("src/b.js", 2, 6, "two"))
    #expect(map.position(line: 1, column: 25) == nil)
    #expect(map.position(line: 2, column: 4) == nil)
    #expect(map.position(line: 2, column: 5)?.source == "src/a.js")
    #expect(map.position(line: 0, column: 1) == nil && map.position(line: 3, column: 1) == nil && map.position(line: 1, column: 0) == nil)
    #expect(map.context(first)?.line == "x" && map.context(first)?.behind == ["y", "z"])
    #expect(map.context(second) == nil)
  }

  @Test func sectionsAreLaidInTheirPlaces() throws {
    let part = #"{"version":3,"sources":["a.js"],"names":[],"mappings":"AAAA"}"#
    let map = try SourceMap(try JSONValue(parsing: #"{"version":3,"sections":[{"offset":{"line":0,"column":5},"map":\#(part)},{"offset":{"line":2,"column":0},"map":\#(part)}]}"#))
    #expect(map.position(line: 1, column: 5) == nil && map.position(line: 1, column: 6)?.line == 1)
    #expect(map.position(line: 2, column: 1) == nil && map.position(line: 3, column: 1)?.line == 1)
  }

  @Test(arguments: [
    "[]", "{}", #"{"version":3,"sources":[],"mappings":"AAAA"}"#, #"{"version":3,"sources":["a"],"mappings":"A"}"#, #"{"version":3,"sources":["a"],"mappings":"AAAAA"}"#,
    #"{"version":3,"sources":["a"],"mappings":"AAAD"}"#, #"{"version":3,"sources":["a"],"mappings":"//////////A"}"#, #"{"version":3,"sources":["a"],"mappings":"é"}"#,
    #"{"version":3,"sections":[{"map":{}}]}"#, #"{"version":3,"sections":[{"offset":{"line":-1,"column":0},"map":{}}]}"#,
  ])
  func refusesWhatIsNone(text: String) throws {
    let json = try JSONValue(parsing: text)
    if text.hasSuffix(#""mappings":"A"}"#) {
      // A segment without a source is one; it leads nowhere.
      #expect(try SourceMap(json).position(line: 1, column: 1) == nil)
    } else {
      #expect(throws: SourceMap.Fault.self) { try SourceMap(json) }
    }
  }

  @Test func functionsAreNamedByTheirCallers() throws {
    let map = try SourceMap(try JSONValue(parsing: Self.json))
    let data = try JSONValue(
      parsing: #"{"code_version":"1","body":{"trace":{"frames":[{"filename":"m.js","lineno":1,"colno":1,"method":"a"},{"filename":"m.js","lineno":"1","colno":11,"method":"b"},{"filename":"x.js","lineno":1,"colno":1}]}}}"#)
    let mapped = try #require(SourceMapped.applied(to: data) { $0 == "m.js" ? map : nil })
    let frames = try #require(mapped["body"]?["trace"]?["frames"]?.array)
    #expect(frames.map { $0["method"]?.string } == ["<anonymous>", "one", nil])
    #expect(frames[1]["minified"]?["lineno"]?.string == "1" && frames[0]["code"]?.string == "x")
    #expect(SourceMapped.applied(to: mapped) { _ in map } != nil, "the third frame is not mapped yet")
    #expect(SourceMapped.applied(to: data) { _ in nil } == nil)
    #expect(SourceMapped.version(of: data) == "1")
  }
}
