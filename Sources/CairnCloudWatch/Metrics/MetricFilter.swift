// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// A metric filter: a pattern, and what a line that matches adds to a metric.
public struct MetricFilter: Sendable {
  enum Source: Sendable {
    case number(Double)
    /// `$.field` or `$field`, as the pattern extracts it.
    case selector(String)
  }
  public let name: String
  let pattern: FilterPattern
  let metricName, namespace, unit: String
  let value: Source
  let defaultValue: Double?
  let dimensions: [(name: String, selector: String)]
  /// The transformation as the API shows it.
  public let document: JSONValue

  public static let dimensionCountMax = 3
  /// A pattern's own selectors, and those of values and dimensions beside it, that a line is read for.
  private let selectors: [String: JSONSelector]

  public init(name: String, pattern: FilterPattern, transformation: JSONValue) throws(LogsError) {
    self.name = name
    self.pattern = pattern
    metricName = try Self.text(transformation, "metricName", max: 255)
    namespace = try Self.text(transformation, "metricNamespace", max: 255)
    unit = transformation["unit"]?.string ?? "None"
    let text = try Self.text(transformation, "metricValue", max: 100)
    if let number = PatternValue.number(text) {
      value = .number(number)
    } else if text.hasPrefix("$") {
      guard pattern.hasSelectors else {
        throw LogsError(.invalidParameter, "Invalid metric transformation: a selector needs a pattern with fields")
      }
      value = .selector(text)
    } else {
      throw LogsError(.invalidParameter, "Invalid metric transformation: '\(text)' is neither a number nor a selector")
    }
    defaultValue = transformation["defaultValue"]?.number
    var found: [(name: String, selector: String)] = []
    for member in transformation["dimensions"]?.members ?? [] {
      guard let selector = member.value.string, selector.hasPrefix("$") else {
        throw LogsError(.invalidParameter, "Invalid metric transformation: a dimension's value is a selector")
      }
      found.append((member.name, selector))
    }
    guard found.count <= Self.dimensionCountMax else {
      throw .constraint("{…}", at: "dimensions", "have length less than or equal to 3")
    }
    if !found.isEmpty, !pattern.hasSelectors {
      throw LogsError(.invalidParameter, "Invalid metric transformation: dimensions need a JSON or a space-delimited pattern")
    }
    if !found.isEmpty, defaultValue != nil {
      throw LogsError(.invalidParameter, "Invalid metric transformation: dimensions and a default value are mutually exclusive")
    }
    dimensions = found
    var selectors: [String: JSONSelector] = [:]
    for text in found.map(\.selector) + [text] { if let selector = JSONSelector(text) { selectors[text] = selector } }
    self.selectors = selectors
    var members = [
      JSONMember("metricName", .string(metricName)), JSONMember("metricNamespace", .string(namespace)),
      JSONMember("metricValue", .string(text)),
    ]
    if let defaultValue { members.append(JSONMember("defaultValue", .double(defaultValue))) }
    if !found.isEmpty { members.append(JSONMember("dimensions", transformation["dimensions"] ?? .null)) }
    if let unit = transformation["unit"] { members.append(JSONMember("unit", unit)) }
    document = .object(members)
  }

  private static func text(_ value: JSONValue, _ name: String, max: Int) throws(LogsError) -> String {
    guard let text = value[name]?.string else { throw .missing("metricTransformations.1.member.\(name)") }
    try LogNames.checkLength(text, at: "metricTransformations.1.member.\(name)", min: name == "metricName" ? 1 : 0, max: max)
    if name != "metricValue", text.utf8.contains(where: { $0 == 0x3a || $0 == 0x2a || $0 == 0x24 }) {
      throw .constraint(text, at: "metricTransformations.1.member.\(name)", "satisfy regular expression pattern: [^:*$]*")
    }
    return text
  }

  /// The points of a batch's lines, and where the filter has a default value the minutes in which lines came: true where one of them matched.
  public func points(_ batch: LogBatch) -> (points: [MetricPoint], minutes: [Int64: Bool]) {
    var points: [MetricPoint] = []
    var minutes: [Int64: Bool] = [:]
    for index in 0..<batch.count {
      let time = batch.times[index]
      let isMatch = batch.text.withBytes { pattern.matches($0.extracting(batch.range(index))) }
      if defaultValue != nil { minutes[time / 60_000 * 60_000, default: false] = minutes[time / 60_000 * 60_000] == true || isMatch }
      guard isMatch, let point = point(batch.message(index), time) else { continue }
      points.append(point)
    }
    return (points, minutes)
  }

  /// What a minute without a match counts; nil where it counts nothing.
  func defaultPoint(minute: Int64) -> MetricPoint? {
    guard let defaultValue else { return nil }
    var point = MetricPoint(namespace: namespace, name: metricName, timeUnixMilliseconds: minute, value: defaultValue)
    point.unit = unit
    return point
  }

  /// nil where the line has no number for the value, or lacks a dimension.
  private func point(_ line: String, _ time: Int64) -> MetricPoint? {
    var values: [String: String] = [:]
    if pattern.hasSelectors {
      values = pattern.extract(line) ?? [:]
      if let json = Array(line.utf8).withBytes({ JSONPattern.parse($0) }) {
        for (text, selector) in selectors where values[text] == nil {
          values[text] = selector.find(in: json).lazy.compactMap(JSONPattern.text).first
        }
      }
    }
    let number: Double
    switch value {
    case .number(let fixed): number = fixed
    case .selector(let selector):
      guard let read = values[selector].flatMap(PatternValue.number) else { return nil }
      number = read
    }
    var point = MetricPoint(namespace: namespace, name: metricName, timeUnixMilliseconds: time, value: number)
    point.unit = unit
    for (name, selector) in dimensions {
      guard let text = values[selector], !text.isEmpty else { return nil }
      point.dimensions[name] = String(text.prefix(1024))
    }
    return point
  }
}
