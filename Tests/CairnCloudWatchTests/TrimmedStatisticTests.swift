// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import TestSupport
import Testing

@Suite struct TrimmedStatisticTests {
  private func value(_ text: String, _ values: [Double]) throws -> Double? {
    try #require(TrimmedStatistic(text)).value(values.map { TrimmedStatistic.Sample(value: $0) })
  }

  private static let ten: [Double] = [7, 1, 10, 3, 5, 2, 9, 4, 8, 6]

  /// AWS's definitions, over the numbers from 1 to 10 in disorder.
  @Test(arguments: [
    ("tm90", 5.0), ("TM(10%:90%)", 5.5), ("TM(:90%)", 5), ("TM(20%:)", 6.5), ("TM(2:6)", 4.5), ("TM(:6)", 3.5), ("TM(6:)", 8.5),
    ("IQM", 5.5), ("tc90", 9), ("TC(10%:90%)", 8), ("TC(2:6)", 4), ("ts90", 45), ("TS(10%:90%)", 44), ("TS(2:6)", 18),
    ("wm90", 5.4), ("WM(10%:90%)", 5.5), ("WM(3:6)", 4.8), ("PR(:3)", 30), ("PR(3:6)", 30), ("PR(6:)", 40), ("tm100", 5.5), ("tm99.9", 5.5),
    ("TC(95%:100%)", 1), ("TM(55.5%:95.5%)", 8),
  ])
  func agreesWithTheDefinition(_ text: String, _ expected: Double) throws {
    let found = try #require(try value(text, Self.ten))
    #expect(abs(found - expected) < 1e-12)
  }

  @Test func sharesLeaveOutWholeValues() throws {
    #expect(try value("tc90", Array(repeating: 5, count: 15)) == 14)
    #expect(try value("tc90", Array(repeating: 5, count: 9)) == 9)
    // 0.1 % of 1,000 is one, though no binary number says so.
    #expect(try value("tc99.9", (0..<1000).map { Double($0) }) == 999)
    #expect(try value("TM(25%:75%)", [1, 2, 3]) == 2)
  }

  @Test func nothingWithinIsNoMean() throws {
    for text in ["TM(20:30)", "tm90", "IQM", "WM(1:2)"] { #expect(try value(text, []) == nil) }
    #expect(try value("TM(20:30)", Self.ten) == nil)
    #expect(try value("TC(20:30)", Self.ten) == 0)
    #expect(try value("TS(20:30)", Self.ten) == 0)
    #expect(try value("PR(20:30)", Self.ten) == 0)
    #expect(try value("WM(20:30)", Self.ten) == 20)
  }

  @Test(arguments: [
    "", "tm", "tm0", "tm101", "tmx", "TM()", "TM(:)", "TM(10%)", "TM(10%:5)", "TM(90%:10%)", "TM(5:5)", "TM(-1%:50%)", "TM(1:2:3)", "PR(10%:90%)", "pr90",
    "IQ", "iqm ", "p90", "TM(a:b)", "TM(inf:5)", "TM(nan:5)", "TM(10%:101%)", "XX(1:2)",
  ])
  func refusesWhatIsNone(_ text: String) { #expect(TrimmedStatistic(text) == nil) }

  /// Values that are alike in one sample, or each on its own, in any order: the same.
  @Test func samplesCountAsManyAsTheyAre() throws {
    let seed = environmentNumber("CAIRN_SEED").map(UInt64.init) ?? .random(in: 0...UInt64(UInt32.max))
    var random = SeededGenerator(seed: seed)
    let texts = ["tm90", "tc80", "ts95", "wm75", "IQM", "TM(10%:60%)", "WM(5%:95%)", "TM(3:7)", "WM(3:7)", "PR(2:8)", "TC(33.3%:66.6%)"]
    for _ in 0..<200 {
      let samples = (0..<Int.random(in: 1...12, using: &random)).map { _ in
        TrimmedStatistic.Sample(value: Double(Int.random(in: -2...10, using: &random)), count: Int.random(in: 1...9, using: &random))
      }
      let single = samples.flatMap { Array(repeating: TrimmedStatistic.Sample(value: $0.value), count: $0.count) }.shuffled(using: &random)
      for text in texts {
        let statistic = try #require(TrimmedStatistic(text))
        let (one, other) = (statistic.value(samples), statistic.value(single))
        #expect((one == nil) == (other == nil) && abs((one ?? 0) - (other ?? 0)) < 1e-9, "\(text), seed \(seed)")
      }
    }
  }
}
