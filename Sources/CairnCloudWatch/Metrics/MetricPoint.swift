// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnColumns
internal import CairnFormats
public import CairnPlan

// Points of CloudWatch's metrics as events:
//
//   namespace        the dataset
//   time             the event's time
//   (all of them)    meta.signal_type = metric
//   metric           metric.name         unit       metric.unit        value    metric.value
//   dimensions       metric.dimensions: one text, `name=value` sorted and joined by commas; and dimension.<name> for each
//   count            SampleRate: one event stands for so many values that are alike, so that every calculation weighs it right
//
// In the journal a request's points are one JSON document: { "points": [ { n, m, u, t, v, c, d: { … } } ] }.

extension RequestFormat {
  /// The JSON of `encode(points)`.
  public static let metricPoints = RequestFormat(rawValue: 33)
}

/// One value of a metric, or several that are alike.
public struct MetricPoint: Sendable, Hashable {
  public var namespace: String
  public var name: String
  public var unit = "None"
  public var timeUnixMilliseconds: Int64
  public var value: Double
  public var count = 1
  public var dimensions: [String: String] = [:]

  public init(namespace: String, name: String, timeUnixMilliseconds: Int64, value: Double) {
    self.namespace = namespace
    self.name = name
    self.timeUnixMilliseconds = timeUnixMilliseconds
    self.value = value
  }

  /// The text by which equal sets of dimensions are known: `name=value,name=value`, with a backslash before what would end a name or a value.
  public static func key(_ dimensions: [String: String]) -> String {
    dimensions.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { "\(escaped($0.key))=\(escaped($0.value))" }.joined(
      separator: ",")
  }

  /// The dimensions of a `key`.
  public static func dimensions(ofKey key: String) -> [String: String] {
    var found: [String: String] = [:]
    var name: String?
    var text: [UInt8] = []
    var isEscaped = false
    func finish() {
      if let name { found[name] = String(decoding: text, as: UTF8.self) }
      (name, text) = (nil, [])
    }
    for byte in key.utf8 {
      switch byte {
      case _ where isEscaped:
        text.append(byte)
        isEscaped = false
      case UInt8(ascii: "\\"): isEscaped = true
      case UInt8(ascii: "=") where name == nil: (name, text) = (String(decoding: text, as: UTF8.self), [])
      case UInt8(ascii: ","): finish()
      default: text.append(byte)
      }
    }
    finish()
    return found
  }

  private static func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: { delimiters.contains($0) }) else { return text }
    return String(decoding: text.utf8.flatMap { delimiters.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }, as: UTF8.self)
  }

  private static let delimiters = Array("\\,=".utf8)

  /// Points as the store's body.
  public static func encode(_ points: [MetricPoint]) -> [UInt8] {
    var writer = JSONWriter(reserving: points.count * 100 + 32)
    writer.beginObject()
    writer.key("points")
    writer.beginArray()
    for point in points {
      writer.beginObject()
      writer.member("n", point.namespace)
      writer.member("m", point.name)
      writer.member("u", point.unit)
      writer.member("t", point.timeUnixMilliseconds)
      writer.member("v", point.value)
      writer.member("c", point.count)
      writer.key("d")
      writer.beginObject()
      for (name, value) in point.dimensions.sorted(by: { $0.key < $1.key }) { writer.member(name, value) }
      writer.endObject()
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    return writer.finish()
  }

  /// Points with equal values in the same minute, put together: what a filter counts is one event a minute and request.
  public static func gathered(_ points: [MetricPoint]) -> [MetricPoint] {
    var places: [MetricPoint: Int] = [:]
    var gathered: [MetricPoint] = []
    for point in points {
      var key = point
      key.timeUnixMilliseconds = point.timeUnixMilliseconds / 60_000 * 60_000
      key.count = 0
      if let place = places[key] {
        gathered[place].count += point.count
      } else {
        places[key] = gathered.count
        key.count = point.count
        gathered.append(key)
      }
    }
    return gathered
  }
}

/// Names of a metric point's fields.
public enum MetricField {
  public static let name = "metric.name"
  public static let unit = "metric.unit"
  public static let value = "metric.value"
  public static let dimensions = "metric.dimensions"
  public static let dimensionPrefix = "dimension."
}

/// Decodes `MetricPoint.encode` into rows of `batch`.
public func decodeMetricPoints(
  _ bytes: RawSpan, _ context: IntakeContext, into batch: inout Batch
) throws(DecodeError) -> IntakeVerdict {
  let document = try JSONValue(parsing: bytes)
  guard let points = document["points"]?.array else { throw DecodeError(.value("no points"), at: 0) }
  var verdict = IntakeVerdict()
  for point in points {
    guard let namespace = point["n"]?.string, let name = point["m"]?.string, let value = point["v"]?.number,
      let milliseconds = point["t"]?.integer
    else { throw DecodeError(.value("a point without name, time or value"), at: 0) }
    let (time, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
    guard !overflow, time >= context.earliestUnixNanoseconds, time <= context.latestUnixNanoseconds else {
      verdict.reject("the point's time is not one that is kept")
      continue
    }
    let group = metricGroup(namespace, context, &batch)
    var dimensions: [String: String] = [:]
    for member in point["d"]?.members ?? [] where member.name.utf8.count <= 512 { dimensions[member.name] = member.value.string }
    batch.set(MetricField.name, text: name)
    batch.set(MetricField.unit, text: point["u"]?.string ?? "None")
    batch.set(MetricField.dimensions, text: MetricPoint.key(dimensions))
    batch.set(MetricField.value, float: value)
    for (key, text) in dimensions { batch.set(MetricField.dimensionPrefix + key, text: text) }
    if let count = point["c"]?.integer, count > 1 { batch.set(FieldName.sampleRate, integer: min(count, Int64(Int32.max))) }
    batch.appendRow(timeUnixNanoseconds: time, group: group)
    verdict.acceptedCount += 1
  }
  return verdict
}

private func metricGroup(_ namespace: String, _ context: IntakeContext, _ batch: inout Batch) -> GroupIndex {
  let key = Array("metrics\0\(context.environment)\0\(namespace)".utf8)
  if let known = unsafe batch.group(knownBy: key.span.bytes, 0, key.count) { return known }
  unsafe batch.beginGroup(knownBy: key.span.bytes, 0, key.count)
  batch.set(FieldName.signalType, text: "metric")
  return batch.endGroup(environment: context.environment, dataset: namespace)
}
