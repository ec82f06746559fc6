// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnColumns
internal import CairnFormats
public import CairnIssues

// POST /api/1/item/         {"access_token", "data": {…}}            one occurrence
// POST /api/1/item_batch/   [{"access_token", "data": {…}}, …]       several; a bad one is left out by itself
//
// An occurrence is one event of the dataset `project/environment`:
//
//   name, item.title        title, else `Class: message`, else the message's first line
//   item.hash .family .source .level .project .environment     grouping cg1, decided here, so that a replay decides the same
//   occurrence.uuid, .id    the client's uuid, else one made of the body and the time of arrival; a number that grows with arrival
//   error                   true for levels error and critical;   severity: the level
//   exception.type .message of the outermost exception;           body: a log message's text
//   trace.trace_id          attributes.trace_id, custom.trace_id (or the like), request.headers.traceparent, X-Amzn-Trace-Id, B3, in this order
//   person.*  request and server fields under OpenTelemetry's names  code_version  language  framework  platform  custom.*
//   meta.original           `data` as it came, whole up to 1 MiB
//
// time: `timestamp` where it lies inside what is kept, else the time of arrival (browsers send none). A uuid that the project sent before,
// within the window of retried requests, is accepted and makes no second event.
//
// Source: rollbar.com's item schema as of 2018 and the payloads of pyrollbar 1.5, rollbar-go 1.2, rollbar.js 3.1, rollbar-apple.

/// Decodes the body of one item; throws where it is not JSON or lacks what an item must have.
public func decodeRollbarItem(
  _ bytes: RawSpan, _ context: IntakeContext, into batch: inout Batch
) throws(DecodeError) -> IntakeVerdict {
  try decodeRollbarItem(bytes, context, groupings: GroupingPlan(), into: &batch)
}

/// The same under versions of grouping of the caller's choice.
public func decodeRollbarItem(
  _ bytes: RawSpan, _ context: IntakeContext, groupings: GroupingPlan, into batch: inout Batch
) throws(DecodeError) -> IntakeVerdict {
  var intake = RollbarIntake(context, groupings)
  try intake.readItem(bytes, &batch)
  return intake.verdict
}

/// Decodes an array of items; throws where it is no JSON array.
public func decodeRollbarBatch(
  _ bytes: RawSpan, _ context: IntakeContext, into batch: inout Batch
) throws(DecodeError) -> IntakeVerdict {
  try decodeRollbarBatch(bytes, context, groupings: GroupingPlan(), into: &batch)
}

/// The same under versions of grouping of the caller's choice.
public func decodeRollbarBatch(
  _ bytes: RawSpan, _ context: IntakeContext, groupings: GroupingPlan, into batch: inout Batch
) throws(DecodeError) -> IntakeVerdict {
  var intake = RollbarIntake(context, groupings)
  try intake.readBatch(bytes, &batch)
  return intake.verdict
}

private struct RollbarIntake: ~Copyable {
  let context: IntakeContext
  let hint: RollbarHint
  let groupings: GroupingPlan
  var walker = OccurrenceReader()
  var verdict = IntakeVerdict()
  var itemIndex = 0

  init(_ context: IntakeContext, _ groupings: GroupingPlan) {
    self.context = context
    self.groupings = groupings
    hint = RollbarHint(context.datasetHint)
  }

  mutating func readItem(_ bytes: RawSpan, _ batch: inout Batch) throws(DecodeError) {
    let token = try walker.reader.next(bytes)
    guard token == .objectStart else { throw DecodeError(.value("the item is not a JSON object"), at: walker.reader.tokenOffset) }
    let original = try readEnvelope(bytes)
    guard case .end = try walker.reader.next(bytes) else {
      throw DecodeError(.syntax(expected: "nothing behind the item"), at: walker.reader.offset)
    }
    if let fault = walker.occurrence.fault(hasData: original != nil) { throw DecodeError(.value(fault), at: 0) }
    if let original { add(bytes, original, &batch) }
  }

  mutating func readBatch(_ bytes: RawSpan, _ batch: inout Batch) throws(DecodeError) {
    guard try walker.reader.next(bytes) == .arrayStart else {
      throw DecodeError(.value("the batch is not a JSON array"), at: walker.reader.tokenOffset)
    }
    while true {
      let token = try walker.reader.next(bytes)
      if token == .arrayEnd { break }
      walker.begin()
      if token == .objectStart {
        let original = try readEnvelope(bytes)
        if let fault = walker.occurrence.fault(hasData: original != nil) {
          verdict.reject(fault)
        } else if let original {
          add(bytes, original, &batch)
        }
      } else {
        try walker.skip(token, bytes)
        verdict.reject("an item of the batch is not a JSON object")
      }
      itemIndex += 1
    }
    _ = try walker.reader.next(bytes)
  }

  /// Reads an item's members; gives the place of `data`, or nil where it is absent or no object.
  private mutating func readEnvelope(_ bytes: RawSpan) throws(DecodeError) -> Range<Int>? {
    var original: Range<Int>?
    while case .key(let name) = try walker.reader.next(bytes) {
      guard walker.reader.matches(name, bytes, "data") else {
        try walker.reader.skipValue(bytes)
        continue
      }
      walker.begin()
      let value = try walker.reader.next(bytes)
      let start = walker.reader.tokenOffset
      try walker.readData(value, bytes)
      original = value == .objectStart ? start..<walker.reader.offset : nil
    }
    return original
  }

  private mutating func add(_ bytes: RawSpan, _ original: Range<Int>, _ batch: inout Batch) {
    verdict.acceptedCount += 1
    if walker.occurrence.uuid.isEmpty {
      walker.occurrence.uuid = madeUUID(bytes, original, receivedUnixNanoseconds: context.receivedUnixNanoseconds)
    }
    OccurrenceEvent(walker.occurrence, hint: hint, itemIndex: itemIndex, context: context, groupings: groupings).write(bytes, original, &batch)
  }
}

/// A uuid for an item that came without one: of its bytes and its time of arrival, the same at each replay.
func madeUUID(_ bytes: RawSpan, _ original: Range<Int>, receivedUnixNanoseconds: Int64) -> String {
  let time = UInt64(bitPattern: receivedUnixNanoseconds)
  let high = hashBytes(bytes, original.lowerBound, original.count, seed: time ^ 0x9e37_79b9_7f4a_7c15)
  let low = hashBytes(bytes, original.lowerBound, original.count, seed: time ^ 0xbf58_476d_1ce4_e5b9)
  let digits = Array((hexText(high) + hexText(low)).utf8)
  var text: [UInt8] = []
  for (index, digit) in digits.enumerated() {
    if index == 8 || index == 12 || index == 16 || index == 20 { text.append(0x2D) }
    text.append(index == 12 ? 0x34 : digit)
  }
  return String(decoding: text, as: UTF8.self)
}

extension Occurrence {
  /// What an item must have and this one has not, in the protocol's words; nil where it is whole.
  func fault(hasData: Bool) -> StaticText? {
    guard hasData else { return "'data' is required and must be an object" }
    switch body {
    case .absent: return "'data.body' must have one of trace, trace_chain, message and crash_report"
    case .contradictory: return "'data.body' must have exactly one of trace, trace_chain, message and crash_report"
    case .chain, .message, .crash: break
    }
    return environment.isEmpty ? "'data.environment' is required" : nil
  }
}
