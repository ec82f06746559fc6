// SPDX-License-Identifier: Apache-2.0
import CairnPatterns
import Testing

@Suite struct PatternTests {
  @Test func findsAnywhere() throws {
    let pattern = try Pattern("status=[45]\\d\\d")
    #expect(pattern.matches("GET / status=503 in 3 ms"))
    #expect(!pattern.matches("GET / status=200"))
    #expect(try Pattern("^$").matches(""))
  }

  @Test func givesGroupsByNumberAndName() throws {
    let pattern = try Pattern("(?P<verb>GET|PUT) (\\S+)(?: took (?P<time>\\d+))?")
    #expect(pattern.groupCount == 3)
    #expect(pattern.groupNames == ["verb", nil, "time"])
    #expect(pattern.firstMatch(in: "> PUT /cart took 17 ms") == ["PUT /cart took 17", "PUT", "/cart", "17"])
    #expect(pattern.firstMatch(in: "GET /") == ["GET /", "GET", "/", nil])
    #expect(pattern.firstMatch(in: "POST /") == nil)
  }

  @Test func goesOnFromAnOffset() throws {
    let pattern = try Pattern("b+")
    let text = Array("abba bb".utf8)
    let first = unsafe pattern.firstMatch(in: text.span.bytes)
    #expect(first?.first == 1..<3)
    let second = unsafe pattern.firstMatch(in: text.span.bytes, from: 3)
    #expect(second?.first == 5..<7)
    let none = unsafe pattern.firstMatch(in: text.span.bytes, from: 7)
    #expect(none == nil)
    let beyond = unsafe pattern.firstMatch(in: text.span.bytes, from: 8)
    #expect(beyond == nil)
  }

  @Test func ignoresCaseWhereAsked() throws {
    #expect(try Pattern("error", .ignoringCase).matches("ERROR: no"))
    #expect(!(try Pattern("error").matches("ERROR: no")))
    #expect(try Pattern("a") != Pattern("a", .ignoringCase))
    #expect(try Pattern("a") == Pattern("a"))
  }

  @Test(arguments: [
    "(", "a{2000}", "(?=a)", "(a)\\1", "[z-a]", "*", "((a{100}){100}){100}", String(repeating: "a", count: 20_000),
  ])
  func refusesWhatIsNoPattern(_ text: String) {
    #expect(throws: PatternError.self) { _ = try Pattern(text) }
  }

  @Test func whatExplodesElsewhereTakesLinearTime() throws {
    let pattern = try Pattern("(a+)+b")
    let text = String(repeating: "a", count: 1_000_000)
    let start = ContinuousClock.now
    #expect(!pattern.matches(text))
    #expect(ContinuousClock.now - start < .seconds(2))
  }

  @Test func marksTheTextsOfARun() throws {
    var bytes: [UInt8] = []
    var ends: [UInt32] = []
    for text in ["error", "", "fine", "an error", "err", "or"] {
      bytes += Array(text.utf8)
      ends.append(UInt32(bytes.count))
    }
    var found: [Int] = []
    try Pattern("error$").forEachMatch(in: bytes, ends: ends) { found.append($0) }
    #expect(found == [0, 3])
    found = []
    try Pattern("^$").forEachMatch(in: bytes, ends: ends) { found.append($0) }
    #expect(found == [1])
  }

  @Test(arguments: ["a.b", "[x]", "1+1=2", "§ 5 (é)", "a\\b", "_-_", "\u{0}\n"])
  func quotesAText(_ text: String) throws {
    #expect(try Pattern("^" + Pattern.quoting(text) + "$").matches(text))
  }
}
