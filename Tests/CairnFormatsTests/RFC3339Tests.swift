// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import Testing

@Suite struct RFC3339Tests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00Z"), (1_617_977_760_000_000_000, "2021-04-09T14:16:00Z"),
    (1_709_164_800_000_000_000, "2024-02-29T00:00:00Z"),
    (951_782_400_000_000_000, "2000-02-29T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
    (1_500_000_000, "1970-01-01T00:00:01.5Z"),
    (1, "1970-01-01T00:00:00.000000001Z"), (Int64.max, "2262-04-11T23:47:16.854775807Z"),
    (Int64.min, "1677-09-21T00:12:43.145224192Z"),
    (4_102_444_799_000_000_000, "2099-12-31T23:59:59Z"),
  ])
  func writesUTC(unixNanoseconds: Int64, expected: String) {
    #expect(RFC3339.text(unixNanoseconds: unixNanoseconds) == expected)
  }
}
