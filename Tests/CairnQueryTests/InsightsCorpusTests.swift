// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnPlan
import Testing

/// Queries with the rows that the CloudWatch Logs User Guide says they have; each is run with the engine's help and without.
@Suite struct InsightsCorpusTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var query: String
    var rows: [String]
    var testDescription: String { query }

    init(_ query: String, _ rows: [String]) {
      self.query = query
      self.rows = rows
    }
  }

  @Test(arguments: cases + statistics + shapes) func answers(_ item: Case) async throws {
    let fast = try await InsightsFixture.run(item.query, InsightsFixture.pieces)
    #expect(fast.rows == item.rows)
    let slow = try await InsightsFixture.run(item.query, InsightsFixture.pieces, pushesDown: false)
    #expect(slow.rows == item.rows)
  }

  /// Every command, function and statistic of the language stands in a query here or among the rules.
  @Test func everyWordIsThere() {
    let texts = (Self.cases + Self.statistics + Self.shapes).map(\.query) + InsightsRuleTests.queries
    let words = Set(texts.flatMap { text in text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map { $0.lowercased() } })
    let language = InsightsLanguage.commands + InsightsLanguage.functions + InsightsLanguage.statistics + ["source", "not", "like", "in"]
    for word in language { #expect(words.contains(word.lowercased()), "no query uses \(word)") }
  }

  static let cases: [Case] = [
    // fields, display, automatic fields
    Case("fields @timestamp, @logStream | sort @timestamp asc | limit 2", ["2023-08-01 00:00:00.000|s1", "2023-08-01 00:01:00.000|s1"]),
    Case("fields @timestamp | limit 1", ["2023-08-01 00:11:00.000"]),
    Case("limit 1", ["2023-08-01 00:11:00.000|  padded  "]),
    Case("fields @log, @ingestionTime | limit 1", ["123456789012:app|2023-08-01 00:11:01.000"]),
    Case("fields @logStream | limit 1", ["default"]),
    Case("fields status as code | filter code = 500", ["500"]),
    Case("fields status | display latency, level | filter status = 404", ["5|warn"]),
    Case("fields user.name, user.id | filter user.id = 8", ["bob|8"]),
    Case("fields tags.0, tags.1 | filter ispresent(tags.1)", ["x|y"]),
    Case("fields `user.name` | filter `status` = 404", ["cy"]),
    Case("# a comment\nfields level # another\n| filter status = 500", ["error"]),
    Case("fields ok | filter status = 200", ["1", "1"]),
    // filter: comparisons
    Case("fields path | filter status != 200 and ispresent(status)", ["/c", "/b"]),
    Case("fields path | filter status >= 404", ["/c", "/b"]),
    Case("fields path | filter status > 200 and status < 500", ["/c"]),
    Case("fields path | filter 404 <= status", ["/c", "/b"]),
    Case("fields path | filter status = '500'", ["/b"]),
    Case("fields path | filter latency > 12.4 and latency < 21", ["/a", "/a"]),
    Case("fields path | filter level in ['warn', 'error']", ["/c", "/b"]),
    Case("fields path | filter status not in [200, 404] and ispresent(status)", ["/b"]),
    Case("fields path | filter level = 'info' or status = 404", ["/c", "/a", "/a"]),
    Case("fields path | filter not (level = 'info') and ispresent(level)", ["/c", "/b"]),
    Case("fields path | filter ok = 1", ["/a", "/a"]),
    Case("fields path | filter ok = true", ["/a", "/a"]),
    Case("fields path | filter ok = 'false'", ["/c", "/b"]),
    Case("fields @message | filter missing = 'x'", []),
    Case("fields path | filter missing != 'x' and status = 404", ["/c"]),
    Case("fields @logStream | filter @logStream = 'default' | limit 1", ["default"]),
    Case("fields @logStream | filter @logStream in ['default', 's2']", ["default", "default", "s2", "s2"]),
    // filter: texts
    Case("fields level | filter @message like /\"status\":4\\d\\d/", ["warn"]),
    Case("fields path | filter path like '/b'", ["/b"]),
    Case("fields path | filter path =~ /^\\/[bc]$/", ["/c", "/b"]),
    Case("fields path | filter level like /(?i)WARN/", ["/c"]),
    Case("fields path | filter path not like 'a' and ispresent(path)", ["/c", "/b"]),
    Case("fields strcontains(path, 'a') as hasA | filter status = 200", ["1", "1"]),
    // arithmetic and functions
    Case("fields latency * 2 + 1 as l | filter status = 404", ["11"]),
    Case("fields 7 % 4, 2 ^ 3, 10 / 4, -2 + 1 | limit 1", ["3|8|2.5|-1"]),
    Case("fields 1 / 0 as nothing | limit 1", ["-"]),
    Case("fields abs(-3), ceil(1.2), floor(-1.2), sqrt(9), log(1) | limit 1", ["3|2|-2|3|0"]),
    Case("fields greatest(1, 5, 3), least(4, 2) | limit 1", ["5|2"]),
    Case("fields coalesce(missing, level, 'none') as l | filter status = 500", ["error"]),
    Case("fields if(status = 200, 'good', 'bad') as s | filter ispresent(status)", ["bad", "good", "bad", "good"]),
    Case("fields case(status = 200, 'a', status = 404, 'b', 'c') as s | filter ispresent(status)", ["b", "a", "c", "a"]),
    Case("fields isempty(''), isblank('  '), isempty('x'), isblank(missing) | limit 1", ["1|1|0|1"]),
    Case("fields concat('a', 1, 'b'), strlen('héé'), toupper('ab'), tolower('AB') | limit 1", ["a1b|3|AB|ab"]),
    Case("fields trim(@message), ltrim(@message), rtrim(@message) | limit 1", ["padded|padded  |  padded"]),
    Case("fields trim('xxaxx', 'x'), ltrim('xxa', 'x'), rtrim('axx', 'x') | limit 1", ["a|a|a"]),
    Case("fields substr('xyZfooxyZ', 3), substr('xyZfooxyZ', 3, 3), replace('foofoo', 'foo', 'ba') | limit 1", ["fooxyZ|foo|baba"]),
    Case("fields toMillis(@timestamp) as ms | filter status = 404", ["1690848300000"]),
    Case("fields fromMillis(1690848300123) as t | limit 1", ["2023-08-01 00:05:00.123"]),
    Case("fields datefloor(@timestamp, 1h), dateceil(@timestamp, 1h) | limit 1", ["2023-08-01 00:00:00.000|2023-08-01 01:00:00.000"]),
    Case("fields datefloor(@timestamp, 1mo), datefloor(@timestamp, 1q), datefloor(@timestamp, 1y) | limit 1", [
      "2023-08-01 00:00:00.000|2023-07-01 00:00:00.000|2023-01-01 00:00:00.000"
    ]),
    Case("fields now() | limit 1", ["1690855200"]),
    Case("fields dateadd(@timestamp, 1h), dateadd(@timestamp, -1d) | limit 1", ["2023-08-01 01:11:00.000|2023-07-31 00:11:00.000"]),
    Case("fields isValidIp('10.0.0.7'), isValidIpV4('::1'), isValidIpV6('fe80::1:2'), isValidIp('10.0.0.256') | limit 1", ["1|0|1|0"]),
    Case("fields ip | filter isIpv4InSubnet(ip, '10.0.0.0/8')", ["10.0.0.7"]),
    Case("fields isIpInSubnet('fe80::1', 'fe80::/10'), isIpv6InSubnet('fe81::1', 'fe80::/16') | limit 1", ["1|0"]),
    Case("fields jsonStringify(jsonParse('{\"a\": [1, 2]}')) as j | limit 1", ["{\"a\":[1,2]}"]),
    // Lambda's own lines
    Case("fields @type, @requestId, @duration, @billedDuration, @memorySize, @maxMemoryUsed | filter @type = 'REPORT'", [
      "REPORT|8f5-1|1.73|2|128000000|60000000"
    ]),
    Case("fields @xrayTraceId, @xraySegmentId | filter @type = 'REPORT'", ["1-5759e988-bd862e3fe1be46a994272793|53995c3f42cd8ad8"]),
    Case("fields @requestId | filter ispresent(@requestId)", ["8f5-1", "8f5-1"]),
  ]

  static let statistics: [Case] = [
    Case("stats count(*)", ["9"]),
    Case("stats count() as n, count(status) as s", ["9|4"]),
    Case("filter status = 1 | stats count(*)", ["0"]),
    Case("filter status = 1 | stats count(*) by level", []),
    Case("stats count(*) as n by level | sort n desc, level asc | limit 2", ["-|5", "info|2"]),
    Case("filter ispresent(status) | stats avg(latency), sum(latency), min(latency), max(latency)", ["72|288|5|250.5"]),
    Case("filter ispresent(status) | stats count_distinct(path) as p, count_distinct(level)", ["3|3"]),
    Case("filter status = 200 | stats stddev(latency)", ["3.75"]),
    Case("filter status = 404 | stats median(latency)", ["5"]),
    Case("filter ispresent(status) | stats count(*) by bin(5m)", ["2023-08-01 00:05:00.000|1", "2023-08-01 00:00:00.000|3"].reversed()),
    Case("filter level = 'info' | stats count(*) by bin(1m) as t, level | sort t asc", [
      "2023-08-01 00:00:00.000|info|1", "2023-08-01 00:02:00.000|info|1",
    ]),
    Case("filter ispresent(status) | stats earliest(level), latest(level), sortsFirst(path), sortsLast(path)", ["info|warn|/a|/c"]),
    Case("stats count(*) as n by @logStream | sort n desc", ["s1|5", "default|2", "s2|2"]),
    Case("stats count(*) by @log", ["123456789012:app|9"]),
    Case("filter ispresent(status) | stats sum(latency) / count(*) as mean, mean * 2 as twice", ["72|144"]),
    Case("filter ispresent(status) | stats count(*) as n by level | stats max(n) as most, count(*) as levels", ["2|3"]),
    Case("filter ispresent(status) | stats max(latency) as m by path | filter m > 10 | sort m desc", ["/b|250.5", "/a|20"]),
    Case("stats max(@timestamp) as last by level | filter level = 'error'", ["error|2023-08-01 00:01:00.000"]),
    Case("filter @type = 'REPORT' | stats max(@memorySize / 1000 / 1000) as p, max(@maxMemoryUsed / 1000 / 1000) as u, p - u as over", [
      "128|60|68"
    ]),
    Case("filter status = 404 | stats pct(latency, 95), pct(latency, 50)", ["5|5"]),
  ]

  static let shapes: [Case] = [
    // parse
    Case("parse @message 'user=*, method:*, latency := *' as @user, @method, @latency | filter @method = 'PUT' | display @user, @latency", [
      "bob|40"
    ]),
    Case("parse @message '[*] *' as kind, rest | filter kind = 'INFO' | display kind", ["INFO"]),
    Case("parse @message /user=(?<user>\\w+).*latency := (?<n>\\d+)/ | filter ispresent(user) | stats sum(n) as total", ["52"]),
    Case("parse @message /method:(\\w+)/ as m | filter m = 'GET' | display m", ["GET"]),
    Case("parse 'time: * ms' as t | filter t > 100 | display t", ["327"]),
    // sort
    Case("fields path | filter ispresent(path) | sort latency desc", ["/b", "/a", "/a", "/c"]),
    Case("fields level | filter ispresent(level) | sort level, latency desc | limit 3", ["error", "info", "info"]),
    // dedup
    Case("fields level | filter ispresent(level) | dedup level", ["warn", "info", "error"]),
    Case("fields path, status | filter ispresent(path) | sort @timestamp asc | dedup path, status", ["/a|200", "/b|500", "/c|404"]),
    // lists and maps
    Case("filter status = 200 | fields jsonParse(@message) as js | unnest js.tags into tag | display tag | filter ispresent(tag)", ["x", "y"]),
    Case("filter status = 500 | fields jsonParse(@message) as js | display js.user.name, js.status", ["bob|500"]),
    // pattern
    Case("filter @message like 'Request time' | parse @message '* user' as head | pattern head", [
      "[ERROR] Request time: <*> ms|0.5|1|Error", "[INFO] Request time: <*> ms|0.5|1|Info",
    ]),
    Case("filter @message like 'RequestId' | pattern @message | display @sampleCount | limit 1", ["1"]),
    // other rows
    Case("filter ispresent(status) | fields latency | sort @timestamp asc | accum latency as total | display total", [
      "12.5", "263", "283", "288",
    ]),
    Case("filter status = 404 | fields status, latency | addtotals", ["404|5|409"]),
    Case("filter status = 200 | fields latency | sort latency asc | addtotals row=false col=true latency", ["12.5", "20", "32.5"]),
    Case("filter ispresent(user.id) | fields user.id as id | join type=inner left=a right=p where a.user.id = p.order (SOURCE 'pay') "
      + "| fields a.path, p.id, p.amount | display a.path, p.id | sort p.id asc, @timestamp asc", [
        "/a|p1", "/a|p1", "/a|p2", "/a|p2", "/c|p3",
      ]),
    Case("filter ispresent(user.id) | join type=left left=a right=p where a.user.id = p.n (SOURCE 'pay' | stats sum(amount) as s by order as n) "
      + "| sort @timestamp asc | display a.path, p.s", ["/a|15", "/b|-", "/a|15", "/c|1"]),
    Case("filter user.id in (SOURCE 'pay' | filter amount > 4 | stats count(*) by order) | fields path", ["/a", "/a"]),
    Case("SOURCE 'pay' | stats sum(amount) as s by order | sort s desc", ["7|15", "9|1"]),
    Case("SOURCE logGroups(namePrefix: ['pa']) | stats count(*)", ["3"]),
    Case("SOURCE logGroups() | stats count(*)", ["12"]),
    Case("SOURCE 'app' START=1690848000000 END=1690848059000 | stats count(*)", ["1"]),
    Case("filterIndex level = 'warn' | fields status", ["404"]),
    Case("fields unmask(path) as p | filter status = 404", ["/c"]),
  ]
}
