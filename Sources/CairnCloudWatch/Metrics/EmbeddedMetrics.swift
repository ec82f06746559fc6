// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

// { "_aws": { "Timestamp": ms, "CloudWatchMetrics": [ { "Namespace", "Dimensions": [ [ name ] ], "Metrics": [ { "Name", "Unit" } ] } ] },
//   "<name of a metric>": number or numbers, "<name of a dimension>": text }
//
// Source: "Embedded metric format specification" of the CloudWatch user guide.

/// Metrics that a line carries in the embedded metric format.
public enum EmbeddedMetrics {
  static let metricCountMax = 100
  static let dimensionCountMax = 30
  private static let valueCountMax = 100
  /// Of a batch. The format bounds neither directives nor sets of dimensions: with both, 3 kB would say a million points.
  public static let pointCountMax = 100_000

  /// The points of a batch's lines, the first `pointCountMax`.
  public static func points(_ batch: LogBatch) -> [MetricPoint] {
    var points: [MetricPoint] = []
    let mark = Array("\"_aws\"".utf8)
    for index in 0..<batch.count {
      let line = batch.text[batch.range(index)]
      guard line.first == 0x7b, contains(line, mark) else { continue }
      guard let value = try? JSONValue(parsing: Array(line)) else { continue }
      append(value, at: batch.times[index], to: &points)
      if points.count == pointCountMax { break }
    }
    return points
  }

  private static func contains(_ line: ArraySlice<UInt8>, _ mark: [UInt8]) -> Bool {
    var position = line.startIndex
    while position + mark.count <= line.endIndex {
      if line[position] == mark[0], line[position..<position + mark.count].elementsEqual(mark) { return true }
      position += 1
    }
    return false
  }

  /// Adds the points of one line; what does not follow the specification is left out.
  private static func append(_ line: JSONValue, at time: Int64, to points: inout [MetricPoint]) {
    guard let directives = line["_aws"]?["CloudWatchMetrics"]?.array else { return }
    let time = line["_aws"]?["Timestamp"]?.integer ?? time
    for directive in directives {
      guard let namespace = directive["Namespace"]?.string, !namespace.isEmpty, namespace.utf8.count <= 255 else { continue }
      let sets = dimensionSets(directive, line)
      for metric in (directive["Metrics"]?.array ?? []).prefix(metricCountMax) {
        guard let name = metric["Name"]?.string, let value = line[name] else { continue }
        let numbers = (value.array ?? [value]).prefix(valueCountMax).compactMap(\.number)
        for dimensions in sets {
          for number in numbers where number.isFinite {
            guard points.count < pointCountMax else { return }
            var point = MetricPoint(namespace: namespace, name: name, timeUnixMilliseconds: time, value: number)
            point.unit = metric["Unit"]?.string ?? "None"
            point.dimensions = dimensions
            points.append(point)
          }
        }
      }
    }
  }

  /// What the line holds for each of a directive's sets, equal ones once.
  private static func dimensionSets(_ directive: JSONValue, _ line: JSONValue) -> [[String: String]] {
    let sets = directive["Dimensions"]?.array?.compactMap { $0.array?.compactMap(\.string) } ?? []
    var seen: Set<Set<String>> = []
    return (sets.isEmpty ? [[]] : sets).compactMap { set in
      guard set.count <= dimensionCountMax, seen.insert(Set(set)).inserted else { return nil }
      return dimensions(set, line)
    }
  }

  /// nil where the line lacks one of them.
  private static func dimensions(_ names: [String], _ line: JSONValue) -> [String: String]? {
    var found: [String: String] = [:]
    for name in names {
      guard let text = line[name].flatMap(JSONPattern.text) else { return nil }
      found[name] = String(text.prefix(1024))
    }
    return found
  }
}
