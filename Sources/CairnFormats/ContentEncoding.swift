// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// How a body is compressed: the values of the `Content-Encoding` and `grpc-encoding` headers that Cairn reads.
///
/// Raw values are those of the journal's request headers.
public enum ContentEncoding: UInt8, Sendable, Hashable, CaseIterable {
  case identity = 0
  case gzip = 1
  case deflate = 2
  case zstd = 3

  /// Reads a header's value; absent or empty means `identity`.
  ///
  /// Names are compared without regard to case. `x-gzip`, and Honeycomb's `zst`, are synonyms. More than one encoding is refused
  /// even where one of them is `identity`: a list is how a small body hides a large one. Throws `.unsupported`.
  public init(headerValue: String?) throws(InflateError) {
    let value = (headerValue ?? "").lowercased()
    if value.utf8.contains(0x2c) { throw .unsupported("one content encoding, not a list") }
    let name = value.filter { $0 != " " && $0 != "\t" }
    switch name {
    case "", "identity", "none": self = .identity
    case "gzip", "x-gzip": self = .gzip
    case "deflate": self = .deflate
    case "zstd", "zst": self = .zstd
    default: throw .unsupported("identity, gzip, deflate or zstd as content encoding")
    }
  }
}
