// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnFormats
import CairnIssues
import TestSupport
import Testing

@testable import CairnRollbar

@Suite struct RollbarIntakeTests {
  @Test func groupsRecordedPayloadsAsTheReferenceDoes() throws {
    for entry in try recordedCases() {
      var data = entry["data"]?.members ?? []
      if !data.contains(where: { $0.name == "environment" }) { data.append(JSONMember("environment", .string("test"))) }
      let body = JSONValue.object([JSONMember("data", .object(data))]).bytes
      let (rows, verdict) = try decoded(body)
      #expect(verdict.acceptedCount == 1)
      let name = entry["name"]?.string ?? ""
      let row = try #require(rows.first)
      #expect(row["item.hash"] == .string(entry["key"]?.string ?? ""), "\(name)")
      #expect(row["item.family"] == .string(entry["family"]?.string ?? ""), "\(name)")
      #expect(row["item.source"] == .string(entry["source"]?.string ?? ""), "\(name)")
    }
  }

  @Test func explainsAsTheReferenceDoes() throws {
    for entry in try recordedCases() {
      let body = JSONValue.object([JSONMember("data", entry["data"] ?? .null)]).bytes
      var walker = OccurrenceReader()
      let bytes = unsafe body.span.bytes
      _ = try walker.reader.next(bytes)
      _ = try walker.reader.next(bytes)
      try walker.readData(try walker.reader.next(bytes), bytes)
      let grouping = CairnIssues.grouping(of: try #require(walker.occurrence.report))
      let expected = entry["components"]?.array ?? []
      #expect(grouping.components.count == expected.count)
      #expect(grouping.computedKey == entry["strict"]?.string)
      for (component, wanted) in zip(grouping.components, expected) {
        let cells = wanted.array ?? []
        #expect(component.name == cells[0].string)
        switch component.value {
        case .text(let text): #expect(text == cells[1].string)
        case .list(let list): #expect(list == cells[1].array?.compactMap(\.string))
        }
        #expect(component.contributes == cells[2].boolean, "\(component)")
        #expect(component.reason == cells[3].string, "\(component)")
      }
    }
  }

  @Test func mapsAFlaskReport() throws {
    let entry = try #require(try recordedCases().first { $0["name"]?.string == "01-flask-trace_chain-person-request" })
    let row = try decoded(JSONValue.object([JSONMember("data", entry["data"] ?? .null)]).bytes).rows[0]
    #expect(row.dataset == "shop/staging")
    #expect(row.time == 1_795_407_375_000_000_000)
    #expect(row["name"] == .string("PaymentError: payment failed for order 4711"))
    #expect(row["exception.type"] == .string("PaymentError"))
    #expect(row["error"] == .boolean(true))
    #expect(row["person.id"] == .string("u-42"))
    #expect(row["client.address"] == .string("203.0.113.9"))
    #expect(row["code_version"] == .string("1.4.2"))
    #expect(row["trace.trace_id"] == .string("0af7651916cd43dd8448eb211c80319c"))
    #expect(row["occurrence.uuid"] == .string("5c6d55fa-4bf3-42ef-9dfb-9958d3e2531a"))
    guard case .string(let original) = try #require(row["meta.original"]) else { return }
    #expect(try JSONValue(parsing: original) == entry["data"])
  }

  @Test(arguments: [
    #""custom": {"trace_id": "0AF76519-16cd-43dd-8448-eb211c80319c"}"#, #""custom": {"trace_id": "1-0af76519-16cd43dd8448eb211c80319c"}"#,
    #""custom": {"otelTraceID": "0af7651916cd43dd8448eb211c80319c"}"#, #""custom": {"n": 1, "job": {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203339-01"}}"#,
    #""custom": {"traceId": "11111111111111111111111111111111", "trace_id": "0af7651916cd43dd8448eb211c80319c"}"#,
    #""request": {"headers": {"b3": "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1"}}"#,
    #""request": {"headers": {"X-B3-Traceid": "0af7651916cd43dd8448eb211c80319c", "X-B3-Spanid": "b7ad6b7169203331"}}"#,
    #""custom": {"trace_id": "none"}, "request": {"headers": {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}"#,
  ]) func aTraceIDHasManyForms(_ members: String) throws {
    let row = try decoded(#"{"data": {"environment": "e", "body": {"message": {"body": "m"}}, \#(members)}}"#).rows[0]
    #expect(row["trace.trace_id"] == .string("0af7651916cd43dd8448eb211c80319c"))
    if members.contains("b7ad6b7169203331") { #expect(row["trace.parent_id"] == .string("b7ad6b7169203331")) }
  }

  @Test func browsersGetTheTimeOfArrivalAndTheirAddress() throws {
    let entry = try #require(try recordedCases().first { $0["name"]?.string == "11-rollbar-js-browser-1" })
    let row = try decoded(JSONValue.object([JSONMember("data", entry["data"] ?? .null)]).bytes).rows[0]
    #expect(row.time == arrival)
    #expect(row["client.address"] == .string("203.0.113.9"))
    #expect(row["session.id"] == .string("a5836d37a5f5311a8f678decde185f1b"))
  }

  @Test func aUuidCountsOnce() throws {
    let body = "[" + item(#"{"environment":"e","uuid":"u1","body":{"message":{"body":"a"}}}"#) + ","
      + item(#"{"environment":"e","uuid":"u1","body":{"message":{"body":"a"}}}"#) + "]"
    let (rows, verdict) = try decoded(body, isBatch: true)
    #expect(rows.count == 1)
    #expect(verdict.acceptedCount == 2)
  }

  @Test func itemsWithoutAUuidGetTheOneThatTheDoorTells() throws {
    let body = Array(item(#"{"environment":"e","body":{"message":{"body":"a"}}}"#).utf8)
    let receipt = try RollbarReceipt(unsafe body.span.bytes, receivedUnixNanoseconds: arrival)
    #expect(receipt.accessToken == "t")
    #expect(try decoded(body).rows[0]["occurrence.uuid"] == .string(receipt.uuid))
    #expect(receipt.uuid.count == 36)
  }

  @Test func nullBodiesAreAbsent() throws {
    let body = item(#"{"environment":"e","body":{"trace":null,"trace_chain":null,"message":null,"crash_report":{"raw":"Crash 1"}}}"#)
    #expect(try decoded(body).rows[0]["item.title"] == .string("Crash 1"))
  }

  @Test(arguments: [
    ("[]", "the item is not a JSON object"), ("{}", "'data' is required"), (#"{"data":5}"#, "'data' is required"),
    (#"{"data":{"environment":"e"}}"#, "'data.body' must have one of"), (#"{"data":{"body":{"message":{"body":"x"}}}}"#, "'data.environment'"),
    (#"{"data":{"environment":"e","body":{"message":{"body":"x"},"trace":{"frames":[]}}}}"#, "exactly one of"), ("{", "ends in the middle"),
    (#"{"data":{"environment":"e","body":{"trace_chain":[]}}}"#, "'data.body' must have one of"),
  ])
  func refusesWithAReason(body: String, reason: String) {
    let error = #expect(throws: DecodeError.self) { try decoded(body) }
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  @Test func oddTypesAreKeptAndFlagged() throws {
    let row = try decoded(
      item(#"{"environment":"e","level":7,"person":[1],"timestamp":{},"custom":"x","body":{"trace":{"frames":[1,{"filename":5,"method":[]}],"exception":{"class":3}}}}"#)
    ).rows[0]
    #expect(row["meta.odd_types"] == .boolean(true))
    #expect(row["item.level"] == .string("error"))
    #expect(row["item.title"] == .string("3"))
  }

  @Test func aBatchLeavesOutItsBadItems() throws {
    let body = "[" + item(#"{"environment":"e","body":{"message":{"body":"a"}}}"#) + ",7,{},"
      + item(#"{"environment":"e","body":{"message":{"body":"b"}}}"#) + "]"
    let (rows, verdict) = try decoded(body, isBatch: true)
    #expect(rows.count == 2)
    #expect(verdict.rejectedCount == 2)
  }

  @Test func longDocumentsAreCutAndFlagged() throws {
    let frames = Array(repeating: #"{"filename":"/srv/a.py","method":"f","locals":{"x":"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"}}"#, count: 12_000)
    let message = String(repeating: "m", count: 1 << 20)
    let row = try decoded(
      item(#"{"environment":"e","body":{"trace":{"frames":["# + frames.joined(separator: ",") + #"],"exception":{"class":"E","message":""# + message + #""}}}}"#)
    ).rows[0]
    #expect(row["meta.original_truncated"] == .boolean(true))
    #expect(row["meta.cut"] == .boolean(true))
    guard case .string(let original) = try #require(row["meta.original"]) else { return }
    #expect(original.utf8.count <= 1 << 20)
    #expect(try JSONValue(parsing: original)["body"]?["trace"]?["exception"]?["class"] == .string("E"))
  }

  @Test func aRulingOfTheDoorDecides() throws {
    var hint = RollbarHint(project: "shop")
    hint.rulings = [.init(itemIndex: 0, ruleNumber: 2, fingerprint: "orders-{{default_fingerprint}}", title: "Orders")]
    #expect(RollbarHint(hint.text) == hint)
    let row = try decoded(Array(item(#"{"environment":"e","fingerprint":"z","body":{"message":{"body":"a"}}}"#).utf8), hint: hint).rows[0]
    #expect(row["item.source"] == .string("project rule #2"))
    #expect(row["item.title"] == .string("Orders"))
  }

  @Test func mutantsNeverTrap() throws {
    var generator = SeededGenerator(seed: 48)
    let cases = try recordedCases().map { JSONValue.object([JSONMember("data", $0["data"] ?? .null)]).bytes }
    for _ in 0..<3_000 {
      let body = mutated(cases[generator.below(cases.count)], using: &generator)
      _ = try? decoded(body)
      _ = try? decoded(body, isBatch: true)
      _ = try? RollbarReceipt(unsafe body.span.bytes, receivedUnixNanoseconds: arrival)
    }
  }
}
