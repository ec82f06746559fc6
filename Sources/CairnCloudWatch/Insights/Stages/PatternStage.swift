// SPDX-License-Identifier: Apache-2.0
internal import CairnPatterns

/// Where the results of `pattern` go.
struct PatternSlots: Sendable {
  var pattern: Int
  var ratio: Int
  var count: Int
  var severity: Int
  var sample: Int

  /// The rows of patterns found among `lineCount` lines.
  func rows(_ patterns: [LinePattern], lineCount: Int, slotCount: Int) -> [InsightsRow] {
    patterns.map { (found) in
      var row = InsightsRow(repeating: .absent, count: slotCount)
      row[pattern] = .text(found.text)
      row[ratio] = .number(lineCount == 0 ? 0 : Double(found.count) / Double(lineCount))
      row[count] = .integer(Int64(found.count))
      row[severity] = .text(found.severityLabel)
      row[sample] = .text(found.sample)
      return row
    }
  }
}

/// `pattern` over computed texts; over a stored field the store does it.
struct PatternStage: InsightsStage {
  var text: InsightsFormula
  var slots: PatternSlots
  var limit = 10_000
  private var templates = LineTemplates()

  init(_ text: InsightsFormula, _ slots: PatternSlots) {
    self.text = text
    self.slots = slots
  }

  mutating func take(_ rows: [InsightsRow], _ context: InsightsContext) -> [InsightsRow] {
    for row in rows {
      if let text = text.value(row, context).text { templates.add(text) }
    }
    return []
  }

  mutating func finish(_ context: InsightsContext) -> [InsightsRow] {
    defer { templates = LineTemplates() }
    return slots.rows(templates.patterns(limit: limit), lineCount: templates.lineCount, slotCount: context.slotCount)
  }

  var heldByteCount: Int { templates.byteCount }
}
