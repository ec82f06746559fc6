// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnOTLP
import CoreMetrics
import Glibc
import TestSupport
import Testing

@testable import CairnKit

struct ExponentialBucketsTests {
  /// The bounds of a bucket, by the definition.
  private func bound(_ index: Int, _ scale: Int) -> Double { exp2(Double(index) * exp2(Double(-scale))) }

  @Test(arguments: [(1.0, 0, -1), (1.5, 0, 0), (2.0, 0, 0), (2.1, 0, 1), (4.0, 1, 3), (4.1, 1, 4), (0.25, 2, -9), (1024.0, -2, 2), (1025.0, -2, 2), (0.9, -10, -1)])
  func aValueIsInTheBucketThatTheSpecificationSays(value: Double, scale: Int, index: Int) {
    #expect(ExponentialBuckets.index(value, scale: scale) == index)
  }

  @Test func everyValueIsBetweenTheBoundsOfItsBucket() {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<2_000 {
      let value = exp2(Double(random.below(1_800)) / 10 - 90), scale = random.below(16) - 4
      let index = ExponentialBuckets.index(value, scale: scale)
      // The bounds are computed by another way, which rounds too.
      #expect(bound(index, scale) <= value * (1 + 1e-9) && value <= bound(index + 1, scale) * (1 + 1e-9), "\(value) at scale \(scale)")
    }
  }

  @Test func anySpreadFits() {
    var buckets = ExponentialBuckets()
    for value in [Double.leastNonzeroMagnitude, 1e-300, 1, -1, 0, 3, -1e300, Double.greatestFiniteMagnitude] { buckets.record(value) }
    #expect(buckets.positive.counts.count <= ExponentialBuckets.bucketCountMax && buckets.negative.counts.count <= ExponentialBuckets.bucketCountMax)
    #expect(buckets.positive.counts.reduce(0, +) == 5 && buckets.negative.counts.reduce(0, +) == 2 && buckets.zeroCount == 1)
    #expect(buckets.scale < 0)
  }

  @Test func closeValuesKeepAFineScale() {
    var buckets = ExponentialBuckets()
    for step in 0..<1_000 { buckets.record(0.1 + Double(step) * 1e-4) }
    #expect(buckets.scale >= 7)
    #expect(buckets.positive.counts.reduce(0, +) == 1_000)
  }

  @Test func theServerReadsThem() throws {
    let factory = KitMetricsFactory(aggregation: .exponential) { _ in }
    let timer = factory.makeTimer(label: "work.duration", dimensions: [("route", "/")])
    for milliseconds in 1...100 { timer.recordNanoseconds(Int64(milliseconds) * 1_000_000) }
    let readings = factory.instruments.compactMap { instrument in
      instrument.read(isDelta: false).map { MetricReading(series: instrument.series, value: $0, startUnixNanoseconds: 1, unixNanoseconds: 2, isDelta: false) }
    }
    for encoding in [OTLPEncoding.protobuf, .json] {
      var body = OTLPWriter.metrics(readings, resource: Resource(), encoding: encoding, in: BodyMemory()).bytes
      if encoding == .json {
        var protobuf: [UInt8] = []
        try transcodeMetricsJSON(unsafe body.span.bytes, into: &protobuf)
        body = protobuf
      }
      var batch = Batch()
      _ = try decodeMetrics(unsafe body.span.bytes, IntakeContext(environment: "default", receivedUnixNanoseconds: 0), into: &batch)
      let row = try #require(TestSupport.rows(of: batch).first)
      #expect(row["work.duration.count"] == .integer(100))
      guard case .float(let median)? = row["work.duration.p50"] else {
        Issue.record("no median: \(row)")
        return
      }
      #expect(abs(median - 0.05) < 0.002)
    }
  }
}
