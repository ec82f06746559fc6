// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnXRay
import TestSupport
import Testing

let richDocument = #"""
  {"subsegments":[
     {"id":"53995c3f42cd8ad8","name":"api.example.com","start_time":1461096053.37769,"end_time":1461096053.40379,"namespace":"remote",
      "http":{"request":{"url":"https://api.example.com/health","method":"POST","traced":true},"response":{"status":200,"content_length":861}}},
     {"id":"3a8cd5a1f5c9a0b1","name":"orders","start_time":1461096053.38,"end_time":1461096053.3900001,"namespace":"aws",
      "aws":{"operation":"UpdateItem","request_id":"3AIENM5J4ELQ3SPODHKBIRVIC3VV4KQNSO5AEMVJF66Q9ASUAAJG","table_name":"orders","resource_names":["orders"]},
      "subsegments":[{"id":"7a8cd5a1f5c9a0b2","name":"attempt","start_time":1461096053.381,"end_time":1461096053.385,
        "sql":{"url":"jdbc:postgresql://db:5432/shop","database_type":"PostgreSQL","sanitized_query":"SELECT \u00fc","user":"dbuser"}}]}],
   "name":"Scorekeep","id":"70de5b6f19ff9a0a","start_time":1461096053.3774207,"trace_id":"1-581cf771-a006649127e371903a2de979","end_time":1461096053.4042,
   "parent_id":"53995c3f42cd8ad7","origin":"AWS::ElasticBeanstalk::Environment","user":"ann","fault":true,
   "http":{"request":{"method":"GET","client_ip":"78.255.233.48","url":"http://www.example.com/api/user","user_agent":"Mozilla","x_forwarded_for":true},
           "response":{"status":500}},
   "aws":{"ec2":{"instance_id":"i-0b","availability_zone":"us-west-2c"},"xray":{"sdk":"X-Ray for Python","sampling_rule_name":"Default"},
          "cloudwatch_logs":[{"log_group":"shop","arn":"arn:aws:logs:us-east-1:123456789012:log-group:shop"}]},
   "service":{"version":"1.2","runtime":"CPython"},
   "annotations":{"customer_category":124,"zip":"98101","vip":true,"share":0.25},
   "metadata":{"default":{"cart":{"items":[1,2],"total":9.5}},"debug":{"note":"a\nb"}},
   "precursor_ids":["26d9c5c3d2a0b1c2"],
   "cause":{"working_directory":"/srv","paths":["/srv/lib"],"exceptions":[
     {"id":"0a0b0c0d0e0f0a0b","message":"no\tstock","type":"OutOfStock","remote":false,"cause":"1a1b1c1d1e1f1a1b","truncated":2,
      "stack":[{"path":"shop.py","line":12,"label":"order"},{"path":"app.py","line":3,"label":"main"}]},
     {"id":"1a1b1c1d1e1f1a1b","message":"gone","type":"KeyError","remote":true}]}}
  """#

let xrayContext = IntakeContext(environment: "prod", receivedUnixNanoseconds: 1_461_096_054_000_000_000)

/// Any bytes as the one document of a body.
func decodeDocument(_ bytes: RawSpan, _ context: IntakeContext, _ batch: inout Batch) throws(DecodeError) -> IntakeVerdict {
  var body = SegmentBody()
  body.append(bytes)
  return try unsafe decodeSegments(body.bytes.span.bytes, context, into: &batch)
}

@Suite struct SegmentIntakeTests {
  private func decode(_ documents: [String], context: IntakeContext = xrayContext) throws -> (rows: [BatchRow], verdict: IntakeVerdict) {
    var batch = Batch()
    var body = SegmentBody()
    for document in documents { unsafe body.append(Array(document.utf8).span.bytes) }
    let verdict = try unsafe decodeSegments(body.bytes.span.bytes, context, into: &batch)
    return (rows(of: batch), verdict)
  }

  private func refusal(_ document: String, context: IntakeContext = xrayContext) -> SegmentRefusal? {
    unsafe SegmentInspection(Array(document.utf8).span.bytes, context).refusal
  }

  @Test func aSegmentBecomesARowWithItsFields() throws {
    let (rows, verdict) = try decode([richDocument])
    #expect(verdict.acceptedCount == 1 && verdict.rejectedCount == 0)
    #expect(rows.count == 6)
    let segment = rows[0]
    #expect(segment.dataset == "Scorekeep" && segment.environment == "prod")
    #expect(segment.time == 1_461_096_053_377_420_700)
    let expected: [String: FieldValue] = [
      "name": .string("Scorekeep"), "service.name": .string("Scorekeep"), "trace.trace_id": .string("581cf771a006649127e371903a2de979"),
      "trace.span_id": .string("70de5b6f19ff9a0a"), "trace.parent_id": .string("53995c3f42cd8ad7"), "xray.type": .string("segment"),
      "span.kind": .string("server"), "xray.origin": .string("AWS::ElasticBeanstalk::Environment"), "user.id": .string("ann"),
      "error": .boolean(true), "xray.fault": .boolean(true), "http.request.method": .string("GET"),
      "url.full": .string("http://www.example.com/api/user"), "client.address": .string("78.255.233.48"),
      "user_agent.original": .string("Mozilla"), "xray.x_forwarded_for": .boolean(true), "http.response.status_code": .integer(500),
      "aws.ec2.instance_id": .string("i-0b"), "aws.xray.sampling_rule_name": .string("Default"), "service.version": .string("1.2"),
      "aws.cloudwatch_logs": .string(#"[{"log_group":"shop","arn":"arn:aws:logs:us-east-1:123456789012:log-group:shop"}]"#),
      "annotation.customer_category": .integer(124), "annotation.zip": .string("98101"), "annotation.vip": .boolean(true),
      "annotation.share": .float(0.25), "metadata.default.cart.items": .string("[1,2]"), "metadata.default.cart.total": .float(9.5),
      "metadata.debug.note": .string("a\nb"), "xray.precursor_ids": .string(#"["26d9c5c3d2a0b1c2"]"#),
      "exception.type": .string("OutOfStock"), "exception.message": .string("no\tstock"), "xray.working_directory": .string("/srv"),
      "exception.stacktrace": .string("    at order (shop.py:12)\n    at main (app.py:3)"),
    ]
    for (name, value) in expected { #expect(segment[name] == value, "\(name)") }
    #expect(segment["meta.original"] == .string(richDocument))
    #expect(segment["xray.error"] == nil && segment["xray.in_progress"] == nil)
    #expect(abs((segment["duration_ms"]?.number ?? 0) - 26.7793) < 1e-9)
  }

  @Test func exceptionsAreRowsOfTheirOwn() throws {
    let (rows, _) = try decode([richDocument])
    let first = rows[1]
    #expect(first["meta.annotation_type"] == .string("span_event") && first["name"] == .string("exception"))
    #expect(first["trace.parent_id"] == .string("70de5b6f19ff9a0a") && first["parent_name"] == .string("Scorekeep"))
    #expect(first["exception.id"] == .string("0a0b0c0d0e0f0a0b") && first["exception.cause_id"] == .string("1a1b1c1d1e1f1a1b"))
    #expect(first["exception.truncated"] == .integer(2) && first["error"] == .boolean(true))
    #expect(rows[2]["exception.remote"] == .boolean(true) && rows[2]["exception.type"] == .string("KeyError"))
    // The second is why the first was raised: one failure, told in two rows.
    #expect(rows[1]["exception.is_cause"] == nil && rows[2]["exception.is_cause"] == .boolean(true))
    #expect(rows[1]["meta.original"] == nil && rows[1]["duration_ms"] == nil)
  }

  @Test func embeddedSubsegmentsAreRowsUnderTheirParents() throws {
    let (rows, _) = try decode([richDocument])
    let parts = rows.filter { $0["xray.type"] == .string("subsegment") }
    #expect(parts.map { $0["name"] } == [.string("api.example.com"), .string("orders"), .string("attempt")])
    #expect(parts.map { $0["trace.parent_id"] } == [.string("70de5b6f19ff9a0a"), .string("70de5b6f19ff9a0a"), .string("3a8cd5a1f5c9a0b1")])
    #expect(parts.allSatisfy { $0["service.name"] == .string("Scorekeep") && $0["meta.original"] == nil })
    #expect(parts[0]["span.kind"] == .string("client") && parts[0]["xray.traced"] == .boolean(true))
    #expect(parts[1]["aws.table_name"] == .string("orders") && parts[1]["aws.resource_names"] == .string(#"["orders"]"#))
    #expect(parts[2]["db.statement"] == .string("SELECT ü") && parts[2]["span.kind"] == .string("internal"))
  }

  @Test(arguments: [
    ("[]", "ParseError"), ("{", "ParseError"), ("", "ParseError"), ("{} {}", "ParseError"), ("{}", "MissingTraceId"),
    (#"{"trace_id":"x"}"#, "InvalidTraceId"), (#"{"trace_id":"1-581cf771-a006649127e371903a2de979"}"#, "MissingId"),
    (#"{"trace_id":"1-581cf771-a006649127e371903a2de979","id":"xyz"}"#, "InvalidId"),
    (#"{"trace_id":"1-581cf771-a006649127e371903a2de979","id":"70de5b6f19ff9a0a"}"#, "MissingName"),
    (#"{"trace_id":"1-581cf771-a006649127e371903a2de979","id":"70de5b6f19ff9a0a","name":"a"}"#, "MissingStartTime"),
    (#"{"trace_id":"1-581cf771-a006649127e371903a2de979","id":"70de5b6f19ff9a0a","name":"a","start_time":"x"}"#, "InvalidStartTime"),
    (#"{"trace_id":"1-581cf771-a006649127e371903a2de979","id":"70de5b6f19ff9a0a","name":"a","start_time":1e300}"#, "InvalidStartTime"),
    (#"{"trace_id":"1-581cf771-a006649127e371903a2de979","id":"70de5b6f19ff9a0a","name":"a","start_time":1}"#, "MissingEndTime"),
    (#"{"trace_id":"1-581cf771-a006649127e371903a2de979","id":"70de5b6f19ff9a0a","name":"a","start_time":1,"end_time":{}}"#, "InvalidEndTime"),
    (#"{"trace_id":"1-581cf771-a006649127e371903a2de979","id":"70de5b6f19ff9a0a","name":"a","start_time":1,"end_time":2,"type":"subsegment"}"#, "MissingParentId"),
    (#"{"trace_id":"1-581cf771-a006649127e371903a2de979","id":"70de5b6f19ff9a0a","name":"a","start_time":1,"end_time":2,"parent_id":"q"}"#, "InvalidParentId"),
  ])
  func aBadDocumentIsLeftOutByItself(_ document: String, _ code: String) throws {
    #expect(refusal(document)?.code.text == code)
    #expect(refusal(document)?.message == "Invalid segment. ErrorCode: \(code)")
    let (rows, verdict) = try decode([richDocument, document, small(id: 9)])
    #expect(verdict.acceptedCount == 2 && verdict.rejectedCount == 1)
    #expect(rows.count == 7)
  }

  @Test func timesOutsideWhatIsKeptAreRefused() {
    var context = xrayContext
    context.earliestUnixNanoseconds = 1_461_096_053_377_420_701
    #expect(refusal(richDocument, context: context)?.code.text == "InvalidStartTime")
    context.earliestUnixNanoseconds = .min
    context.latestUnixNanoseconds = 1_461_096_053_377_420_699
    #expect(refusal(richDocument, context: context)?.code.text == "InvalidStartTime")
  }

  private func small(id: Int, _ more: String = #""end_time":2.5"#) -> String {
    #"{"trace_id":"5759e988bd862e3fe1be46a994272793","id":"000000000000000\#(id)","name":"small","start_time":1.5,\#(more)}"#
  }

  @Test func inProgressAndCompleteAreTwoRowsOfOneID() throws {
    let (rows, _) = try decode([small(id: 1, #""in_progress":true"#), small(id: 1), small(id: 1), small(id: 1, #""in_progress":true"#)])
    #expect(rows.count == 2)
    #expect(rows[0]["xray.in_progress"] == .boolean(true) && rows[0]["duration_ms"] == nil)
    #expect(rows[1]["duration_ms"] == .float(1000))
  }

  @Test func anEndBeforeTheStartIsNoDuration() throws {
    let (rows, _) = try decode([small(id: 1, #""end_time":1"#)])
    #expect(rows[0]["duration_ms"] == nil && rows[0]["meta.invalid_duration"] == .boolean(true) && rows[0]["xray.in_progress"] == nil)
  }

  @Test(arguments: [(200, nil, nil, nil), (404, "xray.error", nil, nil), (429, "xray.error", "xray.throttle", nil), (503, nil, nil, "xray.fault")])
  func theStatusDecidesWhereTheDocumentHasNoFlag(_ status: Int, _ error: String?, _ throttle: String?, _ fault: String?) throws {
    let (rows, _) = try decode([small(id: 1, #""end_time":2,"http":{"response":{"status":\#(status)}}"#)])
    for (name, expected) in [("xray.error", error), ("xray.throttle", throttle), ("xray.fault", fault)] {
      #expect(rows[0][name] == (expected == nil ? nil : .boolean(true)))
    }
    let (own, _) = try decode([small(id: 2, #""end_time":2,"error":true,"http":{"response":{"status":503}}"#)])
    #expect(own[0]["xray.fault"] == nil && own[0]["xray.error"] == .boolean(true))
  }

  @Test func aHundredThousandSubsegmentsTakeNoTime() throws {
    let parts = (0..<100_000).map { #"{"id":"\#(hexText(UInt64($0) + 16))","name":"p","start_time":1.5,"end_time":2}"# }.joined(separator: ",")
    let start = ContinuousClock.now
    let (rows, verdict) = try decode([small(id: 1, #""end_time":2,"subsegments":[\#(parts)]"#)])
    #expect(verdict.acceptedCount == 1 && rows.count == 100_001)
    #expect(ContinuousClock.now - start < .seconds(60))
  }

  @Test func nestingThatIsTooDeepIsAVerdict() throws {
    let deep = String(repeating: #"{"subsegments":["#, count: 100_000)
    #expect(refusal(deep)?.code.text == "ParseError")
    var nested = ""
    for depth in 0..<100 { nested = #"{"id":"\#(hexText(UInt64(depth) + 16))","name":"p","start_time":1.5,"end_time":2,"subsegments":[\#(nested)]}"# }
    let (rows, _) = try decode([small(id: 1, #""end_time":2,"subsegments":[\#(nested)]"#)])
    #expect(rows.count == 101)
  }

  @Test func tooManyNamesCostTheNamesNotTheDocument() throws {
    let many = (0..<20_000).map { #""k\#($0)":1"# }.joined(separator: ",")
    let (rows, verdict) = try decode([small(id: 1, #""end_time":2,"annotations":{\#(many)}"#)])
    #expect(verdict.acceptedCount == 1)
    #expect(rows[0].names.count > 7_000 && rows[0]["meta.original"] != nil)
  }

  @Test func subsegmentsSentAloneTakeTheServiceThatTheDoorKnows() throws {
    var batch = Batch()
    var body = SegmentBody()
    let part = small(id: 2, #""end_time":2,"type":"subsegment","parent_id":"0000000000000001""#)
    unsafe body.append(Array(part.utf8).span.bytes, service: "shop", sampleRate: 4)
    unsafe body.append(Array(small(id: 3, #""end_time":2,"type":"subsegment","parent_id":"0000000000000001""#).utf8).span.bytes)
    _ = try unsafe decodeSegments(body.bytes.span.bytes, xrayContext, into: &batch)
    let made = rows(of: batch)
    #expect(made.map(\.dataset) == ["shop", "unknown_service"])
    #expect(made[0]["SampleRate"] == .integer(4) && made[1]["service.name"] == nil)
  }

  @Test func changedDocumentsNeverTrap() {
    let words = [#""subsegments":["#, #""cause":""#, #""start_time":1e999"#, #""http":{"response":{"status":"#, "null", "{}", "[]"]
    let mutants = Mutants(of: [Array(richDocument.utf8), Array(small(id: 1).utf8)], words: words, count: 5_000)
    let report = mutants.feed(context: xrayContext, to: decodeDocument)
    #expect(report.faults.isEmpty, "seed \(mutants.seed)")
    #expect(report.takenCount > 100)
  }

  @Test func changedBodiesNeverTrap() {
    var body = SegmentBody()
    for document in [richDocument, small(id: 1), small(id: 2)] { unsafe body.append(Array(document.utf8).span.bytes, service: "s") }
    let mutants = Mutants(of: [body.bytes], count: 2_000)
    let report = mutants.feed(context: xrayContext) { (bytes, context, batch) throws(DecodeError) in
      try decodeSegments(bytes, context, into: &batch)
    }
    #expect(report.faults.isEmpty, "seed \(mutants.seed)")
  }
}
