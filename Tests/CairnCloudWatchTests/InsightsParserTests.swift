// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import TestSupport
import Testing

@Suite struct InsightsParserTests {
  private func failure(_ query: String) -> InsightsError? {
    do throws(InsightsError) {
      _ = try InsightsProgram(parsing: query)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    ("fields @timestamp | bogus x", 20, 25), ("filter status = ", 16, 16), ("stats count(*) by", 17, 17),
    ("fields nosuch(1)", 7, 13), ("filter a = 'open", 11, 16), ("parse @message '* *' as a", 15, 25),
    ("filter a like /(/", 14, 17), ("limit 0", 6, 7), ("limit 100001", 6, 12), ("sort a desc b", 12, 13), ("fields bin(5x)", 11, 13),
    ("stats sum(count(*))", 10, 15), ("fields count(*)", 7, 12), ("filter a ~ 1", 9, 10), ("fields a, ", 10, 10), ("fields (a", 9, 9),
    ("fields pct(a)", 7, 10), ("stats a", 0, 0), ("fields abs(1, 2)", 7, 16), ("| | fields a", 2, 3), ("unnest a", 8, 8),
  ]) func tellsWhereAQueryIsWrong(_ query: String, _ start: Int, _ end: Int) throws {
    let error = try #require(failure(query))
    if query == "stats a" { return #expect(error.message.contains("statistic")) }
    #expect(error.startOffset == start && error.endOffset == end, "\(query): \(error)")
    #expect(!error.message.isEmpty)
  }

  @Test(arguments: [
    "", "|", "fields a", "FIELDS a | FILTER b LIKE /x/ | STATS Count(*) BY c | Sort c DESC", "fields `odd name`, @@x",
    "filter a like /\\/x\\/(?<n>y)/", "fields a as `b c`", "dedup a, b", "pattern concat(a, b)", "diff previousWeek", "anomaly",
    "fields -a, +b, not c", "stats count(*) as n, n * 2 as m by bin(1h), bin(300s), datefloor(@timestamp, 1d)",
  ]) func readsWhatIsRight(_ query: String) { #expect(failure(query) == nil) }

  @Test func boundsWhatItReads() {
    #expect(failure("fields " + String(repeating: "(", count: 500) + "a" + String(repeating: ")", count: 500)) != nil)
    #expect(failure("filter " + String(repeating: "not ", count: 2000) + "a = 1") == nil)
    #expect(failure("fields " + Array(repeating: "1", count: 2000).joined(separator: "+")) != nil)
    #expect(failure("fields " + Array(repeating: "1", count: 2000).joined(separator: "^")) != nil)
    #expect(failure(String(repeating: "a", count: 10_001)) != nil)
    #expect(failure("fields a" + String(repeating: " | fields a", count: 500)) != nil)
    let nested = String(repeating: "filter a in (", count: 60) + "fields a" + String(repeating: ")", count: 60)
    #expect(failure(nested) != nil)
  }

  /// Broken queries of every kind give an error or a program, and an error lies inside the query.
  @Test func standsMutants() {
    let seeds = [
      "SOURCE 'a', 'b' START=-1h | fields @timestamp, `x y`.z as t | filter a.b >= 1.5e3 and not (c like /x(?<y>.)/ or d in [1, 'two'])",
      "parse @message 'a * b *' as c, d | stats count(*), pct(c, 99.9) by bin(5m), d | sort `count(*)` desc, d | limit 20",
      "filter x in (SOURCE logGroups(namePrefix: ['p']) | fields y) | join type=left left=a right=b where a.k = b.k (SOURCE 'g' | dedup k)",
      "unnest jsonParse(m).items into i | lookup t k as f OUTPUT v as w | addtotals fieldname=S col=true a, b # end\n| accum a as z",
      "pattern substr(@message, 1, 9) | diff previousDay | display @pattern",
    ]
    let words = ["like /", "not in (", "as `", "bin(", "| stats ", "'", "(?<", "1e", "9999999999999999999m", "in (SOURCE ", "#"]
    for mutant in Mutants(of: seeds.map { Array($0.utf8) }, words: words, count: 4000) {
      let text = String(decoding: mutant, as: UTF8.self)
      let scalars = text.unicodeScalars
      if let error = failure(text) {
        #expect(error.startOffset >= 0 && error.endOffset <= scalars.count && error.startOffset <= error.endOffset, "\(text)")
      }
    }
  }
}
