// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnFormats
internal import CairnIssues

/// An occurrence on its way into a batch.
struct OccurrenceEvent {
  let occurrence: Occurrence
  let hint: RollbarHint
  let itemIndex: Int
  let context: IntakeContext
  let grouping: Grouping
  /// How former versions of grouping, or the same without source maps, see it.
  private let formerGroupings: [Grouping]
  private let ruling: RollbarHint.Ruling?
  /// Rollbar's five levels; another word is not one.
  let level: String
  private let identity: UInt64

  /// `occurrence` has its uuid.
  init(_ occurrence: Occurrence, hint: RollbarHint, itemIndex: Int, context: IntakeContext, groupings: GroupingPlan) {
    self.occurrence = occurrence
    identity = Self.textHash("\(context.environment)\0\(hint.project)\0\(occurrence.uuid)")
    self.hint = hint
    self.itemIndex = itemIndex
    self.context = context
    let received = context.receivedUnixNanoseconds
    let found = groupings.groupings(of: occurrence.report ?? ErrorReport(.crash("")), receivedUnixNanoseconds: received)
    grouping = found[0]
    let minified = occurrence.minifiedReport.map { groupings.groupings(of: $0, receivedUnixNanoseconds: received) } ?? []
    formerGroupings = minified + found.dropFirst()
    ruling = hint.rulings.first { $0.itemIndex == itemIndex }
    level = Self.level(occurrence)
  }

  /// Makes the row, unless the project has sent this uuid before.
  func write(_ bytes: RawSpan, _ original: Range<Int>, _ batch: inout Batch) {
    guard batch.identities.insert(identity) else { return }
    let group = group(&batch)
    writeItem(&batch)
    writeError(&batch)
    writeSurroundings(&batch)
    for entry in occurrence.custom {
      switch entry.value {
      case .text(let text): batch.set(entry.name, text: text)
      case .integer(let number): batch.set(entry.name, integer: number)
      case .float(let number): batch.set(entry.name, float: number)
      case .boolean(let truth): batch.set(entry.name, boolean: truth)
      }
    }
    writeOriginal(bytes, original, &batch)
    batch.appendRow(timeUnixNanoseconds: time, group: group)
  }

  private static func textHash(_ text: String) -> UInt64 {
    var text = text
    return text.withUTF8 { (utf8) in
      let bytes = unsafe RawSpan(_unsafeElements: utf8)
      return hashBytes(bytes, 0, bytes.byteCount, seed: 0x5851_f42d_4c95_7f2d)
    }
  }

  private var time: Int64 {
    guard let seconds = occurrence.timestamp, seconds > 0, seconds < 9e9 else { return context.receivedUnixNanoseconds }
    let time = Int64(seconds * 1e6) * 1000
    return time >= context.earliestUnixNanoseconds && time <= context.latestUnixNanoseconds ? time : context.receivedUnixNanoseconds
  }

  private func group(_ batch: inout Batch) -> GroupIndex {
    let environment = String(occurrence.environment.prefix(255))
    var key = "rollbar\0\(context.environment)\0\(hint.project)\0\(environment)"
    return key.withUTF8 { (utf8) -> GroupIndex in
      let bytes = unsafe RawSpan(_unsafeElements: utf8)
      if let known = batch.group(knownBy: bytes, 0, bytes.byteCount) { return known }
      batch.beginGroup(knownBy: bytes, 0, bytes.byteCount)
      batch.set(FieldName.itemProject, text: hint.project)
      batch.set(FieldName.itemEnvironment, text: environment)
      batch.set(FieldName.signalType, text: "error")
      return batch.endGroup(environment: context.environment, dataset: "\(hint.project)/\(environment)")
    }
  }

  // MARK: Fields

  private static let levels: Set<String> = ["critical", "error", "warning", "info", "debug"]

  private static func level(_ occurrence: Occurrence) -> String {
    if levels.contains(occurrence.level) { return occurrence.level }
    let word = occurrence.level.lowercased()
    if levels.contains(word) { return word }
    if word == "warn" { return "warning" }
    if case .message = occurrence.body { return "info" }
    return "error"
  }

  var title: String {
    guard let title = ruling?.title, !title.isEmpty else { return defaultTitle }
    return String(title.split(separator: "{{default_title}}", omittingEmptySubsequences: false).joined(separator: defaultTitle).prefix(OccurrenceLimits.titleLengthMax))
  }

  private var defaultTitle: String {
    if !occurrence.title.isEmpty { return String(occurrence.title.prefix(OccurrenceLimits.titleLengthMax)) }
    switch occurrence.body {
    case .chain(let chain): return errorTitle(className: chain.first?.className ?? "", message: chain.first?.message ?? "")
    case .message(let message): return errorTitle(className: "", message: message.text)
    case .crash(let raw): return errorTitle(className: "", message: raw)
    case .absent, .contradictory: return "(no body)"
    }
  }

  private func writeItem(_ batch: inout Batch) {
    let title = title
    batch.set(FieldName.name, text: title)
    batch.set(FieldName.itemTitle, text: title)
    batch.set(FieldName.itemLevel, text: level)
    batch.set(FieldName.itemFamily, text: grouping.family)
    let hash = hash(grouping)
    remember(grouping.components, ofHash: hash)
    batch.set(FieldName.itemHash, text: hash)
    batch.set(FieldName.itemSource, text: isRuled ? "project rule #\(ruling?.ruleNumber ?? 0)" : grouping.source.rawValue)
    if let former = formerHashText(formerGroupings.map { self.hash($0) }, deciding: hash) { batch.set(FieldName.itemFormerHash, text: former) }
    batch.set(FieldName.occurrenceUUID, text: occurrence.uuid)
    let microseconds = context.receivedUnixNanoseconds / 1000 &+ Int64(itemIndex)
    batch.set(FieldName.occurrenceID, integer: microseconds &* 4 &+ Int64(identity & 3))
    guard let report = occurrence.report, case .chain(let chain) = report.body, let outermost = chain.first else { return }
    let place = placeKey(of: outermost, report)
    if place != 0 { batch.set(FieldName.occurrencePlace, integer: place) }
  }

  private var isRuled: Bool { ruling?.fingerprint.isEmpty == false }

  /// The item's hash as a version of grouping and the project's rules make it.
  private func hash(_ grouping: Grouping) -> String {
    guard let ruling, isRuled else { return grouping.key }
    let parts = ruling.fingerprint.split(separator: "{{default_fingerprint}}", omittingEmptySubsequences: false)
    return itemHash(ofFingerprint: parts.joined(separator: grouping.computedKey))
  }

  private func writeError(_ batch: inout Batch) {
    batch.set(FieldName.error, boolean: level == "error" || level == "critical")
    batch.set(FieldName.severity, text: level)
    switch occurrence.body {
    case .chain(let chain):
      batch.set(FieldName.exceptionType, text: chain.first?.className ?? "")
      batch.set(FieldName.exceptionMessage, text: chain.first?.message ?? "")
      if chain.count > 1, let last = chain.last { batch.set("exception.cause.type", text: last.className) }
    case .message(let message): batch.set(FieldName.body, text: message.text)
    case .crash, .absent, .contradictory: break
    }
    if occurrence.hasOddTypes { batch.set("meta.odd_types", boolean: true) }
    if occurrence.isCut { batch.set("meta.cut", boolean: true) }
    if occurrence.isFailsafe { batch.set("meta.failsafe", boolean: true) }
    guard let id = occurrence.traceIDs.lazy.compactMap({ $0.isEmpty ? nil : TraceID($0) }).first(where: { !$0.isZero }) else { return }
    if let column = batch.column(FieldName.traceID, .traceID) { batch.setTraceID(column, id) }
    batch.set(FieldName.annotationType, text: "span_event")
    let span = Array(occurrence.spanID.utf8)
    if span.count == 16, let word = parseHex(span[...]), word != 0, let column = batch.column(FieldName.parentID, .spanID) {
      batch.setWord(column, word.byteSwapped)
    }
  }

  private func writeSurroundings(_ batch: inout Batch) {
    put(FieldName.codeVersion, occurrence.codeVersion, &batch)
    put("platform", occurrence.platform, &batch)
    put("language", occurrence.language, &batch)
    put("framework", occurrence.framework, &batch)
    put("context", occurrence.context, &batch)
    put(FieldName.personID, occurrence.personID, &batch)
    put("person.username", occurrence.personName, &batch)
    put("person.email", occurrence.personEmail, &batch)
    put("url.full", occurrence.url, &batch)
    put("http.request.method", occurrence.method, &batch)
    put(FieldName.clientAddress, address, &batch)
    put("user_agent.original", occurrence.userAgent, &batch)
    put("http.request.id", occurrence.requestID, &batch)
    put("host.name", occurrence.host, &batch)
    put("server.root", occurrence.root, &batch)
    put("server.branch", occurrence.branch, &batch)
    put("client.browser", occurrence.browser, &batch)
    put("session.id", occurrence.sessionID, &batch)
    put("notifier.name", occurrence.notifierName, &batch)
    put("notifier.version", occurrence.notifierVersion, &batch)
    if occurrence.telemetryCount > 0 { batch.set("telemetry.count", integer: Int64(occurrence.telemetryCount)) }
  }

  private func put(_ name: String, _ text: String, _ batch: inout Batch) {
    if !text.isEmpty { batch.set(name, text: text) }
  }

  /// Browsers send `$remote_ip` for "where this request came from".
  private var address: String {
    switch occurrence.address {
    case "$remote_ip": return hint.remoteAddress
    case "$remote_ip_anonymize":
      guard let dot = hint.remoteAddress.lastIndex(of: ".") else { return "" }
      return hint.remoteAddress[...dot] + "0"
    default: return occurrence.address
    }
  }

  private func writeOriginal(_ bytes: RawSpan, _ original: Range<Int>, _ batch: inout Batch) {
    guard let column = batch.column(FieldName.original, .string) else { return }
    guard original.count > OriginalDocument.byteCountMax else {
      batch.setText(column, bytes, original.lowerBound, original.count)
      return
    }
    let short = OriginalDocument.shortened(bytes, original)
    unsafe batch.setText(column, short.span.bytes, 0, short.count)
    batch.set("meta.original_truncated", boolean: true)
  }
}
