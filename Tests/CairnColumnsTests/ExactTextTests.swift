// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import Testing

@Suite struct ExactTextTests {
  @Test func valuesInTwoSpellingsAreTwo() {
    let composed = FieldValue.string("caf\u{e9}")
    let decomposed = FieldValue.string("cafe\u{301}")
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed, .string("caf\u{e9}")]).count == 2)
    #expect(ExactText("cafe\u{301}") < ExactText("caf\u{e9}"))
  }

  @Test func valuesOfTwoTypesAreTwo() {
    #expect(Set<FieldValue>([.integer(1), .float(1), .boolean(true), .string("1"), .integer(1)]).count == 4)
    #expect(FieldValue.float(0) == .float(-0.0))
  }

  @Test(arguments: [("1e3", 1000.0), ("-2.5", -2.5), ("5e-324", .leastNonzeroMagnitude)])
  func readsDecimalText(text: String, wanted: Double) { #expect(FieldValue.string(text).number == wanted) }

  @Test(arguments: ["52e73891", "-1e999", "inf", "nan", "0x10", " 1", "", "1,5", "e", "."])
  func readsNoOtherText(text: String) { #expect(FieldValue.string(text).number == nil) }
}
