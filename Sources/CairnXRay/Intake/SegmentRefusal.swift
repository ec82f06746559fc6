// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnColumns

/// Why a document is left out: X-Ray's error code, and a reason for people.
public struct SegmentRefusal: Error, Sendable, Hashable {
  /// X-Ray's word, as `UnprocessedTraceSegments` has it.
  public var code: StaticText
  /// What is wrong, for the page of doors.
  public var reason: StaticText

  init(_ code: StaticText, _ reason: StaticText) {
    self.code = code
    self.reason = reason
  }

  /// The sentence with which X-Ray answers.
  public var message: String { "Invalid segment. ErrorCode: \(code.text)" }

  static let notJSON = SegmentRefusal("ParseError", "the document is not a JSON object")
  static let tooMany = SegmentRefusal("ParseError", "the document has more than 250,000 subsegments")
  static let noID = SegmentRefusal("MissingId", "the document has no id")
  static let badID = SegmentRefusal("InvalidId", "the id is not 16 hex digits")
  static let badParent = SegmentRefusal("InvalidParentId", "the parent_id is not 16 hex digits")
  static let noName = SegmentRefusal("MissingName", "the document has no name")
  static let noTrace = SegmentRefusal("MissingTraceId", "the document has no trace_id")
  static let badTrace = SegmentRefusal("InvalidTraceId", "the trace_id is not 1-8hex-24hex or 32 hex digits")
  static let noStart = SegmentRefusal("MissingStartTime", "the document has no start_time")
  static let badStart = SegmentRefusal("InvalidStartTime", "the start_time is not a number of seconds since 1970 that can be kept")
  static let tooOld = SegmentRefusal("InvalidStartTime", "the start_time is older than the retention")
  static let tooNew = SegmentRefusal("InvalidStartTime", "the start_time is too far in the future")
  static let badEnd = SegmentRefusal("InvalidEndTime", "the end_time is not a number of seconds since 1970 that can be kept")
  static let noEnd = SegmentRefusal("MissingEndTime", "the document has neither end_time nor in_progress")
  /// The document alone has more names than one head has columns for.
  public static let tooManyFields = SegmentRefusal("ParseError", "the document has too many different names")
  static let noParent = SegmentRefusal("MissingParentId", "a subsegment sent alone has no parent_id")
}

/// A document of a body that is left out.
public struct RefusedDocument: Sendable, Hashable {
  /// Its place in the body, from 0.
  public var index: Int
  public var id: String?
  public var refusal: SegmentRefusal

  public init(index: Int, id: String?, refusal: SegmentRefusal) {
    self.index = index
    self.id = id
    self.refusal = refusal
  }
}

/// Which documents of a `SegmentBody` the intake leaves out, and why; for a body that it took. O(body).
public func segmentRefusals(_ body: RawSpan, _ context: IntakeContext) -> [RefusedDocument] {
  var found: [RefusedDocument] = []
  var position = 0
  var index = 0
  while let entry = try? SegmentEntry.next(body, &position) {
    let inspection = SegmentInspection(body.extracting(entry.document), context)
    if let refusal = inspection.refusal { found.append(RefusedDocument(index: index, id: inspection.id, refusal: refusal)) }
    index += 1
  }
  return found
}
