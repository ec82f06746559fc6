// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import FoundationEssentials
import Testing

@Suite struct InsightsGuideTests {
  /// The examples of the guide, in order.
  private static func examples() throws -> [String] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/guides/logs-insights.md")
    let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    return text.components("```insights\n").dropFirst().map { $0.components("```")[0] }
  }

  @Test func everyExampleOfTheGuideRuns() async throws {
    let examples = try Self.examples()
    #expect(examples.count >= 19)
    for example in examples {
      let found = try await InsightsFixture.run(example, InsightsFixture.pieces)
      let slow = try await InsightsFixture.run(example, InsightsFixture.pieces, pushesDown: false)
      // Percentiles are sketches there and exact here.
      if !example.contains("pct(") { #expect(found.rows == slow.rows, "\(example)") }
      #expect(found.rows.count == slow.rows.count)
      #expect(!found.rows.isEmpty || example.contains("anomaly") || example.contains("/api"), "\(example)")
    }
  }
}

extension String {
  fileprivate func components(_ separator: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let range = rest.firstRange(of: separator) {
      parts.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return parts + [String(rest)]
  }
}
