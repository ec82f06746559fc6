// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnColumns
import CairnFormats
import CairnPlan

/// Reads the members of a CloudWatch call, which forms send as text and JSON as what they are.
extension JSONValue {
  /// A number, also one in text.
  var looseNumber: Double? { number ?? string.flatMap { Double($0) } }

  var looseInteger: Int64? { looseNumber.flatMap { Int64(exactly: $0.rounded()) } }

  var looseBoolean: Bool? { boolean ?? (string == "true" ? true : string == "false" ? false : nil) }

  /// Seconds since 1970, or a time in ISO 8601, as nanoseconds.
  var looseTime: Int64? {
    if let seconds = number {
      guard seconds.magnitude < 9e9 else { return nil }
      return Int64(seconds * 1000) * 1_000_000
    }
    return string.flatMap { AWSDate.nanoseconds(iso: $0) }
  }
}

/// A metric as calls name it.
struct MetricName: Sendable, Hashable {
  var namespace: String
  var name: String
  var dimensions: [String: String]

  init(namespace: String, name: String, dimensions: [String: String]) {
    self.namespace = namespace
    self.name = name
    self.dimensions = dimensions
  }

  /// From an object with `Namespace`, `MetricName` and `Dimensions`.
  init(_ value: JSONValue) throws(LogsError) {
    guard let namespace = value["Namespace"]?.string, !namespace.isEmpty else {
      throw LogsError(.missingParameter, "The parameter Namespace is required.")
    }
    guard let name = value["MetricName"]?.string, !name.isEmpty else {
      throw LogsError(.missingParameter, "The parameter MetricName is required.")
    }
    guard namespace.utf8.count <= 255, name.utf8.count <= 255 else {
      throw LogsError(.invalidParameterValue, "Namespace and MetricName are at most 255 characters long.")
    }
    self.namespace = namespace
    self.name = name
    dimensions = try Self.dimensions(value["Dimensions"])
  }

  static func dimensions(_ value: JSONValue?) throws(LogsError) -> [String: String] {
    var found: [String: String] = [:]
    for entry in value?.array ?? [] {
      guard let name = entry["Name"]?.string, let text = entry["Value"]?.string, !name.isEmpty, !text.isEmpty else {
        throw LogsError(.invalidParameterValue, "A dimension has a Name and a Value, neither of them empty.")
      }
      guard name.utf8.count <= 255, text.utf8.count <= 1024 else {
        throw LogsError(.invalidParameterValue, "A dimension's Name is at most 255, its Value at most 1024 characters long.")
      }
      found[name] = text
    }
    guard found.count <= 30 else { throw LogsError(.invalidParameterValue, "A metric has at most 30 dimensions.") }
    return found
  }

  /// `Dimensions` as answers show them.
  static func dimensionList(_ dimensions: [String: String]) -> JSONValue {
    .array(
      dimensions.sorted { precedes($0.key, $1.key) }.map {
        .object([JSONMember("Name", .string($0.key)), JSONMember("Value", .string($0.value))])
      })
  }

  var filter: Filter {
    .all([
      .compare(column: MetricField.name, .equal, .string(name)),
      .compare(column: MetricField.dimensions, .equal, .string(MetricPoint.key(dimensions))),
    ])
  }
}

/// A statistic: `Average`, `p99`, `TM(10%:90%)`, …
enum MetricStatistic: Sendable, Hashable {
  case sampleCount
  case average
  case sum
  case minimum
  case maximum
  /// In thousandths.
  case percentile(Int)
  case trimmed(TrimmedStatistic)

  init?(_ text: String) {
    switch text {
    case "SampleCount": self = .sampleCount
    case "Average": self = .average
    case "Sum": self = .sum
    case "Minimum": self = .minimum
    case "Maximum": self = .maximum
    default:
      if let trimmed = TrimmedStatistic(text) {
        self = .trimmed(trimmed)
        return
      }
      guard text.hasPrefix("p"), let number = Double(text.dropFirst()), number >= 0, number <= 100 else { return nil }
      // The engine's sketches know tenths of a percent; finer ones are read from the values themselves.
      let perMille = number * 10
      self = perMille == perMille.rounded() ? .percentile(Int(perMille)) : .trimmed(TrimmedStatistic(percentile: number))
    }
  }

  /// What is worked out of the single values; nil for what the engine does.
  var trimmed: TrimmedStatistic? {
    guard case .trimmed(let statistic) = self else { return nil }
    return statistic
  }

  /// What the engine is asked for; nil for what is worked out of the single values.
  var calculation: Calculation? {
    switch self {
    case .trimmed: nil
    case .sampleCount: .count
    case .average: Calculation(.average, column: MetricField.value)
    case .sum: Calculation(.sum, column: MetricField.value)
    case .minimum: Calculation(.minimum, column: MetricField.value)
    case .maximum: Calculation(.maximum, column: MetricField.value)
    case .percentile(let thousandths): Calculation(.percentile(perMille: thousandths), column: MetricField.value)
    }
  }
}
