// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnIssues
import CairnRollbar

/// The first line of any bytes as grouping rules, as the text of a search and as a link's template; the rest as a batch of items, which the rules
/// look at.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRollbarDocuments(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let parts = bytes.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false).map(Array.init)
  let text = String(decoding: parts[0], as: UTF8.self)
  let rest = parts.count > 1 ? parts[1] : []
  let note = OccurrenceNote(item: ItemIdentity(tenant: "t", project: "p", environment: "e", hash: "h"))
  let item = Item(id: 1, projectID: 1, counter: 1, first: note, nowUnixSeconds: 1_700_000_000)
  _ = ItemSearch(text).matches(item)
  _ = unsafe RollbarReceipt(beginningOf: rest.span.bytes, needsToken: true)
  _ = unsafe try? RollbarReceipt(rest.span.bytes, receivedUnixNanoseconds: 1_700_000_000_000_000_000)
  let request = (try? JSONValue(parsing: rest)) ?? .null
  _ = filledLink(text, payload: request, known: ["a": "b"])
  var hint = RollbarHint(project: text)
  if let json = try? JSONValue(parsing: parts[0]), let rules = try? GroupingRule.list(json) {
    hint.rulings = groupingRulings(rules, request: request)
    precondition(RollbarHint(hint.text).rulings.count == hint.rulings.count, "rulings are written and read alike")
  }
  let context = IntakeContext(environment: "fuzz", datasetHint: hint.text, receivedUnixNanoseconds: 1_700_000_000_000_000_000)
  var batch = Batch()
  _ = unsafe try? decodeRollbarBatch(rest.span.bytes, context, into: &batch)
  return 0
}
