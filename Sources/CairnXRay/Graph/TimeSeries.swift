// SPDX-License-Identifier: Apache-2.0
public import CairnFormats
public import CairnPlan

/// The statistics of a service or of calls over time, as `GetTimeSeriesServiceStatistics` tells them.
public struct XRayTimeSeries: Sendable {
  /// One time bucket; `isEdge` where calls were asked for, not a service.
  public struct Point: Sendable {
    public var startUnixNanoseconds: Int64
    public var statistics: CallStatistics
    public var histogram: CallHistogram
    public var forecast: ClosedRange<Int64>?
  }
  public private(set) var points: [Point] = []
  private let isEdge: Bool

  /// Sums what the selector means: a service, the calls between two, or without a selector all calls from outside.
  ///
  /// Buckets without calls are told too, as AWS does for a range that has any. With `hasForecast` each bucket of a service gets the band
  /// in which its faults would lie if they went on as in the buckets before.
  public init(
    _ graph: ServiceGraphAnswer, selector: (source: ServiceSelector?, target: ServiceSelector)?, time: TimeRange, stepNanoseconds: Int64,
    hasForecast: Bool
  ) {
    isEdge = selector == nil || selector?.source != nil
    var buckets: [Int64: (CallStatistics, [CallHistogram])] = [:]
    func add(_ list: [CallBucket]) {
      for bucket in list {
        buckets[bucket.startUnixNanoseconds, default: (CallStatistics(), [])].0.add(bucket.statistics)
        buckets[bucket.startUnixNanoseconds]?.1.append(bucket.histogram)
      }
    }
    func isMeant(_ selector: ServiceSelector, _ node: Int) -> Bool {
      selector.matches(name: graph.nodes[node].identity.name, type: graph.nodes[node].identity.type, accountID: nil)
    }
    if let selector, let source = selector.source {
      for edge in graph.edges where isMeant(selector.target, edge.target) {
        if let caller = edge.source {
          if isMeant(source, caller) { add(edge.buckets) }
        } else if source.type == "client" || source.name == "client" {
          add(edge.buckets)
        }
      }
    } else if let selector {
      for index in graph.nodes.indices where isMeant(selector.target, index) { add(graph.nodes[index].buckets) }
    } else {
      for edge in graph.edges where edge.source == nil { add(edge.buckets) }
    }
    fill(buckets, time, stepNanoseconds, hasForecast)
  }

  private mutating func fill(
    _ buckets: [Int64: (CallStatistics, [CallHistogram])], _ time: TimeRange, _ step: Int64, _ hasForecast: Bool
  ) {
    guard !buckets.isEmpty else { return }
    var band = FaultBand()
    var start = time.startUnixNanoseconds / step * step
    while start < time.endUnixNanoseconds, points.count < 20_000 {
      let found = buckets[start]
      let statistics = found?.0 ?? CallStatistics()
      var point = Point(
        startUnixNanoseconds: start, statistics: statistics, histogram: CallHistogram(merging: found?.1 ?? []), forecast: nil)
      if hasForecast, !isEdge {
        point.forecast = band.counts(of: statistics.totalCount)
        band.add(faultCount: statistics.faultCount, totalCount: statistics.totalCount)
      }
      points.append(point)
      start += step
    }
  }

  /// Writes a part of the points as an array.
  public func write(_ range: Range<Int>, _ writer: inout JSONWriter) {
    writer.beginArray()
    for point in points[range] {
      writer.beginObject()
      writer.member("Timestamp", seconds(point.startUnixNanoseconds))
      writer.key(isEdge ? "EdgeSummaryStatistics" : "ServiceSummaryStatistics")
      point.statistics.write(&writer)
      if let forecast = point.forecast {
        writer.key("ServiceForecastStatistics")
        writer.beginObject()
        writer.member("FaultCountHigh", forecast.upperBound)
        writer.member("FaultCountLow", forecast.lowerBound)
        writer.endObject()
      }
      writer.key("ResponseTimeHistogram")
      point.histogram.write(&writer)
      writer.endObject()
    }
    writer.endArray()
  }
}

extension CallHistogram {
  /// Several histograms as one; cells of equal length are joined.
  public init(merging histograms: [CallHistogram]) {
    if histograms.count == 1 {
      self = histograms[0]
      return
    }
    var counts: [Double: Int64] = [:]
    for cell in histograms.flatMap(\.cells) { counts[cell.seconds, default: 0] += cell.count }
    self.init(cells: counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
  }
}
