// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnHoneycomb
import CairnPlan

private let now: Int64 = 1_700_000_000_000_000_000

/// Any bytes as one of the documents of Honeycomb's API, the first byte choosing which: what is read is written, and reads alike.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDocuments(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let (kind, bytes) = unsafe (start[0] % 7, RawSpan(_unsafeStart: start + 1, byteCount: count - 1))
  guard let json = try? JSONValue(parsing: bytes) else { return 0 }
  switch kind {
  case 0, 1: check(json, kind == 0 ? .honeycomb : .cairn)
  case 2:
    guard var trigger = try? HoneycombTrigger(parsing: json, id: "a", dataset: "shop", nowUnixNanoseconds: now) else { return 0 }
    _ = trigger.isScheduled(atUnixNanoseconds: now)
    _ = trigger.query.plan(environment: "e", datasets: .all, nowUnixNanoseconds: now)
    let written = text { trigger.write(to: &$0) }
    precondition((try? JSONValue(parsing: written)) != nil, "a trigger is written as JSON")
    try? trigger.change(json, nowUnixNanoseconds: now)
    precondition(text { trigger.write(to: &$0) }.count == written.count, "a trigger that is sent twice is as it was")
  case 3:
    guard var recipient = try? HoneycombRecipient(parsing: json, id: "a", nowUnixNanoseconds: now) else { return 0 }
    try? recipient.change(json, nowUnixNanoseconds: now)
    precondition((try? JSONValue(parsing: text { recipient.write(to: &$0) })) != nil, "a recipient is written as JSON")
  case 4:
    guard let marker = try? HoneycombMarker(parsing: json, id: "a", dataset: "shop", nowUnixNanoseconds: now) else { return 0 }
    precondition((try? JSONValue(parsing: text { marker.write(to: &$0, color: "#fff") })) != nil, "a marker is written as JSON")
  case 5:
    guard let setting = try? HoneycombMarkerSetting(parsing: json, id: "a", dataset: "shop", nowUnixNanoseconds: now) else { return 0 }
    precondition((try? JSONValue(parsing: text { setting.write(to: &$0) })) != nil, "a setting is written as JSON")
  default: _ = try? HoneycombResultRequest(json)
  }
  return 0
}

private func text(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
  var writer = JSONWriter()
  write(&writer)
  return writer.finish()
}

private func check(_ json: JSONValue, _ rules: HoneycombQuery.Rules) {
  guard let query = try? HoneycombQuery(json, rules: rules) else { return }
  let plan = query.plan(environment: "e", datasets: .all, nowUnixNanoseconds: now)
  _ = HoneycombQuery.totalPlan(of: plan)
  let body = query.body(id: "a")
  guard let again = try? JSONValue(parsing: body), let second = try? HoneycombQuery(again, rules: rules) else {
    preconditionFailure("a query that was read is written as one")
  }
  precondition(second.plan(environment: "e", datasets: .all, nowUnixNanoseconds: now) == plan, "a query that is read again asks the same")
}
