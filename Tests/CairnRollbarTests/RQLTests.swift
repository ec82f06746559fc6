// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import TestSupport
import Testing

@testable import CairnRollbar

@Suite struct RQLTests {
  private static let rows: [@Sendable (String) -> JSONValue] = [
    ["level": .string("error"), "n": .integer(3), "timestamp": .integer(100), "title": .string("Lost: gone")],
    ["level": .string("error"), "n": .integer(5), "timestamp": .integer(160), "title": .string("Lost: gone again")],
    ["level": .string("warning"), "n": .integer(1), "timestamp": .integer(200), "title": .string("Slow")],
    ["level": .string("warning"), "timestamp": .integer(220), "title": .string("Slow")],
  ].map { (values: [String: JSONValue]) -> (@Sendable (String) -> JSONValue) in { values[$0] ?? .null } }

  private func run(_ text: String) throws -> [[String]] {
    let statement = try RQLParser.parse(text)
    let result = try statement.run(over: Self.rows, starColumns: ["level", "n"], nowUnixSeconds: 1_000)
    return result.rows.map { $0.map { String(decoding: $0.bytes, as: UTF8.self) } }
  }

  @Test(arguments: [
    ("SELECT count(*) FROM item_occurrence", [["4"]]),
    ("select level, count(*) c from item_occurrence group by level", nil),
    ("select level, count(*), sum(n), min(n), max(n), avg(n) from item_occurrence group by 1 order by 2 desc, 1", [[#""error""#, "2", "8", "3", "5", "4.0"], [#""warning""#, "2", "1", "1", "1", "1.0"]]),
    ("SELECT n FROM item_occurrence WHERE n IS NOT NULL ORDER BY n DESC LIMIT 1, 1", [["3"]]),
    ("SELECT n + 1, n * 2 - 1, 7 DIV 2, 7 MOD 4, 7 / 2, -n FROM item_occurrence WHERE n = 3", [["4", "5", "3", "3", "3.5", "-3"]]),
    ("SELECT concat(level, '-', n), upper(level), left(level, 2), right(level, 2), substring(level, 2, 3), locate('o', level), length(level) FROM item_occurrence LIMIT 1", [[#""error-3""#, #""ERROR""#, #""er""#, #""or""#, #""rro""#, "4", "5"]]),
    ("SELECT n FROM item_occurrence WHERE title LIKE 'lost%' AND NOT n IN (5, 6)", [["3"]]),
    ("SELECT n FROM item_occurrence WHERE timestamp BETWEEN 150 AND unix_timestamp() AND n > 2", [["5"]]),
    ("SELECT count_distinct(level), count(n) FROM item_occurrence WHERE `title` != 'x'", [["2", "3"]]),
    ("SELECT * FROM item_occurrence WHERE n = 1 OR n = 3 ORDER BY n", [[#""warning""#, "1"], [#""error""#, "3"]]),
    ("SELECT left(title, 'nan'), 'nan' + 1, left(title, 1e300) FROM item_occurrence WHERE n = 1", [[#""""#, "null", #""Slow""#]]),
    ("SELECT locate('gone a', title), locate('gg', title), locate('e', title, 10), locate('', title, 3), locate('aab', 'aaab') FROM item_occurrence WHERE n = 5", [["7", "0", "10", "3", "2"]]),
    ("SELECT n FROM item_occurrence WHERE n < 'x' AND missing.path IS NULL AND n IS NULL", []),
    ("SELECT concat_ws(',', level, missing, n) FROM item_occurrence WHERE level NOT LIKE '%r_or' AND n = 1", [[#""warning,1""#]]),
  ] as [(String, [[String]]?)])
  func answers(query: String, expected: [[String]]?) throws {
    guard let expected else {
      #expect(throws: RQLError.self) { try run(query) }
      return
    }
    #expect(try run(query) == expected)
  }

  @Test(arguments: [
    "", "SELECT", "SELECT a", "SELECT a FROM users", "SELECT DISTINCT a FROM deploy", "SELECT * FROM deploy GROUP BY a",
    "SELECT lower(a) FROM deploy GROUP BY lower(a)", "SELECT a FROM deploy WHERE count(*) > 1", "SELECT f(a) FROM deploy",
    "SELECT a FROM deploy LIMIT x", "SELECT 'a FROM deploy", "SELECT a FROM deploy HAVING a", "SELECT a FROM deploy; DROP", "SELECT left(a) FROM deploy",
  ])
  func refuses(query: String) { #expect(throws: RQLError.self) { try RQLParser.parse(query) } }

  @Test func findsTheTimeThatIsAskedFor() throws {
    let statement = try RQLParser.parse("SELECT a FROM item_occurrence WHERE timestamp > unix_timestamp() - 60 * 60 AND (a = 1 OR timestamp < 5) AND timestamp <= 9000")
    let bounds = statement.timeBounds(nowUnixSeconds: 10_000)
    #expect(bounds.start == 6_400)
    #expect(bounds.end == 9_000)
  }

  @Test func mutantsNeverTrap() {
    var generator = SeededGenerator(seed: 7)
    let seeds = ["SELECT level, count(*) FROM item_occurrence WHERE n IN (1,2) GROUP BY 1 ORDER BY 2 DESC LIMIT 5", "SELECT ((((1))))+-`a b`.c.0 FROM deploy WHERE a LIKE '%x_' AND NOT b BETWEEN 1 AND 2"]
    for _ in 0..<5_000 {
      let text = String(decoding: mutated(Array(seeds[generator.below(2)].utf8), using: &generator), as: UTF8.self)
      guard let statement = try? RQLParser.parse(text) else { continue }
      _ = try? statement.run(over: Self.rows, starColumns: ["level"], nowUnixSeconds: 1)
    }
    #expect(throws: RQLError.self) { try RQLParser.parse("SELECT " + String(repeating: "(", count: 5_000) + " FROM deploy") }
  }

  // MARK: What a statement may cost

  private func failure(_ query: String, over rows: [@Sendable (String) -> JSONValue], isOver: @escaping () -> Bool = { false }) throws -> String? {
    let statement = try RQLParser.parse(query)
    do throws(RQLError) { _ = try statement.run(over: rows, starColumns: [], nowUnixSeconds: 1, isOver: isOver) } catch { return error.reason }
    return nil
  }

  private static let long = String(repeating: "ab", count: 100_000)

  @Test func aTextThatGrowsBeyondAllEndsTheQuery() throws {
    let inner = "concat(" + Array(repeating: "t", count: 50).joined(separator: ",") + ")"
    let query = "SELECT length(concat(" + Array(repeating: inner, count: 18).joined(separator: ",") + ")) FROM item_occurrence"
    #expect(try failure(query, over: [{ _ in .string(Self.long) }])?.contains("4 MiB") == true)
    #expect(try failure("SELECT length(concat_ws(t, t, t, t)) FROM item_occurrence", over: [{ _ in .string(Self.long) }]) == nil)
  }

  @Test(arguments: ["SELECT %@ FROM item_occurrence", "SELECT 1 FROM item_occurrence ORDER BY %@", "SELECT count(*) FROM item_occurrence GROUP BY %@"])
  func whatAQueryKeepsIsBounded(_ form: String) throws {
    let many = Array(repeating: "t", count: 100).joined(separator: ",")
    let query = form.replacing("%@", with: many)
    let rows: [@Sendable (String) -> JSONValue] = (0..<10).map { (number) in { _ in .string(Self.long + String(number)) } }
    #expect(try failure(query, over: rows)?.contains("64 MiB") == true)
    #expect(try failure(query, over: Array(rows.prefix(2))) == nil)
  }

  @Test(arguments: [
    "SELECT count(*) FROM item_occurrence WHERE t LIKE '%" + String(repeating: "ab", count: 4_000) + "c%'",
    "SELECT locate('" + String(repeating: "ab", count: 4_000) + "c', t) FROM item_occurrence", "SELECT t FROM item_occurrence ORDER BY lower(t)",
  ])
  func aQueryThatTakesTooLongEnds(_ query: String) throws {
    let rows: [@Sendable (String) -> JSONValue] = (0..<100).map { (number) in { _ in .string(Self.long + String(number)) } }
    var looks = 0
    let reason = try failure(query, over: rows) {
      looks += 1
      return looks > 10
    }
    #expect(reason?.contains("too long") == true)
    #expect(looks == 11)
  }
}
