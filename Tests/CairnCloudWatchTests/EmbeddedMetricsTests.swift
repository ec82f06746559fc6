// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import Testing

/// The embedded metric format, and what keeps a small line from making very many points.
@Suite struct EmbeddedMetricsTests {
  static func points(_ lines: [String]) -> [MetricPoint] { EmbeddedMetrics.points(LogBatchTests.batch(lines)) }

  static func line(_ sets: String, values: String = "5") -> String {
    #"{"_aws":{"Timestamp":7,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":\#(sets),"Metrics":[{"Name":"x"}]}]},"#
      + #""a":"1","b":"2","x":\#(values)}"#
  }

  @Test func eachSetOfDimensionsMakesAPoint() {
    let points = Self.points([Self.line(#"[["a"],["a","b"],[]]"#)])
    #expect(points.map(\.dimensions) == [["a": "1"], ["a": "1", "b": "2"], [:]])
    #expect(points.allSatisfy { $0.value == 5 && $0.timeUnixMilliseconds == 7 })
  }

  @Test func equalSetsCountOnce() {
    #expect(Self.points([Self.line(#"[["a","b"],["b","a"],["a","b","b"]]"#)]).count == 1)
    #expect(Self.points([Self.line("[[],[]]")]).count == 1)
  }

  @Test func theFirstHundredMetricsOfADirectiveCount() {
    let metrics = [String](repeating: #"{"Name":"x"}"#, count: 120).joined(separator: ",")
    let line = #"{"_aws":{"CloudWatchMetrics":[{"Namespace":"n","Metrics":[\#(metrics)]}]},"x":1}"#
    #expect(Self.points([line]).count == 100)
  }

  @Test func aBatchHasAMostOfPoints() {
    let metrics = [String](repeating: #"{"Name":"x"}"#, count: 100).joined(separator: ",")
    let directive = #"{"Namespace":"n","Metrics":[\#(metrics)]}"#
    let directives = [String](repeating: directive, count: 12).joined(separator: ",")
    let values = (1...100).map(String.init).joined(separator: ",")
    let line = #"{"_aws":{"CloudWatchMetrics":[\#(directives)]},"x":[\#(values)]}"#
    #expect(Self.points([line]).count == EmbeddedMetrics.pointCountMax)
    #expect(Self.points([line, Self.line("[[]]")]).count == EmbeddedMetrics.pointCountMax)
  }
}
