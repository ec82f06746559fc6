// SPDX-License-Identifier: Apache-2.0
import CairnPlan

/// Figures as Prometheus reads them: text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
struct MetricsPage {
  private(set) var text = ""

  init(_ figures: [Figure]) {
    for figure in figures { add(figure) }
  }

  private mutating func add(_ figure: Figure) {
    text += "# HELP \(figure.name) \(escaped(figure.help))\n# TYPE \(figure.name) \(figure.kind.rawValue)\n"
    for sample in figure.samples { line(figure.name, sample.labels, sample.value) }
    guard let durations = figure.durations else { return }
    var sum = 0
    for (index, count) in durations.counts.enumerated() {
      sum += count
      let bounds = DurationHistogram.boundsSeconds
      line(figure.name + "_bucket", [Figure.Label("le", index < bounds.count ? String(bounds[index]) : "+Inf")], Double(sum))
    }
    line(figure.name + "_sum", [], Double(durations.sumNanoseconds) / 1e9)
    line(figure.name + "_count", [], Double(sum))
  }

  private mutating func line(_ name: String, _ labels: [Figure.Label], _ value: Double) {
    let inside = labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
    let number = value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    text += inside.isEmpty ? "\(name) \(number)\n" : "\(name){\(inside)} \(number)\n"
  }

  private func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.append(character)
      }
    }
    return result
  }
}
