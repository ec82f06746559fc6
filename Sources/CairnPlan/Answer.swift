// SPDX-License-Identifier: Apache-2.0
public import CairnColumns

/// What reading the events cost and how much of them it saw; part of every answer.
public struct ReadingInfo: Sendable, Hashable {
  public var elapsedNanoseconds: Int64 = 0
  public var rowsScanned = 0
  public var rowsMatched = 0
  public var segmentsScanned = 0
  public var segmentsPruned = 0
  /// The mean weight of the matched events; 1 where nothing is sampled.
  public var meanSampleRate = 1.0
  /// Groups or rows were left out because of a limit.
  public var isTruncated = false
  /// Rows that damage keeps from being read.
  public var rowsUnavailable = 0

  public init() {}
}

/// The values of one breakdown, calculation or formula, one a group; nil is an absent field or an undefined result.
public struct AnswerColumn: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case breakdown
    case calculation
    case formula
  }
  public var name: String
  public var kind: Kind
  public var type: FieldType
  public var values: [FieldValue?]

  public init(name: String, kind: Kind, type: FieldType, values: [FieldValue?]) {
    self.name = name
    self.kind = kind
    self.type = type
    self.values = values
  }
}

/// The groups of a plan's answer over time.
///
/// `values[result][group][bucket]`: calculations in the plan's order without heatmaps, then formulas; groups as the rows of the answer; bucket b
/// covers `startUnixNanoseconds + b * stepNanoseconds` for one step. nil where a bucket of a group has no value.
public struct AnswerSeries: Sendable, Hashable {
  public var startUnixNanoseconds: Int64
  public var stepNanoseconds: Int64
  public var bucketCount: Int
  public var resultNames: [String]
  public var values: [[[Double?]]]

  public init(
    startUnixNanoseconds: Int64, stepNanoseconds: Int64, bucketCount: Int, resultNames: [String], values: [[[Double?]]]
  ) {
    self.startUnixNanoseconds = startUnixNanoseconds
    self.stepNanoseconds = stepNanoseconds
    self.bucketCount = bucketCount
    self.resultNames = resultNames
    self.values = values
  }
}

/// A heatmap: `counts[bucket][cell]`, cell c holding `edges[c] ..< edges[c + 1]` (the last one closed); weighted by sample rate.
public struct AnswerHeatmap: Sendable, Hashable {
  public enum Scale: Sendable, Hashable {
    case linear
    case logarithmic
  }
  /// The name of its calculation.
  public var name: String
  public var column: String
  public var startUnixNanoseconds: Int64
  public var stepNanoseconds: Int64
  public var scale: Scale
  public var edges: [Double]
  public var counts: [[Double]]

  public init(
    name: String? = nil, column: String, startUnixNanoseconds: Int64, stepNanoseconds: Int64, scale: Scale, edges: [Double],
    counts: [[Double]]
  ) {
    self.name = name ?? Calculation(.heatmap, column: column).name
    self.column = column
    self.startUnixNanoseconds = startUnixNanoseconds
    self.stepNanoseconds = stepNanoseconds
    self.scale = scale
    self.edges = edges
    self.counts = counts
  }
}

/// A plan's answer, in columns: breakdowns first, then calculations (heatmaps apart), then formulas; groups in the plan's order.
public struct Answer: Sendable, Hashable {
  public var columns: [AnswerColumn] = []
  /// Each calculation and formula over all matched events, whatever the limit and the havings left out; in the order of their columns.
  public var totals: [FieldValue?] = []
  public var series: AnswerSeries?
  public var heatmaps: [AnswerHeatmap] = []
  public var info = ReadingInfo()

  public init() {}

  /// The number of groups.
  public var rowCount: Int { columns.first?.values.count ?? 0 }
}
