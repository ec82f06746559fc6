// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCloudWatch
import CairnColumns
import CairnHoneycomb
import CairnIssues
import CairnOTLP
import CairnRollbar
import CairnXRay
import FuzzSupport

/// Any bytes as a request of a door, the first byte choosing which, with the pass behind its decoder that makes occurrences, under all versions
/// of grouping; what it tells goes through what the life of items looks at.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOccurrences(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let door = unsafe ReportingDoor.allCases[Int(start[0]) % ReportingDoor.allCases.count]
  let groupings = GroupingPlan(former: Array(GroupingVersion.all.dropLast()))
  return unsafe fuzzDecoder(start + 1, count - 1) { (bytes, context, batch) throws(DecodeError) in
    let firstRow = batch.rowCount
    let verdict = try decode(bytes, context, door, &batch)
    follow(markOccurrences(&batch, from: firstRow, context, door: door, groupings), door)
    return verdict
  }
}

private func decode(_ bytes: RawSpan, _ context: IntakeContext, _ door: ReportingDoor, _ batch: inout Batch) throws(DecodeError) -> IntakeVerdict {
  switch door {
  case .rollbar: return try decodeRollbarItem(bytes, context, into: &batch)
  case .span: return try decodeTraces(bytes, context, into: &batch)
  case .record: return try decodeLogs(bytes, context, into: &batch)
  case .line: return try decodeLogBatch(bytes, context, into: &batch)
  case .document:
    var body = SegmentBody()
    body.append(bytes)
    return try unsafe decodeSegments(body.bytes.span.bytes, context, into: &batch)
  case .event:
    let body = try EventBatch(event: bytes, time: nil, sampleRate: nil, context).body
    return try unsafe decodeHoneycombEvents(body.span.bytes, context, into: &batch)
  }
}

private func follow(_ notes: [OccurrenceNote], _ door: ReportingDoor) {
  let pending = PendingOccurrences()
  pending.add(notes)
  pending.add(notes)
  var memory = FailureMemory()
  for (identity, item) in pending.take().items {
    _ = memory.add(item.reports, of: identity, item: 1, nowUnixSeconds: 1_700_000_000)
    var other = item.reports
    for index in other.indices { other[index].door = door == .rollbar ? .span : .rollbar }
    _ = memory.add(other, of: identity, item: 2, nowUnixSeconds: 1_700_000_000)
    _ = failureBursts(item.reports + other)
    _ = failureEntries(item.reports + other)
    _ = memory.unite(2, into: 1)
  }
  memory.prune(nowUnixSeconds: 1_700_001_000)
}
