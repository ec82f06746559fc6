// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

// ExportMetricsServiceRequest
//
//   request    1 resource_metrics { 1 resource, 2 scope_metrics { 1 scope, 2 metrics } }
//   Metric     1 name  3 unit  5 gauge { 1 points }  7 sum { 1 points, 2 temporality, 3 is_monotonic }  9 histogram { 1 points, 2 temporality }
//   NumberDataPoint     2 start  3 time  4 as_double  6 as_int (sfixed64)  7 attributes
//   HistogramDataPoint  2 start  3 time  4 count  5 sum  6 bucket_counts  7 explicit_bounds  8 exemplars  9 attributes  11 min  12 max
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
  static func metrics(_ readings: [MetricReading], resource: Resource, encoding: OTLPEncoding) -> [UInt8] {
    // Points of one metric stand together: readings come sorted by name.
    var metrics: [[MetricReading]] = []
    for reading in readings {
      if let last = metrics.last?.first, last.series.name == reading.series.name, last.value.form == reading.value.form {
        metrics[metrics.count - 1].append(reading)
      } else {
        metrics.append([reading])
      }
    }
    return request(encoding) { writer in
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
    }
  }

  private mutating func point(_ reading: MetricReading) {
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

  private mutating func exemplar(_ exemplar: HistogramValue.Exemplar) {
    fixed64(2, "timeUnixNano", exemplar.unixNanoseconds)
    double(3, "asDouble", exemplar.value)
    spanID(4, "spanId", exemplar.context.span)
    traceID(5, "traceId", exemplar.context.trace)
  }
}

extension MetricValue {
  fileprivate enum Form {
    case gauge
    case sum
    case histogram
  }

  fileprivate var form: Form {
    switch self {
    case .gauge: .gauge
    case .sum, .integerSum: .sum
    case .histogram: .histogram
    }
  }
}
