// SPDX-License-Identifier: Apache-2.0
import CairnPatterns
import Testing

@Suite struct LineTemplatesTests {
  private func patterns(_ lines: [String]) -> [String] {
    var templates = LineTemplates()
    for line in lines { templates.add(line) }
    return templates.patterns().map { "\($0.count) \($0.text)" }
  }

  @Test func findsWhatLinesShare() {
    #expect(
      patterns([
        "2023-01-01 19:00:01 [INFO] Calling DynamoDB to store for resource id 12342342k124-12345",
        "2023-01-01 19:00:02 [INFO] Calling DynamoDB to store for resource id 324892398123-12345",
        "2023-01-01 19:00:03 [INFO] Calling DynamoDB to store for resource id 3ff231242342-12345",
      ]) == ["3 <*> <*> [INFO] Calling DynamoDB to store for resource id <*>"])
    #expect(
      patterns(["from 10.0.0.1:443 in 2023-08-01T00:00:00.123Z", "from 10.0.0.2:80 in 2023-08-02T00:00:00Z"]) == ["2 from <*> in <*>"])
    #expect(patterns(["id 3ff23124-a2b4-4bcd-abcd-123456789abc", "id 1ff23124-feed-4bcd-8bcd-023456789abc"]) == ["2 id <*>"])
    #expect(patterns(["[INFO] Request time: 327 ms", "[INFO]  Request time: 1 ms", "[WARN] Request time: 1 ms"]) == [
      "2 [INFO] Request time: <*> ms", "1 [WARN] Request time: <*> ms",
    ])
  }

  @Test func joinsNamesAndKeepsWords() {
    #expect(patterns(["user ann logged in", "user bob logged in", "user cy logged in"]) == ["3 user <*> logged in"])
    let colours = Array(repeating: ["light is red", "light is green", "light is amber"], count: 50).flatMap(\.self)
    #expect(patterns(colours).count == 3)
    let names = (0..<20).flatMap { (name) in
      (0..<20).map { "from \(String(repeating: "x", count: name + 1)) to \(String(repeating: "y", count: $0 + 1)) sent" }
    }
    #expect(patterns(names) == ["400 from <*> to <*> sent"])
  }

  @Test func partsAddUp() {
    let lines = (0..<1000).map { "worker \($0) did \(["load", "store", "sync"][$0 % 3])" }
    var left = LineTemplates()
    var right = LineTemplates()
    for (index, line) in lines.enumerated() { if index % 2 == 0 { left.add(line) } else { right.add(line) } }
    left.merge(right)
    #expect(left.lineCount == 1000 && left.patterns().map { "\($0.count) \($0.text)" } == patterns(lines))
  }

  @Test func countsEveryLineWhateverTheirNumber() {
    var templates = LineTemplates()
    func word(_ number: Int) -> String { String(String(number, radix: 16).map { Character(UnicodeScalar(UInt8(ascii: "g") + UInt8($0.hexDigitValue ?? 0))) }) }
    for line in 0..<70_000 { templates.add("common \(word(line)) \(word(line * 7)) end") }
    templates.add("")
    templates.add(String(repeating: "long ", count: 10_000))
    #expect(templates.patterns().reduce(0) { $0 + $1.count } == 70_002)
  }

  @Test(arguments: [
    ("[ERROR] it broke", "Error"), ("2023 WARN slow", "Warning"), ("level=info ok", "Info"), ("{\"level\":\"debug\"}", "Debug"), ("hello", "None"),
  ]) func labelsSeverity(_ line: String, _ label: String) {
    var templates = LineTemplates()
    templates.add(line)
    #expect(templates.patterns().first?.severityLabel == label)
  }
}
