// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import CairnCloudWatch

struct MetricMathTests {
  private func value(_ text: String) throws -> MetricMathValue {
    var sheet = MetricMathSheet(startUnixSeconds: 0, endUnixSeconds: 240, periodSeconds: 60)
    sheet.add(metric: "m1", MetricSeries(label: "m1", periodSeconds: 60, times: [0, 60, 120], values: [1, 2, 4]))
    sheet.add(metric: "m2", MetricSeries(label: "m2", periodSeconds: 60, times: [60, 180], values: [10, 30]))
    sheet.add(expression: "e", try MetricMath(text))
    return try sheet.value("e")
  }

  private func series(_ text: String) throws -> [Int64: Double] {
    guard case .series(let series) = try value(text) else { return [:] }
    return Dictionary(uniqueKeysWithValues: zip(series.times, series.values))
  }

  @Test func bindsAsArithmeticDoes() throws {
    #expect(try value("2 + 3 * 4 ^ 2 / 8 - 1") == .number(7))
    #expect(try value("-2 ^ 2") == .number(-4))
    #expect(try value("2 ^ 3 ^ 2") == .number(512))
    #expect(try value("1 < 2 && 3 >= 4 || 1 == 1") == .number(1))
    #expect(try value("(1 + 2) * 3 != 9 OR 0") == .number(0))
  }

  @Test func combinesTheTimesThatBothHave() throws {
    #expect(try series("m1 + m2") == [60: 12])
    #expect(try series("FILL(m2, LINEAR) * m1") == [60: 20, 120: 80])
    #expect(try series("FILL(m2, REPEAT)") == [60: 10, 120: 10, 180: 30])
    #expect(try series("SUM([m1, m2])") == [0: 1, 60: 12, 120: 4, 180: 30])
    #expect(try series("m1 / (m1 - 2)") == [0: -1, 120: 2])
  }

  @Test func readsTheCalendar() throws {
    #expect(try series("DAY(m1) + HOUR(m1) + MINUTE(m1)") == [0: 4, 60: 5, 120: 6])
    #expect(try series("YEAR(m1) * 10000 + MONTH(m1) * 100 + DATE(m1)") == [0: 19_700_101, 60: 19_700_101, 120: 19_700_101])
    #expect(try series("EPOCH(m1)") == [0: 0, 60: 60, 120: 120])
  }

  @Test func standsBrokenTextsAndIsBounded() {
    let valid = [
      "SORT(SLICE(REMOVE_EMPTY(METRICS('m')), 0, 2), AVG, DESC, 1)", "IF(m1 > 1 AND m2 <= 30, FILL(m1, 0), -1.5e3)",
      "SEARCH('{ns,\"a b\"} (x OR NOT y=\"z\") w', 'Average', 300)",
    ]
    var random = SeededGenerator(seed: 5)
    for text in valid {
      let bytes = Array(text.utf8)
      for _ in 0..<2_000 {
        var broken = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          let place = Int.random(in: 0..<broken.count, using: &random)
          if Bool.random(using: &random) { broken[place] = UInt8.random(in: 0x20...0x7e, using: &random) } else { broken.remove(at: place) }
        }
        _ = try? value(String(decoding: broken, as: UTF8.self))
      }
    }
    for deep in [String(repeating: "(", count: 2000), String(repeating: "-", count: 2000), String(repeating: "ABS(", count: 500), String(repeating: "1+", count: 1000) + "1"] {
      #expect(throws: MetricMathError.self) { try value(deep) }
    }
  }
}

struct MetricSearchTests {
  private func matches(_ text: String) throws -> Bool {
    try MetricSearch(text, statistic: "Sum", periodSeconds: nil).matches(
      namespace: "shop/api", name: "RequestCount", dimensions: ["route": "/cart", "Host Name": "web-1"])
  }

  @Test(arguments: [
    "{shop/api, route, \"Host Name\"} RequestCount", "{shop/api,route,\"Host Name\"}", "request", "MetricName=\"RequestCount\"", "route=\"/cart\" web", "hostx OR cart",
    "NOT home (requestcount AND web)", "Namespace=\"shop/api\"", "\"Host Name\"=web",
  ])
  func finds(_ text: String) throws { #expect(try matches(text)) }

  @Test(arguments: [
    "{shop/api, route} RequestCount", "{shop} RequestCount", "home", "MetricName=\"Request\"", "route=\"cart\"", "NOT cart", "cart home", "\"request\"",
  ])
  func passesOver(_ text: String) throws { #expect(try !matches(text)) }

  @Test(arguments: ["{shop", "(cart", "cart)", "\"cart", "a=", String(repeating: "(", count: 100), String(repeating: "NOT ", count: 100)])
  func refuses(_ text: String) { #expect(throws: MetricMathError.self) { try matches(text) } }
}

struct AlarmRuleTests {
  private let states = ["a": "ALARM", "b": "OK", "the third": "INSUFFICIENT_DATA"]

  @Test(arguments: [
    ("ALARM(a)", true), ("ALARM(\"b\")", false), ("OK(b) AND ALARM(a)", true), ("OK(a) OR OK(b)", true), ("NOT ALARM(a) OR FALSE", false),
    ("ALARM(a) AND (OK(a) OR INSUFFICIENT_DATA(\"the third\"))", true), ("OK(arn:aws:cloudwatch:eu-west-1:1:alarm:b)", true), ("NOT OK(nobody)", true),
    ("FALSE AND TRUE OR TRUE", true), ("INSUFFICIENT_DATA(the third)", true),
  ])
  func holds(_ text: String, _ wanted: Bool) throws { #expect(try AlarmRule(text).holds { states[$0] } == wanted) }

  @Test func namesWhatItLooksAt() throws {
    #expect(try AlarmRule("ALARM(a) AND NOT (OK(b) OR ALARM(a))").names == ["a", "b"])
  }

  @Test(arguments: [
    "", "a", "ALARM", "ALARM(a", "ALARM() AND", "ALARM(a) ALARM(b)", "TRUE AND", String(repeating: "NOT ", count: 100) + "TRUE",
    String(repeating: "(", count: 5000), (0..<101).map { "OK(a\($0))" }.joined(separator: " OR "),
  ])
  func refuses(_ text: String) { #expect(throws: MetricMathError.self) { try AlarmRule(text) } }
}
