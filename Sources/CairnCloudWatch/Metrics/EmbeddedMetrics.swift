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

  /// The points of a batch's lines.
  public static func points(_ batch: LogBatch) -> [MetricPoint] {
    var points: [MetricPoint] = []
    let mark = Array("\"_aws\"".utf8)
    for index in 0..<batch.count {
      let line = batch.text[batch.range(index)]
      guard line.first == 0x7b, contains(line, mark) else { continue }
      guard let value = try? JSONValue(parsing: Array(line)) else { continue }
      points += self.points(value, at: batch.times[index])
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

  /// The points of one line; what does not follow the specification is left out.
  static func points(_ line: JSONValue, at time: Int64) -> [MetricPoint] {
    guard let directives = line["_aws"]?["CloudWatchMetrics"]?.array else { return [] }
    let time = line["_aws"]?["Timestamp"]?.integer ?? time
    var points: [MetricPoint] = []
    for directive in directives {
      guard let namespace = directive["Namespace"]?.string, !namespace.isEmpty, namespace.utf8.count <= 255 else { continue }
      let sets = directive["Dimensions"]?.array?.compactMap { $0.array?.compactMap(\.string) } ?? [[]]
      for metric in (directive["Metrics"]?.array ?? []).prefix(metricCountMax) {
        guard let name = metric["Name"]?.string, let value = line[name] else { continue }
        let numbers = (value.array ?? [value]).prefix(valueCountMax).compactMap(\.number)
        for set in sets.isEmpty ? [[]] : sets where set.count <= dimensionCountMax {
          guard let dimensions = dimensions(set, line) else { continue }
          for number in numbers where number.isFinite {
            var point = MetricPoint(namespace: namespace, name: name, timeUnixMilliseconds: time, value: number)
            point.unit = metric["Unit"]?.string ?? "None"
            point.dimensions = dimensions
            points.append(point)
          }
        }
      }
    }
    return points
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
