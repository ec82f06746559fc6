// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import NIOCore

// ExportMetricsServiceRequest
//
//   request    1 resource_metrics { 1 resource, 2 scope_metrics { 1 scope, 2 metrics } }
//   Metric     1 name  3 unit  5 gauge { 1 points }  7 sum { 1 points, 2 temporality, 3 is_monotonic }  9 histogram { 1 points, 2 temporality }
//              10 exponential_histogram { 1 points, 2 temporality }
//   NumberDataPoint     2 start  3 time  4 as_double  6 as_int (sfixed64)  7 attributes
//   HistogramDataPoint  2 start  3 time  4 count  5 sum  6 bucket_counts  7 explicit_bounds  8 exemplars  9 attributes  11 min  12 max
//   ExponentialHistogramDataPoint  1 attributes  2 start  3 time  4 count  5 sum  6 scale (sint32)  7 zero_count  8 positive  9 negative
//                       11 exemplars  12 min  13 max          Buckets  1 offset (sint32)  2 counts (packed varints)
//   Exemplar   2 time  3 as_double  4 span_id  5 trace_id
//   temporality  1 delta  2 cumulative
//
// Source: opentelemetry-proto metrics.proto

/// One series with what was read of it.
struct MetricReading: Sendable {
  var series: MetricSeries
  var value: MetricValue
  var startUnixNanoseconds: UInt64
  var unixNanoseconds: UInt64
  var isDelta: Bool
}

extension OTLPWriter {
  static func metrics(_ readings: [MetricReading], resource: Resource, encoding: OTLPEncoding, in memory: BodyMemory) -> ByteBuffer {
    // Points of one metric stand together: readings come sorted by name.
    var metrics: [[MetricReading]] = []
    for reading in readings {
      if let last = metrics.last?.first, last.series.name == reading.series.name, last.value.form == reading.value.form, last.isDelta == reading.isDelta {
        metrics[metrics.count - 1].append(reading)
      } else {
        metrics.append([reading])
      }
    }
    return body(encoding, in: memory, about: 0) { writer in
      writer.messages(1, "resourceMetrics", [resource]) { resource, group in
        group.resource(resource)
        group.messages(2, "scopeMetrics", [metrics]) { metrics, scope in
          scope.scope()
          scope.messages(2, "metrics", metrics) { $1.metric($0) }
        }
      }
    }
  }

  private mutating func metric(_ points: [MetricReading]) {
    guard let first = points.first else { return }
    text(1, "name", first.series.name)
    text(3, "unit", first.series.unit)
    let temporality = first.isDelta ? 1 : 2
    switch first.value.form {
    case .gauge: message(5, "gauge") { $0.messages(1, "dataPoints", points) { $1.point($0) } }
    case .sum:
      message(7, "sum") { sum in
        sum.messages(1, "dataPoints", points) { $1.point($0) }
        sum.number(2, "aggregationTemporality", temporality)
        sum.boolean(3, "isMonotonic", true)
      }
    case .histogram:
      message(9, "histogram") { histogram in
        histogram.messages(1, "dataPoints", points) { $1.point($0) }
        histogram.number(2, "aggregationTemporality", temporality)
      }
    case .exponential:
      message(10, "exponentialHistogram") { histogram in
        histogram.messages(1, "dataPoints", points) { $1.point($0) }
        histogram.number(2, "aggregationTemporality", temporality)
      }
    }
  }

  private mutating func point(_ reading: MetricReading) {
    if case .histogram(let value) = reading.value, let buckets = value.exponential { return exponentialPoint(reading, value, buckets) }
    fixed64(2, "startTimeUnixNano", reading.startUnixNanoseconds)
    fixed64(3, "timeUnixNano", reading.unixNanoseconds)
    switch reading.value {
    case .gauge(let value), .sum(let value):
      double(4, "asDouble", value)
      attributes(7, reading.series.dimensions)
    case .integerSum(let value):
      signed64(6, "asInt", value)
      attributes(7, reading.series.dimensions)
    case .histogram(let value):
      fixed64(4, "count", value.count)
      double(5, "sum", value.sum)
      counts(6, "bucketCounts", value.counts)
      doubles(7, "explicitBounds", value.bounds)
      messages(8, "exemplars", value.exemplars.sorted { $0.key < $1.key }.map(\.value)) { $1.exemplar($0) }
      attributes(9, reading.series.dimensions)
      double(11, "min", value.minimum)
      double(12, "max", value.maximum)
    }
  }

  private mutating func exponentialPoint(_ reading: MetricReading, _ value: HistogramValue, _ buckets: ExponentialBuckets) {
    attributes(1, reading.series.dimensions)
    fixed64(2, "startTimeUnixNano", reading.startUnixNanoseconds)
    fixed64(3, "timeUnixNano", reading.unixNanoseconds)
    fixed64(4, "count", value.count)
    double(5, "sum", value.sum)
    signed32(6, "scale", buckets.scale)
    fixed64(7, "zeroCount", buckets.zeroCount)
    side(8, "positive", buckets.positive)
    side(9, "negative", buckets.negative)
    messages(11, "exemplars", value.exemplars.sorted { $0.key < $1.key }.map(\.value)) { $1.exemplar($0) }
    double(12, "min", value.minimum)
    double(13, "max", value.maximum)
  }

  private mutating func side(_ number: Int, _ name: StaticString, _ side: ExponentialBuckets.Side) {
    guard !side.counts.isEmpty else { return }
    message(number, name) { writer in
      writer.signed32(1, "offset", side.offset)
      writer.varints(2, "bucketCounts", side.counts)
    }
  }

  private mutating func exemplar(_ exemplar: HistogramValue.Exemplar) {
    fixed64(2, "timeUnixNano", exemplar.unixNanoseconds)
    double(3, "asDouble", exemplar.value)
    guard let context = exemplar.context else { return }
    spanID(4, "spanId", context.span)
    traceID(5, "traceId", context.trace)
  }
}

extension MetricValue {
  fileprivate enum Form {
    case gauge
    case sum
    case histogram
    case exponential
  }

  fileprivate var form: Form {
    switch self {
    case .gauge: .gauge
    case .sum, .integerSum: .sum
    case .histogram(let value): value.exponential == nil ? .histogram : .exponential
    }
  }
}
