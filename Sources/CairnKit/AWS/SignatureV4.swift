// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats
internal import Crypto
internal import NIOCore

/// Signs requests as AWS wants them: Signature Version 4 in the `Authorization` header.
///
/// Source: AWS General Reference, "Signature Version 4 signing process".
struct SignatureV4: Sendable {
  var accessKeyID: String
  var secretAccessKey: String
  var sessionToken: String?
  var region: String
  var service: String

  /// The request with `host`, `x-amz-date`, the token where there is one, and `authorization`.
  func signed(_ request: OutgoingRequest, unixSeconds: Int64) -> OutgoingRequest {
    let time = RFC3339.basicText(unixSeconds: unixSeconds)
    let day = String(time.prefix(8))
    let target = URLParts(request.url)
    var signed = request
    signed.headers.append(("host", String(target.address)))
    signed.headers.append(("x-amz-date", time))
    if let sessionToken { signed.headers.append(("x-amz-security-token", sessionToken)) }
    let scope = "\(day)/\(region)/\(service)/aws4_request"
    let names = Set(signed.headers.map { $0.name.lowercased() }).sorted().joined(separator: ";")
    let canonical = Self.canonicalRequest(signed, target, signedHeaders: names)
    let text = "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(hexText(SHA256.hash(data: Array(canonical.utf8))))"
    let signature = hexText(Self.authenticate(text, key: signingKey(day)))
    signed.headers.append(
      ("authorization", "AWS4-HMAC-SHA256 Credential=\(accessKeyID)/\(scope), SignedHeaders=\(names), Signature=\(signature)"))
    // The client writes its own from the URL.
    signed.headers.removeAll { $0.name == "host" }
    return signed
  }

  static func canonicalRequest(_ request: OutgoingRequest, _ target: URLParts, signedHeaders: String) -> String {
    var values: [String: [String]] = [:]
    for header in request.headers { values[header.name.lowercased(), default: []].append(collapsed(header.value)) }
    let lines = values.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value.joined(separator: ","))\n" }.joined()
    var hash = SHA256()
    unsafe request.body.withUnsafeReadableBytes { unsafe hash.update(bufferPointer: $0) }
    let body = hexText(hash.finalize())
    return "\(request.method)\n\(target.canonicalPath)\n\(target.canonicalQuery)\n\(lines)\n\(signedHeaders)\n\(body)"
  }

  private func signingKey(_ day: String) -> [UInt8] {
    var key = Self.authenticate(day, key: Array("AWS4\(secretAccessKey)".utf8))
    for part in [region, service, "aws4_request"] { key = Self.authenticate(part, key: key) }
    return key
  }

  private static func authenticate(_ text: String, key: [UInt8]) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
  }

  /// Runs of blanks as one, none at the ends.
  private static func collapsed(_ value: String) -> String { value.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}

/// The parts of an absolute URL that a signature looks at.
struct URLParts: Sendable, Hashable {
  var host: String
  /// At least `/`; as it is sent.
  var path: String
  var query: Substring

  init(_ url: String) {
    let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    host = String(rest[..<end])
    let target = rest[end...]
    let mark = target.firstIndex(of: "?") ?? target.endIndex
    path = target[..<mark].isEmpty ? "/" : String(target[..<mark])
    query = mark < target.endIndex ? target[target.index(after: mark)...] : ""
  }

  /// Where to connect to, without user, password and the brackets of an address; the port where one is named. nil where the URL names no
  /// host, or a port that is none: NIO ends the program for those.
  var place: (host: String, port: Int?)? {
    let address = address
    let isBracketed = address.hasPrefix("[")
    guard let end = isBracketed ? address.firstIndex(of: "]") : address.firstIndex(of: ":") ?? address.endIndex else { return nil }
    let name = isBracketed ? address[..<end].dropFirst() : address[..<end]
    let rest = isBracketed ? address[end...].dropFirst() : address[end...]
    guard !name.isEmpty, isBracketed || !name.contains("]") else { return nil }
    guard !rest.isEmpty else { return (String(name), nil) }
    let digits = rest.dropFirst()
    guard rest.first == ":", digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits), port > 0 else { return nil }
    return (String(name), Int(port))
  }

  /// Without `.`, `..` and empty parts, and encoded once more than it is sent, as every service but S3 wants it.
  var canonicalPath: String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    let end = path.hasSuffix("/") && !parts.isEmpty ? "/" : ""
    return percentEncoded("/" + parts.joined(separator: "/") + end, keepsSlash: true)
  }

  /// Parameters by name, then value; each with its `=`.
  var canonicalQuery: String {
    let pairs = query.split(separator: "&").map { part -> (Substring, Substring) in
      let equals = part.firstIndex(of: "=") ?? part.endIndex
      return (part[..<equals], equals < part.endIndex ? part[part.index(after: equals)...] : "")
    }
    return pairs.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
  }
}
