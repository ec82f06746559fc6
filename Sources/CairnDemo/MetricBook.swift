// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// What the processes count between two exports of their metrics: a histogram for each route, a counter, and gauges.
struct MetricBook {
  private struct Key: Hashable, Comparable {
    var resource: ResourceIndex
    var method: String
    var route: String
    var status: Int

    static func < (left: Key, right: Key) -> Bool {
      (left.resource.value, left.route, left.method, left.status) < (
        right.resource.value, right.route, right.method, right.status
      )
    }
  }

  private struct Cell {
    var counts = [UInt64](repeating: 0, count: bounds.count + 1)
    var sum = 0.0
    var least = Double.infinity
    var slowest: Observation?
  }

  /// Seconds; OpenTelemetry's advice for `http.server.request.duration`.
  private static let bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
  private var cells: [Key: Cell] = [:]
  private var requestCounts = [Int64](repeating: 0, count: ResourceIndex.count)
  private let startNanoseconds: UInt64
  private var lastNanoseconds: UInt64

  init(startNanoseconds: Int64) {
    self.startNanoseconds = UInt64(startNanoseconds)
    lastNanoseconds = UInt64(startNanoseconds)
  }

  mutating func add(_ observation: Observation) {
    let key = Key(
      resource: observation.resource, method: observation.method, route: observation.route, status: observation.status)
    let seconds = observation.milliseconds / 1000
    let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
    var cell = cells.removeValue(forKey: key) ?? Cell()
    cell.counts[bucket] += 1
    cell.sum += seconds
    cell.least = min(cell.least, seconds)
    if observation.milliseconds > cell.slowest?.milliseconds ?? -1 { cell.slowest = observation }
    cells[key] = cell
    requestCounts[observation.resource.value] += 1
  }

  /// Hands everything to `buffer` as of this moment, and starts the histograms anew.
  mutating func export(at nanoseconds: Int64, _ random: inout SeededRandom, into buffer: inout ExportBuffer) {
    let now = UInt64(nanoseconds)
    for index in 0..<ResourceIndex.count {
      let resource = ResourceIndex(value: index)
      for (name, unit, value) in gauges(resource, &random) {
        buffer.append(metric(name, unit, gauge: value, now), from: resource)
      }
      buffer.append(requestCounter(index, now), from: resource)
    }
    var byResource: [ResourceIndex: [Key]] = [:]
    for key in cells.keys { byResource[key.resource, default: []].append(key) }
    for resource in byResource.keys.sorted() {
      let keys = (byResource[resource] ?? []).sorted()
      buffer.append(durations(keys, now), from: resource, itemCount: keys.count)
    }
    cells.removeAll(keepingCapacity: true)
    lastNanoseconds = now
  }

  private func gauges(_ resource: ResourceIndex, _ random: inout SeededRandom) -> [(String, String, Double)] {
    let base = 120 + Double(resource.service.index * 23 + resource.pod * 5)
    let common = [
      ("process.cpu.utilization", "1", random.spread(0.22, 0.4)),
      ("process.memory.usage", "By", (base + random.unit() * 60) * 1_048_576),
    ]
    switch resource.service.language {
    case .python: return common + [("cpython.gc.objects.alive", "{object}", 90_000 + random.unit() * 20_000)]
    case .go: return common + [("go.goroutine.count", "{goroutine}", (40 + random.unit() * 60).rounded())]
    case .java: return common + [("jvm.memory.used", "By", (base * 2 + random.unit() * 200) * 1_048_576)]
    case .nodejs: return common + [("nodejs.eventloop.delay.p99", "s", random.spread(0.011, 0.5))]
    }
  }

  private func metric(_ name: String, _ unit: String, gauge value: Double, _ now: UInt64) -> ProtobufWriter {
    var point = ProtobufWriter()
    point.fixed64(3, now)
    point.double(4, value)
    var points = ProtobufWriter()
    points.message(1, point)
    return metric(name, unit, form: 5, points)
  }

  private func requestCounter(_ index: Int, _ now: UInt64) -> ProtobufWriter {
    var point = ProtobufWriter()
    point.fixed64(2, startNanoseconds)
    point.fixed64(3, now)
    point.fixed64(6, UInt64(bitPattern: requestCounts[index]))
    var points = ProtobufWriter()
    points.message(1, point)
    points.varint(2, 2)  // cumulative
    points.varint(3, 1)  // only grows
    return metric("app.requests", "{request}", form: 7, points)
  }

  private func durations(_ keys: [Key], _ now: UInt64) -> ProtobufWriter {
    var points = ProtobufWriter()
    for key in keys {
      guard let cell = cells[key] else { continue }
      var point = ProtobufWriter()
      point.fixed64(2, lastNanoseconds)
      point.fixed64(3, now)
      point.fixed64(4, cell.counts.reduce(0, +))
      point.double(5, cell.sum)
      point.packed(6, cell.counts)
      point.packed(7, Self.bounds.map(\.bitPattern))
      if let slowest = cell.slowest { point.message(8, exemplar(slowest, now)) }
      point.attribute(9, "http.request.method", key.method)
      point.attribute(9, "http.route", key.route)
      point.attribute(9, "http.response.status_code", key.status)
      point.double(11, cell.least)
      point.double(12, (cell.slowest?.milliseconds ?? 0) / 1000)
      points.message(1, point)
    }
    points.varint(2, 1)  // delta
    return metric("http.server.request.duration", "s", form: 9, points)
  }

  private func exemplar(_ observation: Observation, _ now: UInt64) -> ProtobufWriter {
    var writer = ProtobufWriter()
    writer.fixed64(2, now)
    writer.double(3, observation.milliseconds / 1000)
    writer.spanID(4, observation.span)
    writer.traceID(5, high: observation.trace.high, low: observation.trace.low)
    return writer
  }

  private func metric(_ name: String, _ unit: String, form: Int, _ data: ProtobufWriter) -> ProtobufWriter {
    var writer = ProtobufWriter()
    writer.text(1, name)
    writer.text(3, unit)
    writer.message(form, data)
    return writer
  }
}
