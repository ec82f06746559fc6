// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import Testing

@Suite struct ContentEncodingTests {
  @Test(arguments: [
    (nil, ContentEncoding.identity), ("", .identity), ("identity", .identity), ("none", .identity), ("gzip", .gzip),
    ("GZIP", .gzip), (" gzip ", .gzip), ("x-gzip", .gzip), ("deflate", .deflate), ("zstd", .zstd), ("zst", .zstd),
  ])
  func readsNamesInAnyCase(value: String?, expected: ContentEncoding) throws {
    #expect(try ContentEncoding(headerValue: value) == expected)
  }

  @Test(arguments: ["gzip, gzip", "gzip,zstd", "identity, gzip", ",", "br", "snappy", "gzip;q=1"])
  func refusesListsAndUnknownNames(value: String) {
    #expect(throws: InflateError.self) { try ContentEncoding(headerValue: value) }
  }
}
