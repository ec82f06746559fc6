// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import CairnColumns

// One place for all doors. A decoder sets `exception.type`, `exception.message` and `exception.stacktrace` of an event, as OpenTelemetry
// names them; behind every decoder this pass makes such an event an occurrence of an item:
//
//   item.hash .family .source .title .level    cg1 over the printed stack
//   item.project         the event's dataset;   item.environment   deployment.environment.name, deployment.environment, or "default"
//   occurrence.id .uuid
//   occurrence.place     see `FailureKey`
//
// A span that repeats its exception event's fields is not an occurrence: the event is; nor is what an inner span has passed on (`PassedOn`). Rollbar's own decoder has set these fields already.
// All of them get `occurrence.door` and, in a trace, `occurrence.failure`.

/// Marks the occurrences among the rows from `firstRow` on and tells of all of them, in order. Cost where there are none: one look-up.
public func markOccurrences(
  _ batch: inout Batch, from firstRow: Int, _ context: IntakeContext, door: ReportingDoor, _ groupings: GroupingPlan = GroupingPlan()
) -> [OccurrenceNote] {
  let marker = OccurrenceMarker(firstRow: firstRow, context: context, door: door, groupings: groupings)
  marker.markExceptions(&batch)
  return marker.notes(&batch)
}

private struct OccurrenceMarker {
  let firstRow: Int
  let context: IntakeContext
  let door: ReportingDoor
  let groupings: GroupingPlan

  /// The texts of one column, by row; asked for only where a row needs them.
  private func texts(_ batch: borrowing Batch, _ name: String) -> [Int: String] {
    guard let column = batch.existingColumn(name, .string) else { return [:] }
    var found: [Int: String] = [:]
    batch.forEachValue(of: column, from: firstRow) { (row, index) in
      if found[row] == nil { found[row] = batch.text(column, at: index) }
    }
    return found
  }

  /// Rows with an exception that is not marked yet, that no span repeats and that is nobody's cause, in order. Where there are none, nothing is
  /// allocated.
  private func unmarkedRows(_ batch: borrowing Batch) -> [Int] {
    var flags: [UInt8] = []
    let rowCount = batch.rowCount - firstRow
    for (name, kind, flag) in [
      (FieldName.exceptionType, ColumnKind.string, UInt8(1)), (FieldName.exceptionMessage, .string, 1), (FieldName.itemHash, .string, 2),
      (FieldName.spanID, .spanID, 2), (FieldName.exceptionIsCause, .boolean, 2), (FieldName.exceptionIsRepeated, .boolean, 2),
    ] {
      if flag == 2, flags.isEmpty { return [] }
      guard let column = batch.existingColumn(name, kind) else { continue }
      batch.forEachValue(of: column, from: firstRow) { (row, _) in
        if flags.isEmpty { flags = [UInt8](repeating: 0, count: rowCount) }
        flags[row - firstRow] |= flag
      }
    }
    return flags.indices.filter { flags[$0] == 1 }.map { $0 + firstRow }
  }

  func markExceptions(_ batch: inout Batch) {
    let rows = unmarkedRows(batch)
    guard !rows.isEmpty else { return }
    let types = texts(batch, FieldName.exceptionType)
    let messages = texts(batch, FieldName.exceptionMessage)
    let stacks = texts(batch, FieldName.exceptionStacktrace)
    let severities = texts(batch, FieldName.severity)
    let repeated = door == .span && rows.count > 1 ? passedOn(batch.raised(rows, from: firstRow, types: types, messages: messages)) : []
    let persons = door == .span ? batch.persons(of: rows, from: firstRow) : [:]
    for row in rows where !repeated.contains(row) {
      let chain = exceptionChain(className: types[row] ?? "", message: messages[row] ?? "", stack: stacks[row] ?? "")
      let report = ErrorReport(.chain(chain))
      let found = groupings.groupings(of: report, receivedUnixNanoseconds: context.receivedUnixNanoseconds)
      mark(&batch, row: row, found, chain[0], level: level(severities[row]))
      addNumber(&batch, FieldName.occurrencePlace, placeKey(of: chain[0], report), row)
      if let person = persons[row], !batch.hasValue(FieldName.personID, from: row) { add(&batch, FieldName.personID, person, row) }
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

  private func mark(_ batch: inout Batch, row: Int, _ groupings: [Grouping], _ outermost: ErrorTrace, level: String) {
    let (grouping, group) = (groupings[0], batch.rowGroups[row])
    let name = batch.datasets.text(Int(batch.groupDatasets[Int(group)]))
    let dataset = name.utf8.firstIndex(of: 0).map { String(name[name.utf8.index(after: $0)...]) } ?? name
    let time = UInt64(bitPattern: batch.rowTimes[row])
    let number = textHash(grouping.key + dataset) ^ time &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(row - firstRow)
    let id = (context.receivedUnixNanoseconds / 1000 &+ Int64(row - firstRow)) &* 4 &+ Int64(number & 3)
    remember(grouping.components, ofHash: grouping.key)
    add(&batch, FieldName.itemHash, grouping.key, row)
    if let former = formerHashText(groupings.dropFirst().map(\.key), deciding: grouping.key) { add(&batch, FieldName.itemFormerHash, former, row) }
    add(&batch, FieldName.itemFamily, grouping.family, row)
    add(&batch, FieldName.itemSource, grouping.source.rawValue, row)
    add(&batch, FieldName.itemTitle, errorTitle(className: outermost.className, message: outermost.message), row)
    add(&batch, FieldName.itemLevel, level, row)
    add(&batch, FieldName.itemProject, dataset, row)
    add(&batch, FieldName.itemEnvironment, environment(batch, row: row, group: group), row)
    add(&batch, FieldName.occurrenceUUID, uuid(number, UInt64(bitPattern: id)), row)
    addNumber(&batch, FieldName.occurrenceID, id, row)
  }

  /// 0 is left out.
  private func addNumber(_ batch: inout Batch, _ name: String, _ number: Int64, _ row: Int) {
    if number != 0, let column = batch.column(name, .integer) { batch.addWord(column, UInt64(bitPattern: number), row: row) }
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
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for digit in (hexText(high) + hexText(low)).utf8 {
      if [8, 13, 18, 23].contains(text.count) { text.append(0x2D) }
      text.append(digit)
    }
    return String(decoding: text, as: UTF8.self)
  }

  // MARK: Notes

  func notes(_ batch: inout Batch) -> [OccurrenceNote] {
    guard let hashes = batch.existingColumn(FieldName.itemHash, .string) else { return [] }
    var notes: [OccurrenceNote] = []
    var groups: [UInt32: GroupTexts] = [:]
    batch.forEachValue(of: hashes, from: firstRow) { (row, index) in
      // A value that was set again stands behind the first one, so it is seen first.
      if let last = notes.last, last.row == row { return }
      let group = batch.rowGroups[row]
      let shared = groups[group] ?? GroupTexts(
        project: groupText(batch, FieldName.itemProject, group), environment: groupText(batch, FieldName.itemEnvironment, group),
        version: groupText(batch, "service.version", group), service: groupText(batch, "service.name", group))
      groups[group] = shared
      var note = OccurrenceNote(
        item: ItemIdentity(
          tenant: context.environment, project: shared.project, environment: shared.environment, hash: batch.text(hashes, at: index)))
      note.row = row
      note.unixNanoseconds = batch.rowTimes[row]
      note.codeVersion = shared.version
      note.service = shared.service
      note.door = door
      notes.append(note)
    }
    guard !notes.isEmpty else { return [] }
    notes.reverse()
    var places = [Int32](repeating: -1, count: batch.rowCount - firstRow)
    for (place, note) in notes.enumerated() { places[note.row - firstRow] = Int32(place) }
    fill(batch, places, &notes)
    key(&batch, places, &notes)
    // A field that a program calls `item.hash` makes no occurrence: those have an id of their own.
    return notes.filter { !$0.uuid.isEmpty }
  }

  /// What all rows of a group share.
  private struct GroupTexts {
    var project: String
    var environment: String
    var version: String
    var service: String
  }

  private func groupText(_ batch: borrowing Batch, _ name: String, _ group: UInt32) -> String {
    guard let column = batch.existingColumn(name, .string) else { return "" }
    return batch.groupText(column, group) ?? ""
  }

  private func fill(_ batch: borrowing Batch, _ places: [Int32], _ notes: inout [OccurrenceNote]) {
    let fields: [(String, WritableKeyPath<OccurrenceNote, String>)] = [
      (FieldName.itemFamily, \.family), (FieldName.itemTitle, \.title), (FieldName.itemLevel, \.level), (FieldName.itemSource, \.source),
      (FieldName.occurrenceUUID, \.uuid), (FieldName.codeVersion, \.codeVersion), ("platform", \.platform), ("framework", \.framework),
      ("language", \.language), (FieldName.exceptionType, \.exceptionType), ("context", \.context), (FieldName.itemFormerHash, \.formerHash),
      (FieldName.itemProject, \.item.project), (FieldName.itemEnvironment, \.item.environment),
      (FieldName.exceptionMessage, \.message), ("service.name", \.service), ("custom.service.name", \.service),
    ]
    for (name, path) in fields {
      guard let column = batch.existingColumn(name, .string) else { continue }
      batch.forEachValue(of: column, from: firstRow) { (row, index) in
        let place = Int(places[row - firstRow])
        if place >= 0 { notes[place][keyPath: path] = batch.text(column, at: index) }
      }
    }
    for (name, path) in [(FieldName.occurrenceID, \OccurrenceNote.id), (FieldName.occurrencePlace, \.place)] {
      guard let column = batch.existingColumn(name, .integer) else { continue }
      batch.forEachValue(of: column, from: firstRow) { (row, index) in
        let place = Int(places[row - firstRow])
        if place >= 0 { notes[place][keyPath: path] = batch.withColumn(column) { Int64(bitPattern: $0.words[index]) } }
      }
    }
  }

  /// Makes the keys by which other doors' reports of the same failure are known.
  private func key(_ batch: inout Batch, _ places: [Int32], _ notes: inout [OccurrenceNote]) {
    if let column = batch.existingColumn(FieldName.traceID, .traceID) {
      batch.forEachValue(of: column, from: firstRow) { (row, index) in
        let place = Int(places[row - firstRow])
        guard place >= 0, !notes[place].hasTrace else { return }
        notes[place].hasTrace = true
        notes[place].failure = failureKey(
          trace: batch.bytes(column, at: index), className: notes[place].exceptionType, message: notes[place].message)
      }
    }
    for place in notes.indices where !notes[place].uuid.isEmpty {
      let note = notes[place]
      notes[place].words = wordsKey(service: note.service, className: note.exceptionType, message: note.message)
      notes[place].message = ""
      add(&batch, FieldName.occurrenceDoor, door.rawValue, note.row)
      addNumber(&batch, FieldName.occurrenceFailure, note.failure, note.row)
    }
  }
}
