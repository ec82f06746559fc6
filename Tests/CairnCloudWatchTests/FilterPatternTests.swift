// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnColumns
import CairnPatterns
import CairnPlan
import TestSupport
import Testing

/// Patterns with the lines that they must and must not match, after the examples of AWS's "Filter pattern syntax".
struct PatternCase: Sendable, CustomTestStringConvertible {
  var pattern: String
  var matching: [String]
  var others: [String]
  var testDescription: String { pattern }

  init(_ pattern: String, _ matching: [String], _ others: [String] = []) {
    self.pattern = pattern
    self.matching = matching
    self.others = others
  }

  private static let access = #"127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#
  private static let found = #"127.0.0.1 Prod frank [10/Oct/2000:13:35:22 -0700] "GET /about-us/index.html HTTP/1.0" 200 500"#
  private static let failed = #"127.0.0.1 Prod frank [10/Oct/2000:13:50:35 -0700] "GET /apache_pb.gif HTTP/1.0" 500 5"#
  private static let trail = """
    {"eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111", "arrayKey": ["value", "another value"], \
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}], "SomeObject": null, "cluster.name": "c", "duration": 1.5e1, "flag": true, "off": false}
    """

  static let all: [PatternCase] = text + json + fields

  static let text: [PatternCase] = [
    PatternCase("", ["anything", ""]),
    PatternCase("  ", ["anything"]),
    PatternCase("ERROR", ["[ERROR 400] BAD REQUEST", "ERRORS"], ["[error] x", "[WARN] x"]),
    PatternCase("ERROR ARGUMENTS", ["[ERROR] INVALID ARGUMENTS"], ["[ERROR 401] UNAUTHORIZED REQUEST"]),
    PatternCase("?ERROR ?ARGUMENTS", ["ERROR x", "y ARGUMENTS"], ["WARN"]),
    PatternCase("\"INTERNAL SERVER ERROR\"", ["[ERROR 500] INTERNAL SERVER ERROR"], ["INTERNAL ERROR SERVER"]),
    PatternCase("ERROR -ARGUMENTS", ["[ERROR 401] UNAUTHORIZED"], ["[ERROR] INVALID ARGUMENTS"]),
    PatternCase("-ERROR", ["fine", ""], ["an ERROR"]),
    PatternCase("ERROR ?WARN", ["ERROR", "ERROR WARN"], ["WARN"]),
    PatternCase("?ERROR ?WARN -quiet", ["WARN", "ERROR"], ["quiet WARN", "x"]),
    PatternCase("%AUTHORIZED%", ["UNAUTHORIZED REQUEST"], ["authorized"]),
    PatternCase("%4\\d\\d% ERROR", ["[ERROR 404]"], ["[ERROR 500]", "404"]),
    PatternCase("\"a \\\"b\\\"\"", ["a \"b\""], ["a b"]),
    PatternCase("Wörter", ["zwei Wörter"], ["zwei Worter"]),
    PatternCase("%50\\% of%", ["50% of it"], ["50 of it"]),
  ]

  static let json: [PatternCase] = [
    PatternCase("{ $.eventType = \"UpdateTrail\" }", [trail], ["UpdateTrail", "{}", "{\"eventType\": \"Other\"}"]),
    PatternCase("{ $.sourceIPAddress != 123.123.* }", [trail], ["{\"sourceIPAddress\": \"123.123.1.1\"}", "{\"other\": 1}"]),
    PatternCase(
      "{ $.arrayKey[0] = \"value\" }", [trail], ["{\"arrayKey\": [\"other\", \"value\"]}", "{\"arrayKey\": \"value\"}"]),
    PatternCase("{ $.arrayKey[*] = \"another*\" }", [trail], ["{\"arrayKey\": []}"]),
    PatternCase("{ $.objectList[1].id = 2 }", [trail], ["{\"objectList\": [{\"id\": 2}]}"]),
    PatternCase("{ $.SomeObject IS NULL }", [trail], ["{\"SomeObject\": 1}", "{}"]),
    PatternCase("{ $.SomeOtherObject NOT EXISTS }", [trail, "{}"], ["{\"SomeOtherObject\": null}", "no JSON"]),
    PatternCase("{ $.flag IS TRUE }", [trail], ["{\"flag\": \"true\"}", "{\"flag\": false}"]),
    PatternCase("{ $.off IS FALSE }", [trail], ["{\"off\": true}"]),
    PatternCase("{ $.duration >= 15 && $.duration < 1.6e1 }", [trail], ["{\"duration\": 16}", "{\"duration\": 14.9}"]),
    PatternCase("{ $['cluster.name'] = \"c\" }", [trail], ["{\"cluster\": {\"name\": \"c\"}}"]),
    PatternCase("{ $.objectList = * }", [], [trail]),
    PatternCase("{ $.objectList != x }", [], [trail]),
    PatternCase(
      "{ ($.user.id = 1) && ($.users[0].email = \"John.Doe@example.com\") }",
      [#"{"user": {"id": 1}, "users": [{"email": "John.Doe@example.com"}]}"#],
      [#"{"user": {"id": 2}, "users": [{"email": "John.Doe@example.com"}]}"#]),
    PatternCase(
      "{ $.user.email = \"John.Stiles@example.com\" || $.coordinates[0][1] = \"nonmatch\" && $.actions[2] = \"nonmatch\" }",
      [#"{"user": {"email": "John.Stiles@example.com"}, "coordinates": [[0, 1, 2]], "actions": []}"#],
      [#"{"user": {"email": "x"}, "coordinates": [[0, "nonmatch"]], "actions": ["a", "b", "c"]}"#]),
    PatternCase(
      "{ ($.a = 1 || $.b = 2) && $.c = 3 }", [#"{"a": 1, "c": 3}"#, #"{"b": 2.0, "c": 3}"#], [#"{"a": 1}"#, #"{"a": 1, "c": 4}"#]),
    PatternCase("{ $.status = 4* }", [#"{"status": 404}"#, #"{"status": "4xx"}"#], [#"{"status": 500}"#]),
    PatternCase("{ $.level = %^(warn|err)% }", [#"{"level": "error"}"#], [#"{"level": "info"}"#]),
    PatternCase("{ $.text = \"caf*\" }", [#"{"te\u0078t": "caf\u00e9"}"#]),
    PatternCase("{$.a=1}", [#"  {"a": 1}  "#], [#"{"a": 10}"#]),
  ]

  static let fields: [PatternCase] = [
    PatternCase("[ip, user, username, timestamp, request, status_code, bytes]", [access, found, failed], ["one two"]),
    PatternCase("[ip, user, username, timestamp, request, status_code = 4*, bytes]", [access], [found, failed]),
    PatternCase("[..., status_code = 404 || status_code = 500, bytes]", [access, failed], [found]),
    PatternCase("[..., size > 400 && size <= 1534]", [access, found], [failed]),
    PatternCase("[ip != 127.*, ...]", ["10.0.0.1 x"], [access]),
    PatternCase("[..., request = \"*html HTTP/1.0\", code, bytes]", [access, found], [failed]),
    PatternCase("[w1 = ERROR, w2]", ["ERROR here"], ["ERROR", "ERROR here too", "WARN here"]),
    PatternCase("[(level = ERROR || level = FATAL), ...]", ["FATAL", "ERROR x"], ["INFO x"]),
    PatternCase("[ip = %^10\\.%, ...]", ["10.1.1.1 x"], ["110.1.1.1"]),
  ]
}

@Suite struct FilterPatternTests {
  @Test(arguments: PatternCase.all) func matchesAsDocumented(_ example: PatternCase) throws {
    let pattern = try FilterPattern(example.pattern)
    for line in example.matching { #expect(pattern.matches(line), "should match: \(line)") }
    for line in example.others { #expect(!pattern.matches(line), "should not match: \(line)") }
  }

  @Test(arguments: [
    "{", "{ }", "{ $.a }", "{ $.a = }", "{ a = 1 }", "{ $.a = 1 ", "{ $.a = 1 } x", "{ $.a IS }", "{ $.a IS NOT NULL }",
    "{ $.a EXISTS }",
    "{ $.a < x }", "{ $.a[x] = 1 }", "{ ($.a = 1 }", "{ $. = 1 }", "[", "[a", "[a,", "[a=]", "[a] b", "[..., x, ...]",
    "[a=1 && b=2]",
    "a-b", "[ERROR]x", "\"open", "%open", "%(%", "%a% %b% %c%", "-", "?", "a.b",
    "{ " + String(repeating: "(", count: 200) + "$.a = 1" + String(repeating: ")", count: 200) + " }",
    String(repeating: "a", count: 1025),
  ]) func refusesWhatIsNoPattern(_ text: String) {
    #expect(throws: LogsError.self) { _ = try FilterPattern(text) }
  }

  @Test func takesValuesOut() throws {
    let line = #"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#
    #expect(
      try FilterPattern("[..., status_code = 4*, bytes]").extract(line) == [
        "$1": "127.0.0.1", "$2": "-", "$3": "frank", "$4": "10/Oct/2000:13:25:15 -0700", "$5": "GET /index.html HTTP/1.0",
        "$status_code": "404", "$bytes": "1534",
      ])
    #expect(try FilterPattern("{ $.a.b > 1 && $.c NOT EXISTS }").extract(#"{"a": {"b": 2.5}}"#) == ["$.a.b": "2.5"])
    #expect(try FilterPattern("{ $.a = 1 }").extract("{}") == nil)
    #expect(try FilterPattern("ERROR").extract("ERROR") == [:])
  }

  /// The store may only leave out what does not match; for text patterns it must leave out exactly that.
  @Test(arguments: PatternCase.all) func theStoreLosesNothing(_ example: PatternCase) throws {
    let pattern = try FilterPattern(example.pattern)
    for line in example.matching { #expect(Self.passes(pattern.filter, line), "lost: \(line)") }
    guard pattern.isExactInStore else { return }
    for line in example.others { #expect(!Self.passes(pattern.filter, line), "kept: \(line)") }
  }

  /// What a filter means for one line, naively.
  private static func passes(_ filter: Filter, _ line: String) -> Bool {
    switch filter {
    case .all(let parts): return parts.allSatisfy { passes($0, line) }
    case .any(let parts): return parts.contains { passes($0, line) }
    case .not(let part): return !passes(part, line)
    case .text(FieldName.body, .contains, let text): return text.isEmpty || line.contains(text)
    case .matches(FieldName.body, let pattern): return pattern.matches(line)
    default: return false
    }
  }

  /// Patterns broken at random: each is either refused or means something, within its time, and never more than the store's filter keeps.
  @Test func standsAnyPattern() throws {
    var random = SeededGenerator(seed: .random(in: 0...UInt64(UInt32.max)))
    let lines = PatternCase.all.flatMap { $0.matching + $0.others }
    for _ in 0..<4_000 {
      guard var bytes = PatternCase.all.randomElement(using: &random).map({ Array($0.pattern.utf8) }) else { return }
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0 where place < bytes.count: bytes.remove(at: place)
        case 1 where place < bytes.count:
          bytes[place] = Array("{}[]()$.=!<>*%\"\\?- ,&|x1".utf8).randomElement(using: &random) ?? 0
        default: bytes.insert(Array("{}[]()$.=!<>*%\"\\?- ,&|x1".utf8).randomElement(using: &random) ?? 0, at: place)
        }
      }
      guard let pattern = try? FilterPattern(String(decoding: bytes, as: UTF8.self)),
        let line = lines.randomElement(using: &random)
      else { continue }
      if pattern.matches(line) { #expect(Self.passes(pattern.filter, line), "seed \(random.seed): \(pattern.text) over \(line)") }
    }
  }
}
