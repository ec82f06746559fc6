// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnOTLP
import TestSupport
import Testing

/// The mapping table of `MetricReader`, row by row.
struct MetricTests {
  func number(
    _ value: Double, time: UInt64 = testTime, _ attributes: [(String, TestValue)] = [], change: (inout Protobuf) -> Void = { _ in }
  ) -> Protobuf {
    Protobuf {
      $0.attributes(7, attributes)
      $0.fixed64(3, time)
      $0.double(4, value)
      change(&$0)
    }
  }

  func rows(_ metrics: [Protobuf], _ context: IntakeContext = testContext) throws -> [BatchRow] {
    try TestSignal.metrics.rows(Protobuf.request(items: metrics), context)
  }

  @Test func keepsTheKindOfANumber() throws {
    let integer = Protobuf {
      $0.fixed64(3, testTime)
      $0.fixed64(6, UInt64(bitPattern: -7))
    }
    let event = try #require(try rows([testMetric("a", 5, [number(0.5)]), testMetric("b", 7, [integer])]).first)
    #expect(event["a"] == .float(0.5))
    #expect(event["b"] == .integer(-7))
    #expect(event["meta.signal_type"] == .string("metric"))
    #expect(event.dataset == "shop")
  }

  @Test func mergesPointsOfASecondWithEqualAttributes() throws {
    let x: [(String, TestValue)] = [("p", .string("x")), ("q", .integer(1))]
    let all = try rows([
      testMetric("a", 5, [number(1, x), number(2, [("p", .string("y"))]), number(3, time: testTime + 1_000_000_000, x)]),
      testMetric("b", 7, [number(4, time: testTime + 999_999_999, x.reversed()), number(5)]),
    ])
    #expect(all.map { $0["a"] } == [.float(1), .float(2), .float(3), nil])
    #expect(all.map { $0["b"] } == [.float(4), nil, nil, .float(5)])
    #expect(all.map(\.time) == [0, 0, 1_000_000_000, 0].map { Int64(testTime) + $0 })
    #expect(all[0]["q"] == .integer(1))
  }

  @Test func keepsEveryPointOfAMetric() throws {
    let all = try rows([
      testMetric("a", 5, [number(1), number(2), number(3)]), testMetric("b", 5, [number(4)]), testMetric("a", 5, [number(5)]),
    ])
    #expect(all.map { $0["a"] } == [.float(1), .float(2), .float(3), .float(5)])
    #expect(all.map { $0["b"] } == [.float(4), nil, nil, nil])
  }

  @Test func tellsFormUnitAndTemporality() throws {
    let event = try #require(try rows([testMetric("a", 5, [number(1)]), testMetric("b", 7, unit: "By", [number(1)])]).first)
    #expect(
      event["meta.metrics"]
        == .string(
          #"{"a":{"type":"gauge"},"b":{"type":"sum","unit":"By","temporality":"cumulative","is_monotonic":true}}"#))
  }

  @Test func skipsWhatHasNoValue() throws {
    let metrics = [
      testMetric("a", 5, [number(.nan), number(.infinity), number(1) { $0.varint(8, 1) }, Protobuf { $0.fixed64(3, testTime) }])
    ]
    #expect(try rows(metrics).isEmpty)
    #expect(try TestSignal.metrics.verdict(Protobuf.request(items: metrics)).acceptedCount == 4)
  }

  @Test func interpolatesInExplicitBounds() throws {
    let point = Protobuf {
      $0.fixed64(3, testTime)
      $0.fixed64(4, 100)
      $0.double(5, 1_000)
      $0.packed(6, [50, 40, 10])
      $0.packed(7, [(10.0).bitPattern, (20.0).bitPattern])
      $0.double(11, 0)
      $0.double(12, 40)
    }
    let event = try #require(try rows([testMetric("h", 9, unit: "ms", [point])]).first)
    #expect(event["h.count"] == .integer(100))
    #expect(event["h.sum"] == .float(1_000))
    #expect(event["h.avg"] == .float(10))
    #expect(event["h.min"] == .float(0))
    #expect(event["h.max"] == .float(40))
    #expect(event["h.p50"] == .float(10))
    #expect(event["h.p25"] == .float(5))
    #expect(event["h.p90"] == .float(20))
    #expect(event["h.p95"] == .float(30))
    #expect(event["h.buckets"] == .string(#"{"bounds":[10.0,20.0],"counts":[50,40,10]}"#))
    for name in ["p001", "p01", "p05", "p10", "p20", "p75", "p80", "p99", "p999"] { #expect(event["h.\(name)"] != nil) }
  }

  @Test func saysNothingOfImpossibleBounds() throws {
    for bounds in [[5.0], [20, 10], [.nan, 1], [1, .infinity]] {
      let point = Protobuf {
        $0.fixed64(4, 6)
        $0.packed(6, [1, 2, 3])
        $0.packed(7, bounds.map(\.bitPattern))
      }
      let event = try #require(try rows([testMetric("h", 9, [point])]).first)
      #expect(event["h.count"] == .integer(6))
      #expect(event["h.p50"] == nil)
      #expect(event["h.buckets"] != nil)
      #expect(event["h.sum"] == nil && event["h.avg"] == nil)
    }
  }

  @Test func interpolatesInExponentialBounds() throws {
    // Scale 0: base 2. Bucket 3 holds (8, 16], bucket 4 (16, 32]; two zeros, and one value in [-2, -1).
    let point = Protobuf {
      $0.fixed64(4, 10)
      $0.double(5, 90)
      $0.varint(6, 0)
      $0.fixed64(7, 2)
      $0.message(8) {
        $0.varint(1, 6)
        $0.data(2, [4, 3])
      }
      $0.message(9) { $0.data(2, [1]) }
    }
    let event = try #require(try rows([testMetric("e", 10, [point])]).first)
    #expect(event["e.count"] == .integer(10))
    #expect(event["e.avg"] == .float(9))
    #expect(event["e.p05"] == .float(-1.5))
    #expect(event["e.p20"] == .float(0))
    #expect(event["e.p50"] == .float(12))
    #expect(
      event["e.buckets"]
        == .string(#"{"scale":0,"zero":2,"positive":{"offset":3,"counts":[4,3]},"negative":{"offset":0,"counts":[1]}}"#))
  }

  /// A byte of a request may be a bucket, and each costs many in memory.
  @Test func keepsNoBucketsOfADistributionOfTooMany() throws {
    let exponential = Protobuf {
      $0.fixed64(4, 7)
      $0.fixed64(7, 2)
      $0.message(8) { $0.data(2, [UInt8](repeating: 1, count: 20_000)) }
    }
    let explicit = Protobuf {
      $0.fixed64(4, 7)
      $0.packed(6, [UInt64](repeating: 1, count: 20_001))
      $0.packed(7, (0..<20_000).map { Double($0).bitPattern })
    }
    for metric in [testMetric("e", 10, [exponential]), testMetric("e", 9, [explicit])] {
      let event = try #require(try rows([metric]).first)
      #expect(event["e.count"] == .integer(7))
      #expect(event["e.buckets"] == nil && event["e.p50"] == nil)
    }
  }

  @Test(arguments: -10...20)
  func knowsTheBoundsOfEveryScale(_ scale: Int) throws {
    // One bucket that ends at 2 ^ (2 ^ -scale): its median lies between 1 and that.
    let point = Protobuf {
      $0.fixed64(4, 1)
      $0.varint(6, UInt64(scale < 0 ? -2 * scale - 1 : 2 * scale))
      $0.message(8) { $0.data(2, [1]) }
    }
    let event = try #require(try rows([testMetric("e", 10, [point])]).first)
    if scale <= -10 { return #expect(event["e.p50"] == nil, "2 ^ 1024 is beyond a double") }
    guard case .float(let median)? = event["e.p50"] else { return #expect(Bool(false), "no median") }
    #expect(median > 1 && (scale < 0 || median < 2))
  }

  @Test func mapsASummary() throws {
    let point = Protobuf { point in
      point.fixed64(4, 3)
      point.double(5, 6)
      for (quantile, value) in [(0.0, 1.0), (0.5, 2), (0.99, 2.5), (0.999, 2.6), (0.05, 1.1), (1, 3), (1.5, 9), (.nan, 9)] {
        point.message(6) {
          $0.double(1, quantile)
          $0.double(2, value)
        }
      }
    }
    let event = try #require(try rows([testMetric("s", 11, [point])]).first)
    let expected: [(String, Double)] = [
      ("sum", 6), ("min", 1), ("p50", 2), ("p99", 2.5), ("p999", 2.6), ("p05", 1.1), ("max", 3),
    ]
    for (suffix, value) in expected { #expect(event["s.\(suffix)"] == .float(value)) }
    #expect(event["s.count"] == .integer(3))
    #expect(event.names.filter { $0.hasPrefix("s.") && $0 != "service.name" }.count == 8)
  }

  @Test func pointsIntoTheTraceOfAnExemplar() throws {
    let point = number(1) {
      $0.message(5) { $0.double(3, 5) }
      $0.message(5) {
        $0.data(4, testSpanID)
        $0.data(5, testTraceID)
      }
    }
    let event = try #require(try rows([testMetric("a", 5, [point])]).first)
    #expect(event["trace.link.trace_id"] == .string(testTraceHex))
    #expect(event["trace.link.span_id"] == .string(testSpanHex))
    #expect(event["trace.trace_id"] == nil)
  }

  @Test func rejectsPointsOneByOne() throws {
    var context = testContext
    context.latestUnixNanoseconds = Int64(testTime) + 10_000_000_000
    let many: [(String, TestValue)] = (0..<2_001).map { ("k\($0)", .integer(1)) }
    let metrics = [
      testMetric("a", 5, [number(1), number(1, time: testTime + 10_000_000_001), number(1, time: .max), number(1, many)]),
      testMetric("b", 5, [number(1, [("m", .map(many))])]),
      testMetric("", 5, [number(1)]), testMetric(String(repeating: "n", count: 256), 5, [number(1)]),
    ]
    let verdict = try TestSignal.metrics.verdict(Protobuf.request(items: metrics), context)
    #expect(verdict.acceptedCount == 1)
    #expect(verdict.rejectedCount == 6)
    #expect(try rows(metrics, context).count == 1)
  }

  @Test func choosesTheDataset() throws {
    for (service, hint, expected) in [("shop", "h", "h"), ("shop", "", "shop"), ("", "", "unknown_metrics")] {
      let context = IntakeContext(environment: "e", datasetHint: hint, receivedUnixNanoseconds: 1)
      let body = Protobuf.request(resource: [("service.name", .string(service))], items: [testMetric("a", 5, [number(1)])])
      #expect(try TestSignal.metrics.rows(body, context).first?.dataset == expected)
    }
  }
}
