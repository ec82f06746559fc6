// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import Testing

struct IdentifiersTests {
  @Test func bothSpellingsOfATraceAreTheSameDigits() {
    let trace = TraceID(high: 0x0af7_6519_16cd_43dd, low: 0x8448_eb21_1c80_319c)
    #expect(trace.hex == "0af7651916cd43dd8448eb211c80319c")
    #expect(trace.xrayText == "1-0af76519-16cd43dd8448eb211c80319c")
    #expect(TraceID(trace.xrayText) == trace && TraceID(trace.hex) == trace)
    #expect(TraceID("0AF76519-16cd-43dd-8448-eb211c80319c") == trace)
    #expect(TraceID("0af76519-16cd-43dd-8448-eb211c80319") == nil && TraceID("0af76519-16cd-43dd-84480eb211c80319c") == nil)
    #expect(TraceID("0af76519-16cd-43dd-8448-eb211c80319g") == nil && TraceID("------------------------------------") == nil)
    #expect(hexText(0xab) == "00000000000000ab")
    #expect(TraceID(high: 0, low: 1).xrayText == "1-00000000-000000000000000000000001")
  }
}
