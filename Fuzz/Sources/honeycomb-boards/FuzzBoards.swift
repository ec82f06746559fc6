// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnHoneycomb
import CairnPlan

private let now: Int64 = 1_700_000_000_000_000_000

/// Any bytes as a formula, which is then worked out, or as one of the documents around objectives and boards, the first byte choosing which:
/// what is read is written, and reads alike.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBoards(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let (kind, bytes) = unsafe (start[0] % 7, RawSpan(_unsafeStart: start + 1, byteCount: count - 1))
  if kind == 0 {
    workOut(bytes)
    return 0
  }
  guard let json = try? JSONValue(parsing: bytes) else { return 0 }
  switch kind {
  case 1: alike(json, { (json) in try HoneycombDerivedColumn(parsing: json, id: "a", dataset: "shop", nowUnixNanoseconds: now) }) { $0.write(to: &$1) }
  case 2:
    alike(json, { (json) in try HoneycombSLO(parsing: json, id: "a", dataset: "__all__", nowUnixNanoseconds: now) }) { $0.write(to: &$1, standing: nil) }
  case 3:
    alike(json, { (json) in try HoneycombBurnAlert(parsing: json, id: "a", dataset: "shop", nowUnixNanoseconds: now) }) { (alert, writer) in
      alert.write(to: &writer)
      judge(alert)
    }
  case 4: alike(json, { (json) in try HoneycombBoard(parsing: json, id: "a", nowUnixNanoseconds: now) }) { $0.write(to: &$1, url: "u") }
  case 5: alike(json, { (json) in try HoneycombBoardView(parsing: json, id: "a", board: "b", nowUnixNanoseconds: now) }) { $0.write(to: &$1) }
  default:
    alike(json, { (json) in try HoneycombQueryAnnotation(parsing: json, id: "a", dataset: "shop", nowUnixNanoseconds: now) }) { $0.write(to: &$1) }
  }
  return 0
}

private func alike<Document>(_ json: JSONValue, _ read: (JSONValue) throws -> Document, _ write: (Document, inout JSONWriter) -> Void) {
  guard let document = try? read(json) else { return }
  func text(_ document: Document) -> [UInt8] {
    var writer = JSONWriter()
    write(document, &writer)
    return writer.finish()
  }
  let written = text(document)
  guard let again = try? JSONValue(parsing: written), let second = try? read(again) else {
    preconditionFailure("a document that was read is written as one")
  }
  precondition(text(second) == written, "a document that is read again is as it was")
}

private func workOut(_ bytes: RawSpan) {
  let expression = unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
  let json = JSONValue.object([JSONMember("alias", .string("x")), JSONMember("expression", .string(expression))])
  guard let column = try? HoneycombDerivedColumn(parsing: json, id: "a", dataset: "shop", nowUnixNanoseconds: now) else { return }
  let fields: [String: FieldValue] = [
    "a": .string("GET /cart 12"), "b": .integer(.min), "c": .float(-1.5e300), "d": .boolean(true), "e": .string(""), "f": .integer(.max), "g": .float(.nan),
  ]
  _ = column.formula.value(timeUnixNanoseconds: now) { fields[$0] }
  _ = column.formula.replacing(["a": column.formula]).value(timeUnixNanoseconds: .min) { fields[$0] }
  _ = column.formula.types { _ in Set(FieldType.allCases) }
}

private func judge(_ alert: HoneycombBurnAlert) {
  let body = #"{"name":"n","sli":{"alias":"x"},"time_period_days":1,"target_per_million":0}"#
  guard let json = try? JSONValue(parsing: body), let slo = try? HoneycombSLO(parsing: json, id: "s", dataset: "shop", nowUnixNanoseconds: now) else { return }
  var ledger = SLOLedger()
  let slot = SLOLedger.slot(now)
  ledger.keep(slot - 576..<slot + 1)
  ledger.replace(slot..<slot + 1, [slot: .init(good: 1e300, bad: 1)])
  let verdict = BurnVerdict(alert, slo, ledger, nowUnixNanoseconds: now)
  let sent = verdict.webhookBody(alert, slo, environment: "e", sloURL: "u", nowUnixNanoseconds: now, isTest: true)
  precondition((try? JSONValue(parsing: sent)) != nil, "a webhook gets JSON")
}
