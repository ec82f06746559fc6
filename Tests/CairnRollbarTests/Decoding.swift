// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnFormats
import FoundationEssentials
import TestSupport

@testable import CairnRollbar

let arrival: Int64 = 1_795_500_000_000_000_000

/// A file of Tests/Fixtures.
func fixture(_ name: String) throws -> [UInt8] {
  let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
  return Array(try Data(contentsOf: URL(filePath: folder + "/Fixtures/" + name)))
}

/// The recorded payloads with what the reference makes of them.
func recordedCases() throws -> [JSONValue] { try JSONValue(parsing: String(decoding: fixture("issues/grouping.json"), as: UTF8.self)).array ?? [] }

/// Decodes a body; the events of it.
func decoded(
  _ body: [UInt8], isBatch: Bool = false, hint: RollbarHint = RollbarHint(project: "shop", remoteAddress: "203.0.113.9"),
  environment: String = "default"
) throws(DecodeError) -> (rows: [BatchRow], verdict: IntakeVerdict) {
  var batch = Batch()
  let context = IntakeContext(environment: environment, datasetHint: hint.text, receivedUnixNanoseconds: arrival)
  let verdict =
    isBatch
    ? try decodeRollbarBatch(unsafe body.span.bytes, context, into: &batch) : try decodeRollbarItem(unsafe body.span.bytes, context, into: &batch)
  return (rows(of: batch), verdict)
}

func decoded(_ body: String, isBatch: Bool = false) throws(DecodeError) -> (rows: [BatchRow], verdict: IntakeVerdict) {
  try decoded(Array(body.utf8), isBatch: isBatch)
}

/// An item whose data is the given JSON.
func item(_ data: String) -> String { #"{"access_token":"t","data":"# + data + "}" }
