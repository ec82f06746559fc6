// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnColumns
internal import CairnFormats

// X-Ray documents, straight from their JSON into a batch; the mapping table stands in `SegmentDocument.swift`.
//
// A document is walked twice: once to find its segments and subsegments and their members, for these come in any order; then each becomes
// a row, followed by a row for each of its exceptions. A bad document is left out by itself. What is wrong inside an embedded subsegment
// costs no more than that value: without an id it gets one that follows from its place, without a start it has its parent's.
// A document that came before (same trace id, id, start and state) counts as accepted and makes no row.

/// Decodes the entries of a `SegmentBody` into rows of `batch`.
///
/// Throws where the body is no such list, or needs more columns than the batch has; the caller then takes the batch back to its mark.
/// Cost: two passes over each document.
public func decodeSegments(_ bytes: RawSpan, _ context: IntakeContext, into batch: inout Batch) throws(DecodeError) -> IntakeVerdict {
  var reader = try SegmentReader(context, &batch)
  var position = 0
  while let entry = try SegmentEntry.next(bytes, &position) {
    let document = bytes.extracting(entry.document)
    let hint = unsafe bytes.extracting(entry.hint).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    let result = try reader.read(document, service: hint, sampleRate: entry.sampleRate, &batch)
    if let refusal = result { reader.verdict.reject(refusal.reason) } else { reader.verdict.acceptedCount += 1 }
  }
  return reader.verdict
}

/// What can be said of a document before it is kept: its id, the segment's name and what is wrong with it.
public struct SegmentInspection: Sendable, Hashable {
  public var id: String?
  public var traceID: TraceID?
  public var name: String?
  public var isSegment = true
  public var samplingRule: String?
  public var refusal: SegmentRefusal?

  /// Reads a document without keeping it.
  public init(_ document: RawSpan, _ context: IntakeContext) {
    var nodes = SegmentNodes()
    var json = JSONReader(depthMax: JSONReader.depthMaxLimit)
    do throws(SegmentRefusal) {
      try nodes.scan(document, &json)
      let root = nodes.nodes[0]
      id = root[.id].flatMap { json.text(at: $0, document) }
      name = root[.name].flatMap { json.text(at: $0, document) }
      traceID = root[.traceID].flatMap { json.text(at: $0, document) }.flatMap { TraceID($0) }
      isSegment = root[.type].flatMap { json.text(at: $0, document) } != "subsegment"
      samplingRule = root[.aws].flatMap { Self.rule(document, $0) }
      _ = try SegmentHead(document, root, context, &json)
    } catch {
      refusal = error
    }
  }

  private static func rule(_ document: RawSpan, _ aws: Range<Int>) -> String? {
    let tree = try? JSONValue(parsing: document.extracting(aws))
    return tree?["xray"]?["sampling_rule_name"]?.string
  }
}

/// What the document itself must have.
struct SegmentHead {
  var traceID: TraceID
  var id: UInt64
  var parentID: UInt64?
  var startUnixNanoseconds: Int64
  var endUnixNanoseconds: Int64?
  var isSegment: Bool

  init(_ bytes: RawSpan, _ root: SegmentNode, _ context: IntakeContext, _ json: inout JSONReader) throws(SegmentRefusal) {
    guard let trace = root[.traceID].flatMap({ json.text(at: $0, bytes) }) else { throw .noTrace }
    guard let traceID = TraceID(trace), trace.utf8.count > 16, !traceID.isZero else { throw .badTrace }
    self.traceID = traceID
    guard let idText = root[.id].flatMap({ json.text(at: $0, bytes) }) else { throw .noID }
    guard let id = segmentID(idText) else { throw .badID }
    self.id = id
    guard let name = root[.name].flatMap({ json.text(at: $0, bytes) }), !name.isEmpty else { throw .noName }
    isSegment = root[.type].flatMap { json.text(at: $0, bytes) } != "subsegment"
    if let parent = root[.parentID].flatMap({ json.text(at: $0, bytes) }), !parent.isEmpty {
      guard let parentID = segmentID(parent) else { throw .badParent }
      self.parentID = parentID
    } else if !isSegment {
      throw .noParent
    }
    guard let startPlace = root[.startTime] else { throw .noStart }
    guard let start = SegmentTime.unixNanoseconds(bytes, startPlace), start > 0 else { throw .badStart }
    guard start >= context.earliestUnixNanoseconds else { throw .tooOld }
    guard start <= context.latestUnixNanoseconds else { throw .tooNew }
    startUnixNanoseconds = start
    if let endPlace = root[.endTime], !json.isNull(at: endPlace, bytes) {
      guard let end = SegmentTime.unixNanoseconds(bytes, endPlace) else { throw .badEnd }
      endUnixNanoseconds = end
    } else {
      guard root[.inProgress].map({ json.isTrue(at: $0, bytes) }) == true else { throw .noEnd }
    }
  }
}

/// The id of a segment or subsegment; nil for anything but 16 hex digits, not all zero.
func segmentID(_ text: String) -> UInt64? {
  guard text.utf8.count == 16, let id = word(ofHex: text), id != 0 else { return nil }
  return id
}

struct SegmentReader: ~Copyable {
  let columns: SegmentColumns
  let context: IntakeContext
  var verdict = IntakeVerdict()
  var json = JSONReader(depthMax: JSONReader.depthMaxLimit)
  private var nodes = SegmentNodes()
  private var ids: [UInt64] = []
  private var starts: [Int64] = []
  /// The name of a column while it is put together.
  var columnName: [UInt8] = []
  /// Fields that the document at hand may still make.
  var fieldsLeft = 0
  /// Text that is put together.
  var text: [UInt8] = []
  private let environmentHash: UInt64

  /// A document gets no more fields of its own than this; what is beyond is in its original alone.
  static let documentFieldCountMax = 8_000

  init(_ context: IntakeContext, _ batch: inout Batch) throws(DecodeError) {
    columns = try SegmentColumns(&batch)
    self.context = context
    environmentHash = lastingHash(of: context.environment)
  }

  /// Reads a document into rows; or says why not, and then there is none.
  mutating func read(
    _ bytes: RawSpan, service hint: String, sampleRate: UInt32, _ batch: inout Batch
  ) throws(DecodeError) -> SegmentRefusal? {
    let head: SegmentHead
    do throws(SegmentRefusal) {
      try nodes.scan(bytes, &json)
      head = try SegmentHead(bytes, nodes.nodes[0], context, &json)
    } catch {
      return error
    }
    fieldsLeft = Self.documentFieldCountMax
    let service = head.isSegment ? nodes.nodes[0][.name].flatMap { json.text(at: $0, bytes) } ?? "" : hint
    let group = group(service, &batch)
    findIDs(bytes, head)
    for index in nodes.nodes.indices {
      try appendRow(bytes, index, head, group, sampleRate, &batch)
    }
    return nil
  }

  /// The ids and starts of all nodes.
  private mutating func findIDs(_ bytes: RawSpan, _ head: SegmentHead) {
    ids.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    ids.append(head.id)
    starts.append(head.startUnixNanoseconds)
    for index in nodes.nodes.indices.dropFirst() {
      let node = nodes.nodes[index]
      let own = node[.id].flatMap { json.text(at: $0, bytes) }.flatMap { segmentID($0) }
      ids.append(own ?? max(1, mix(ids[Int(node.parent)] ^ 0x9e37_79b9_7f4a_7c15, UInt64(index))))
      let start = node[.startTime].flatMap { SegmentTime.unixNanoseconds(bytes, $0) }
      let isKept = start.map { $0 >= context.earliestUnixNanoseconds && $0 <= context.latestUnixNanoseconds } ?? false
      starts.append(isKept ? start ?? 0 : starts[Int(node.parent)])
    }
  }

  private mutating func appendRow(
    _ bytes: RawSpan, _ index: Int, _ head: SegmentHead, _ group: GroupIndex, _ sampleRate: UInt32, _ batch: inout Batch
  ) throws(DecodeError) {
    let node = nodes.nodes[index]
    let start = starts[index]
    let end = index == 0 ? head.endUnixNanoseconds : node[.endTime].flatMap { SegmentTime.unixNanoseconds(bytes, $0) }
    guard batch.identities.insert(identity(head.traceID, ids[index], start, isComplete: end != nil)) else { return }
    batch.setTraceID(columns.traceID, head.traceID)
    batch.setWord(columns.spanID, ids[index].byteSwapped)
    let parentID = index == 0 ? head.parentID : ids[Int(node.parent)]
    if let parentID { batch.setWord(columns.parentID, parentID.byteSwapped) }
    if let end {
      batch.setWord(end < start ? columns.invalidDuration : columns.duration, end < start ? 1 : UInt64(end - start))
    } else {
      batch.setWord(columns.inProgress, 1)
    }
    let isSegment = index == 0 && head.isSegment
    batch.setCode(columns.type, isSegment ? columns.segmentCode : columns.subsegmentCode)
    let isCall = node[.namespace].flatMap { json.text(at: $0, bytes) }.map { $0 == "aws" || $0 == "remote" } ?? false
    batch.setCode(columns.kind, isSegment ? columns.serverCode : isCall ? columns.clientCode : columns.internalCode)
    if sampleRate > 1 { batch.setWord(columns.sampleRate, UInt64(sampleRate)) }
    if index == 0 { batch.setText(columns.original, bytes, 0, bytes.byteCount) }
    let isFailed = try setMembers(bytes, node, &batch)
    let cause = try setCause(bytes, node[.cause], &batch)
    batch.appendRow(timeUnixNanoseconds: start, group: group)
    for (exception, isUnderlying) in marked(cause, bytes) {
      batch.setTraceID(columns.traceID, head.traceID)
      if isUnderlying { batch.setWord(columns.exceptionIsCause, 1) }
      batch.setWord(columns.parentID, ids[index].byteSwapped)
      batch.setCode(columns.annotationType, columns.spanEventCode)
      batch.setCode(columns.name, columns.exceptionCode)
      setText(bytes, node[.name], columns.parentName, &batch)
      if isFailed { batch.setWord(columns.error, 1) }
      if sampleRate > 1 { batch.setWord(columns.sampleRate, UInt64(sampleRate)) }
      setException(bytes, exception, &batch)
      batch.setText(columns.exceptionID, bytes, exception.id.lowerBound, exception.id.count)
      batch.appendRow(timeUnixNanoseconds: end.map { max($0, start) } ?? start, group: group)
    }
    for link in try links(bytes, node[.links]) {
      batch.setTraceID(columns.traceID, head.traceID)
      batch.setWord(columns.parentID, ids[index].byteSwapped)
      batch.setCode(columns.annotationType, columns.linkCode)
      setText(bytes, node[.name], columns.parentName, &batch)
      if sampleRate > 1 { batch.setWord(columns.sampleRate, UInt64(sampleRate)) }
      batch.setTraceID(columns.linkTraceID, link.traceID)
      batch.setWord(columns.linkSpanID, link.id.byteSwapped)
      batch.appendRow(timeUnixNanoseconds: start, group: group)
    }
  }

  /// The group of a service's documents: its name once, and its dataset.
  private func group(_ service: String, _ batch: inout Batch) -> GroupIndex {
    let key = Array("xray\0\(context.environment)\0\(service)".utf8)
    if let known = unsafe batch.group(knownBy: key.span.bytes, 0, key.count) { return known }
    unsafe batch.beginGroup(knownBy: key.span.bytes, 0, key.count)
    if !service.isEmpty { batch.set(FieldName.serviceName, text: service) }
    batch.set(FieldName.signalType, text: "trace")
    return batch.endGroup(environment: context.environment, dataset: service.isEmpty ? "unknown_service" : service)
  }

  private func identity(_ trace: TraceID, _ id: UInt64, _ start: Int64, isComplete: Bool) -> UInt64 {
    let hash = mix(trace.high ^ 0x9e37_79b9_7f4a_7c15, trace.low ^ 0xd6e8_feb8_6659_fd93)
    return mix(hash ^ environmentHash ^ id, UInt64(bitPattern: start) ^ (isComplete ? 0xa076_1d64_78bd_642f : 0xe703_7ed1_a0b4_28db))
  }
}
