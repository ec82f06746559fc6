// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnPlan

/// An answer in the columnar form of Cairn's own API; docs/api.md is its law.
///
/// - Parameter missing: columns that the question names in vain; nil where nobody looked.
/// - Parameter earlier: what the same question says of an earlier time.
func answerResponse(_ answer: Answer, _ plan: Plan, missing: [MissingColumn]? = nil, earlier: ComparedAnswer? = nil) -> Response {
  jsonResponse(reserving: 4096) { (writer) in
    writer.array("columns", answer.columns) { (column, writer) in
      writer.object { (writer) in
        writer.member("name", column.name)
        writer.member("kind", column.kind.name)
        writer.member("type", column.type.name)
      }
    }
    write(answer, &writer)
    if let earlier {
      writer.object("compare") { (writer) in
        writer.member("offset_us", earlier.offsetNanoseconds / 1000)
        write(earlier.answer, &writer)
      }
    }
    if let missing {
      writer.array("missing", missing) { (column, writer) in
        writer.object { (writer) in
          writer.member("name", column.name)
          writer.array("near", column.near) { $1.string($0) }
        }
      }
    }
    writer.info(answer.info, stepNanoseconds: plan.granularityNanoseconds)
  }
}

/// An answer about an earlier time, with the rows of the one that it is held against.
struct ComparedAnswer {
  var offsetNanoseconds: Int64
  var answer: Answer
}

private func write(_ answer: Answer, _ writer: inout JSONWriter) {
  writer.array("data", answer.columns) { (column, writer) in
    writer.beginArray()
    for value in column.values { writer.field(value) }
    writer.endArray()
  }
  let results = answer.columns.filter { $0.kind != .breakdown }
  writer.object("total") { (writer) in
    for (column, value) in zip(results, answer.totals) { writer.member(column.name, field: value) }
  }
  if let series = answer.series { write(series, rowCount: answer.rowCount, &writer) }
  if !answer.heatmaps.isEmpty {
    writer.object("heatmaps") { (writer) in
      for heatmap in answer.heatmaps { write(heatmap, &writer) }
    }
  }
}

extension AnswerColumn.Kind {
  var name: String {
    switch self {
    case .breakdown: "breakdown"
    case .calculation: "calculation"
    case .formula: "formula"
    }
  }
}

extension Answer {
  /// Nothing matched, or one of its columns has no value at all: a name in the question may be wrong.
  var isSilent: Bool {
    info.rowsMatched == 0 || columns.contains { !$0.values.isEmpty && $0.values.allSatisfy { $0 == nil } }
  }
}

private func write(_ series: AnswerSeries, rowCount: Int, _ writer: inout JSONWriter) {
  let groupCount = series.values.first?.count ?? rowCount
  writer.object("series") { (writer) in
    writer.member("start_us", series.startUnixNanoseconds / 1000)
    writer.member("step_us", series.stepNanoseconds / 1000)
    writer.member("count", series.bucketCount)
    writer.array("values", 0..<groupCount) { (group, writer) in
      writer.object { (writer) in
        writer.member("row", group)
        for (name, groups) in zip(series.resultNames, series.values) where group < groups.count {
          writer.array(name, groups[group]) { (value, writer) in
            if let value { writer.double(value) } else { writer.null() }
          }
        }
      }
    }
  }
}

private func write(_ heatmap: AnswerHeatmap, _ writer: inout JSONWriter) {
  writer.object(heatmap.name) { (writer) in
    writer.member("start_us", heatmap.startUnixNanoseconds / 1000)
    writer.member("step_us", heatmap.stepNanoseconds / 1000)
    writer.member("scale", heatmap.scale == .linear ? "linear" : "log")
    writer.array("edges", heatmap.edges) { $1.double($0) }
    writer.array("counts", heatmap.counts) { (cells, writer) in
      writer.beginArray()
      for count in cells { if let whole = Int64(exactly: count) { writer.integer(whole) } else { writer.double(count) } }
      writer.endArray()
    }
  }
}

/// Two sets of events compared, in the form of Cairn's own API.
func bubbleUpResponse(_ answer: BubbleUpAnswer) -> Response {
  jsonResponse(reserving: 4096) { (writer) in
    writer.object("selection") { $0.member("events", wholeIfPossible: answer.selectionCount) }
    writer.object("baseline") { $0.member("events", wholeIfPossible: answer.baselineCount) }
    writer.array("columns", answer.columns) { (column, writer) in
      writer.object { write(column, answer, &$0) }
    }
    writer.info(answer.info)
  }
}

private func write(_ column: ColumnContrast, _ answer: BubbleUpAnswer, _ writer: inout JSONWriter) {
  writer.member("name", column.name)
  writer.member("type", column.type.name)
  writer.member("score", column.score)
  writer.member("selection_present", share(column.selectionPresent, of: answer.selectionCount))
  writer.member("baseline_present", share(column.baselinePresent, of: answer.baselineCount))
  if let histogram = column.histogram {
    writer.object("histogram") { (writer) in
      writer.array("edges", histogram.edges) { $1.double($0) }
      writer.array("selection", histogram.selectionCounts) { $1.double($0) }
      writer.array("baseline", histogram.baselineCounts) { $1.double($0) }
    }
  }
  guard !column.values.isEmpty || column.histogram == nil else { return }
  writer.array("values", column.values) { (contrast, writer) in
    writer.object { (writer) in
      writer.member("value", field: contrast.value)
      writer.member("selection", wholeIfPossible: contrast.selectionCount)
      writer.member("baseline", wholeIfPossible: contrast.baselineCount)
      writer.member("selection_share", share(contrast.selectionCount, of: answer.selectionCount))
      writer.member("baseline_share", share(contrast.baselineCount, of: answer.baselineCount))
    }
  }
}

private func share(_ part: Double, of whole: Double) -> Double { whole > 0 ? part / whole : 0 }
