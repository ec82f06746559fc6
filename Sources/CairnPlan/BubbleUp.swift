// SPDX-License-Identifier: Apache-2.0
public import CairnColumns

/// Two sets of events to compare over all columns: those inside `scope` and `filter` that also pass `selection`, and the baseline.
public struct BubbleUpPlan: Sendable, Hashable {
  public var scope: Scope
  public var filter: Filter
  /// The box of a heatmap narrows the selection in time too; nil where it has none.
  public var selectionTime: TimeRange?
  public var selection: Filter
  /// nil: all events of the query that are not selected.
  public var baseline: Filter?
  /// The most columns in the answer.
  public var columnLimit: Int
  /// The most values of a column.
  public var valueLimit: Int

  public init(
    scope: Scope, filter: Filter = .everything, selectionTime: TimeRange? = nil, selection: Filter, baseline: Filter? = nil,
    columnLimit: Int = 50, valueLimit: Int = 20
  ) {
    self.scope = scope
    self.filter = filter
    self.selectionTime = selectionTime
    self.selection = selection
    self.baseline = baseline
    self.columnLimit = columnLimit
    self.valueLimit = valueLimit
  }
}

/// How much one value's share differs between the two sets; counts are weighted by sample rate. nil as value: the field is absent.
public struct ValueContrast: Sendable, Hashable {
  public var value: FieldValue?
  public var selectionCount: Double
  public var baselineCount: Double

  public init(value: FieldValue?, selectionCount: Double, baselineCount: Double) {
    self.value = value
    self.selectionCount = selectionCount
    self.baselineCount = baselineCount
  }
}

/// The two distributions of a numeric column over shared bins: bin b is `edges[b] ..< edges[b + 1]`.
public struct HistogramContrast: Sendable, Hashable {
  public var edges: [Double]
  public var selectionCounts: [Double]
  public var baselineCounts: [Double]

  public init(edges: [Double], selectionCounts: [Double], baselineCounts: [Double]) {
    self.edges = edges
    self.selectionCounts = selectionCounts
    self.baselineCounts = baselineCounts
  }
}

/// One column's difference between selection and baseline.
public struct ColumnContrast: Sendable, Hashable {
  public var name: String
  public var type: FieldType
  /// 0 (alike) to 1 (nothing in common); how it is made is written at the engine's `BubbleUp`.
  public var score: Double
  /// The weight of the events of each side that have the field.
  public var selectionPresent: Double
  public var baselinePresent: Double
  /// Values whose shares differ most, most different first.
  public var values: [ValueContrast]
  /// For measures (numbers with many values).
  public var histogram: HistogramContrast?

  public init(
    name: String, type: FieldType, score: Double, selectionPresent: Double, baselinePresent: Double, values: [ValueContrast],
    histogram: HistogramContrast? = nil
  ) {
    self.name = name
    self.type = type
    self.score = score
    self.selectionPresent = selectionPresent
    self.baselinePresent = baselinePresent
    self.values = values
    self.histogram = histogram
  }
}

/// All columns, most different first.
public struct BubbleUpAnswer: Sendable, Hashable {
  public var selectionCount: Double
  public var baselineCount: Double
  public var columns: [ColumnContrast]
  public var info: ReadingInfo

  public init(selectionCount: Double, baselineCount: Double, columns: [ColumnContrast], info: ReadingInfo) {
    self.selectionCount = selectionCount
    self.baselineCount = baselineCount
    self.columns = columns
    self.info = info
  }
}
