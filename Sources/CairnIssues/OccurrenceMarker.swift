// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import CairnColumns

// One place for all doors. A decoder sets `exception.type`, `exception.message` and `exception.stacktrace` of an event, as OpenTelemetry
// names them; behind every decoder this pass makes such an event an occurrence of an item:
//
//   item.hash .family .source .title .level    cg1 over the printed stack
//   item.project         the event's dataset;   item.environment   deployment.environment.name, deployment.environment, or "default"
//   occurrence.id .uuid
//
// A span that repeats its exception event's fields is not an occurrence: the event is. Rollbar's own decoder has set these fields already.

/// Marks the occurrences among the rows from `firstRow` on and tells of all of them, in order. Cost where there are none: one look-up.
public func markOccurrences(_ batch: inout Batch, from firstRow: Int, _ context: IntakeContext) -> [OccurrenceNote] {
  let marker = OccurrenceMarker(firstRow: firstRow, context: context)
  marker.markExceptions(&batch)
  return marker.notes(batch)
}

private struct OccurrenceMarker {
  let firstRow: Int
  let context: IntakeContext

  /// The texts of one column, by row.
  private func texts(_ batch: borrowing Batch, _ name: String) -> [Int: String] {
    guard let column = batch.existingColumn(name, .string) else { return [:] }
    var found: [Int: String] = [:]
    batch.forEachValue(of: column, from: firstRow) { (row, index) in
      if found[row] == nil { found[row] = batch.text(column, at: index) }
    }
    return found
  }

  func markExceptions(_ batch: inout Batch) {
    var types = texts(batch, FieldName.exceptionType)
    for (row, _) in texts(batch, FieldName.exceptionMessage) where types[row] == nil { types[row] = "" }
    guard !types.isEmpty else { return }
    let marked = texts(batch, FieldName.itemHash)
    let spans = rowsWithSpanID(batch)
    let rows = types.keys.filter { marked[$0] == nil && !spans.contains($0) }.sorted()
    guard !rows.isEmpty else { return }
    let messages = texts(batch, FieldName.exceptionMessage)
    let stacks = texts(batch, FieldName.exceptionStacktrace)
    let severities = texts(batch, FieldName.severity)
    for row in rows {
      let chain = exceptionChain(className: types[row] ?? "", message: messages[row] ?? "", stack: stacks[row] ?? "")
      mark(&batch, row: row, grouping(of: ErrorReport(.chain(chain))), chain[0], level: level(severities[row]))
    }
  }

  /// An exception event has no severity; a log line has its own.
  private func level(_ severity: String?) -> String {
    switch severity {
    case "fatal", "critical": "critical"
    case "warn", "warning": "warning"
    case "info": "info"
    case "debug", "trace": "debug"
    default: "error"
    }
  }

  private func rowsWithSpanID(_ batch: borrowing Batch) -> Set<Int> {
    guard let column = batch.existingColumn(FieldName.spanID, .spanID) else { return [] }
    var rows: Set<Int> = []
    batch.forEachValue(of: column, from: firstRow) { (row, _) in rows.insert(row) }
    return rows
  }

  private func mark(_ batch: inout Batch, row: Int, _ grouping: Grouping, _ outermost: ErrorTrace, level: String) {
    let group = batch.rowGroups[row]
    let name = batch.datasets.text(Int(batch.groupDatasets[Int(group)]))
    let dataset = name.split(separator: "\0", maxSplits: 1, omittingEmptySubsequences: false).last.map(String.init) ?? ""
    let time = UInt64(bitPattern: batch.rowTimes[row])
    let number = textHash(grouping.key + dataset) ^ time &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(row - firstRow)
    let id = (context.receivedUnixNanoseconds / 1000 &+ Int64(row - firstRow)) &* 4 &+ Int64(number & 3)
    add(&batch, FieldName.itemHash, grouping.key, row)
    add(&batch, FieldName.itemFamily, grouping.family, row)
    add(&batch, FieldName.itemSource, grouping.source.rawValue, row)
    add(&batch, FieldName.itemTitle, errorTitle(className: outermost.className, message: outermost.message), row)
    add(&batch, FieldName.itemLevel, level, row)
    add(&batch, FieldName.itemProject, dataset, row)
    add(&batch, FieldName.itemEnvironment, environment(batch, row: row, group: group), row)
    add(&batch, FieldName.occurrenceUUID, uuid(number, UInt64(bitPattern: id)), row)
    if let column = batch.column(FieldName.occurrenceID, .integer) { batch.addWord(column, UInt64(bitPattern: id), row: row) }
  }

  private func add(_ batch: inout Batch, _ name: String, _ text: String, _ row: Int) {
    if let column = batch.column(name, .string) { batch.addText(column, text, row: row) }
  }

  private func environment(_ batch: borrowing Batch, row: Int, group: UInt32) -> String {
    for name in ["deployment.environment.name", "deployment.environment"] {
      guard let column = batch.existingColumn(name, .string) else { continue }
      if let text = batch.groupText(column, group), !text.isEmpty { return text }
    }
    return "default"
  }

  private func textHash(_ text: String) -> UInt64 {
    var text = text
    return text.withUTF8 { (utf8) in
      let bytes = unsafe RawSpan(_unsafeElements: utf8)
      return hashBytes(bytes, 0, bytes.byteCount, seed: 0x5851_f42d_4c95_7f2d)
    }
  }

  private func uuid(_ high: UInt64, _ low: UInt64) -> String {
    let digits = Array((hexText(high) + hexText(low)).utf8)
    let parts = [digits[..<8], digits[8..<12], digits[12..<16], digits[16..<20], digits[20...]]
    return parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "-")
  }

  // MARK: Notes

  func notes(_ batch: borrowing Batch) -> [OccurrenceNote] {
    let hashes = texts(batch, FieldName.itemHash)
    guard !hashes.isEmpty else { return [] }
    let projects = texts(batch, FieldName.itemProject)
    let environments = texts(batch, FieldName.itemEnvironment)
    var notes: [OccurrenceNote] = []
    var places: [Int: Int] = [:]
    for (row, hash) in hashes.sorted(by: { $0.key < $1.key }) {
      let group = batch.rowGroups[row]
      var identity = ItemIdentity(tenant: context.environment, project: projects[row] ?? "", environment: environments[row] ?? "", hash: hash)
      if projects[row] == nil { identity.project = groupText(batch, FieldName.itemProject, group) }
      if environments[row] == nil { identity.environment = groupText(batch, FieldName.itemEnvironment, group) }
      var note = OccurrenceNote(item: identity)
      note.unixNanoseconds = batch.rowTimes[row]
      note.codeVersion = groupText(batch, "service.version", group)
      places[row] = notes.count
      notes.append(note)
    }
    fill(batch, places, &notes)
    return notes
  }

  private func groupText(_ batch: borrowing Batch, _ name: String, _ group: UInt32) -> String {
    guard let column = batch.existingColumn(name, .string) else { return "" }
    return batch.groupText(column, group) ?? ""
  }

  private func fill(_ batch: borrowing Batch, _ places: [Int: Int], _ notes: inout [OccurrenceNote]) {
    let fields: [(String, WritableKeyPath<OccurrenceNote, String>)] = [
      (FieldName.itemFamily, \.family), (FieldName.itemTitle, \.title), (FieldName.itemLevel, \.level), (FieldName.itemSource, \.source),
      (FieldName.occurrenceUUID, \.uuid), (FieldName.codeVersion, \.codeVersion), ("platform", \.platform), ("framework", \.framework),
      ("language", \.language), (FieldName.exceptionType, \.exceptionType), ("context", \.context),
    ]
    for (name, path) in fields {
      guard let column = batch.existingColumn(name, .string) else { continue }
      batch.forEachValue(of: column, from: firstRow) { (row, index) in
        if let place = places[row] { notes[place][keyPath: path] = batch.text(column, at: index) }
      }
    }
    guard let column = batch.existingColumn(FieldName.occurrenceID, .integer) else { return }
    batch.forEachValue(of: column, from: firstRow) { (row, index) in
      guard let place = places[row] else { return }
      notes[place].id = batch.withColumn(column) { Int64(bitPattern: $0.words[index]) }
    }
  }
}
