// SPDX-License-Identifier: Apache-2.0
import CairnPlan

/// One of Cairn's own figures, with a value for each combination of its labels: a family of Prometheus.
struct Figure: Sendable, Hashable {
  enum Kind: String, Sendable, Hashable {
    case counter
    case gauge
    case histogram
  }
  struct Sample: Sendable, Hashable {
    var labels: [Label]
    var value: Double
  }
  struct Label: Sendable, Hashable {
    var name: String
    var value: String

    init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }
  var name: String
  var help: String
  var kind: Kind
  var samples: [Sample]
  /// For a histogram, in place of samples.
  var durations: DurationHistogram?

  init(_ name: String, _ help: String, _ kind: Kind, _ value: Double) {
    self.init(name, help, kind, samples: [Sample(labels: [], value: value)])
  }

  init(_ name: String, _ help: String, _ kind: Kind, samples: [Sample]) {
    self.name = name
    self.help = help
    self.kind = kind
    self.samples = samples
  }

  init(_ name: String, _ help: String, _ durations: DurationHistogram) {
    self.init(name, help, .histogram, samples: [])
    self.durations = durations
  }
}
