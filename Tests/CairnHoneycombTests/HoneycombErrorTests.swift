// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import CairnHoneycomb
import CairnPlan
import Testing

@Suite struct HoneycombErrorTests {
  @Test func validationErrorsAreProblemJSON() throws {
    let error = HoneycombError(invalid: [.init(field: "limit", code: .incorrectType, description: "must be an integer")])
    #expect(error.contentType == "application/problem+json")
    let json = try JSONValue(parsing: error.body)
    #expect(json["status"] == .integer(422))
    #expect(json["type"] == .string("https://api.honeycomb.io/problems/validation-failed"))
    #expect(json["title"] == .string("The provided input is invalid."))
    #expect(json["error"] == .string("The provided input is invalid."))
    #expect(json["detail"] == .string("limit: must be an integer"))
    let detail = json["type_detail"]?.array?.first
    #expect(detail?["field"] == .string("limit"))
    #expect(detail?["code"] == .string("incorrect_type"))
    #expect(detail?["description"] == .string("must be an integer"))
  }

  @Test(arguments: [
    (HoneycombError.Problem.unparseable, 400, "unparseable"), (.unauthorized, 401, nil), (.forbidden, 403, nil),
    (.notFound, 404, "not-found"),
    (.methodNotAllowed, 405, nil), (.conflict, 409, "conflict"), (.payloadTooLarge, 413, "payload-too-large"), (.unsupportedMediaType, 415, nil),
    (.validationFailed, 422, "validation-failed"), (.rateLimited, 429, "rate-limited"), (.unavailable, 503, nil),
  ] as [(HoneycombError.Problem, Int, String?)])
  func everyProblemHasItsStatusAndForm(problem: HoneycombError.Problem, status: Int, slug: String?) throws {
    let error = HoneycombError(problem, "dataset not found")
    #expect(error.status == status)
    let json = try JSONValue(parsing: error.body)
    #expect(json["error"] == .string("dataset not found"))
    #expect(json["type"]?.string == slug.map { "https://api.honeycomb.io/problems/" + $0 })
    #expect(error.contentType == (slug == nil ? "application/json" : "application/problem+json"))
    #expect(String(decoding: error.legacyBody, as: UTF8.self) == #"{"error":"dataset not found"}"#)
  }

  @Test func otherRoomsErrorsHaveTheirPlace() {
    #expect(HoneycombError(parsing: DecodeError(.truncated, at: 3)).status == 400)
    #expect(HoneycombError(inflating: .tooLarge(limitBytes: 5)).status == 413)
    #expect(HoneycombError(inflating: .malformed("x")).status == 400)
    #expect(HoneycombError(inflating: .unsupported("x")).status == 415)
    #expect(HoneycombError(querying: .invalid(field: "a", reason: "b")).details.first?.field == "a")
    #expect(HoneycombError(querying: .overBudget("long")).status == 422)
    #expect(HoneycombError(querying: .unavailable("x")).status == 503)
  }
}
