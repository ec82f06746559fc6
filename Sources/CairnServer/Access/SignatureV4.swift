// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import Crypto
import NIOCore
import NIOHTTP1

// AWS Signature Version 4, the verifier's half.
//
//   authorization: AWS4-HMAC-SHA256 Credential=ID/20150830/us-east-1/xray/aws4_request, SignedHeaders=host;x-amz-date, Signature=hex
//   presigned:     ?X-Amz-Algorithm=…&X-Amz-Credential=…&X-Amz-Date=…&X-Amz-Expires=…&X-Amz-SignedHeaders=…&X-Amz-Signature=hex
//
//   canonical request := method \n path \n query \n headers \n signed header names \n hex(sha256(body))
//   string to sign    := AWS4-HMAC-SHA256 \n date \n scope \n hex(sha256(canonical request))
//   key               := HMAC(HMAC(HMAC(HMAC("AWS4" + secret, day), region), service), "aws4_request")
//   signature         := hex(HMAC(key, string to sign))
//
// Source: AWS General Reference, "Signature Version 4 signing process"; the test suite that AWS published with it.

/// A signature as a request presents it: read, but not yet believed.
struct SignatureV4: Sendable, Hashable {
  var accessKeyID: String
  /// `20150830`
  var day: String
  var region: String
  var service: String
  /// In the order in which they were signed, lower case.
  var signedHeaders: [String]
  var signature: String
  /// `20150830T123600Z`
  var date: String
  /// For how long a presigned request holds; nil where the signature is in a header.
  var expiresSeconds: Int64?

  static let algorithm = "AWS4-HMAC-SHA256"
  /// How far a signer's clock may be off.
  static let windowSeconds: Int64 = 300
  private static let expiresSecondsMax: Int64 = 604_800

  var scope: String { "\(day)/\(region)/\(service)/aws4_request" }

  /// True if the request presents a signature of this kind, good or bad.
  static func isPresent(in request: Request) -> Bool {
    if let header = request.header("authorization") { return header.hasPrefix(algorithm) }
    return request.query.contains("X-Amz-Signature=")
  }

  /// Reads the signature of a request; throws where it is incomplete.
  init(_ request: Request) throws(Refusal) {
    if let header = request.header("authorization"), header.hasPrefix(Self.algorithm) {
      try self.init(header: header.dropFirst(Self.algorithm.count), request)
    } else {
      try self.init(query: CanonicalQuery(request.query))
    }
  }

  private init(header: Substring, _ request: Request) throws(Refusal) {
    var parts: [String: String] = [:]
    for part in header.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1)
      if pair.count == 2 { parts[trimmed(String(pair[0]))] = trimmed(String(pair[1])) }
    }
    for name in ["Credential", "Signature", "SignedHeaders"] where parts[name] == nil {
      throw Self.incomplete("Authorization header requires '\(name)' parameter. Authorization=\(Self.algorithm)")
    }
    guard let date = request.header("x-amz-date") ?? request.header("date") else {
      throw Self.incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    }
    try self.init(
      credential: parts["Credential"] ?? "", signedHeaders: parts["SignedHeaders"] ?? "", signature: parts["Signature"] ?? "", date: date)
  }

  private init(query: CanonicalQuery) throws(Refusal) {
    guard query["X-Amz-Algorithm"] == Self.algorithm else {
      throw Self.incomplete("AWS query-string parameters must include 'X-Amz-Algorithm' = \(Self.algorithm).")
    }
    for name in ["X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"] where query[name] == nil {
      throw Self.incomplete("AWS query-string parameters must include '\(name)'.")
    }
    try self.init(
      credential: query["X-Amz-Credential"] ?? "", signedHeaders: query["X-Amz-SignedHeaders"] ?? "",
      signature: query["X-Amz-Signature"] ?? "", date: query["X-Amz-Date"] ?? "")
    guard let seconds = Int64(query["X-Amz-Expires"] ?? ""), seconds >= 0, seconds <= Self.expiresSecondsMax else {
      throw Self.incomplete("X-Amz-Expires must be a number of seconds from 0 to \(Self.expiresSecondsMax).")
    }
    expiresSeconds = seconds
  }

  private init(credential: String, signedHeaders: String, signature: String, date: String) throws(Refusal) {
    let parts = credential.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 5, parts[4] == "aws4_request", !parts[0].isEmpty else {
      throw Self.incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.")
    }
    accessKeyID = parts[0]
    day = parts[1]
    region = parts[2]
    service = parts[3]
    self.signedHeaders = signedHeaders.split(separator: ";").map(String.init)
    self.signature = signature
    self.date = date
    guard self.signedHeaders.contains("host") else {
      throw Self.incomplete("'Host' must be a 'SignedHeader' in the AWS Authorization.")
    }
  }

  // MARK: Checks

  /// Throws unless the signature was made inside the window around now, for its own day.
  func checkTime(nowUnixSeconds now: Int64) throws(Refusal) {
    guard let signed = AWSDate.unixSeconds(date), date.hasPrefix(day) else {
      throw Self.mismatch("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '\(day)' != '\(date)'.")
    }
    let nowText = AWSDate.text(now)
    if signed > now + Self.windowSeconds {
      throw Self.mismatch("Signature not yet current: \(date) is still later than \(nowText) (+ 5 min.)")
    }
    let end = signed + max(expiresSeconds ?? Self.windowSeconds, 0)
    if end < now { throw Self.mismatch("Signature expired: \(date) is now earlier than \(nowText) (- 5 min.)") }
  }

  /// Throws unless the whole request was signed with this secret; takes the same time wherever the signatures differ. O(body).
  func verify(_ request: Request, secret: String) throws(Refusal) {
    let expected = signature(of: request, secret: secret)
    guard isSameText(expected, signature) else {
      throw Self.mismatch(
        """
        The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing \
        method. Consult the service documentation for details.
        """)
    }
  }

  /// The signature that the request should have.
  func signature(of request: Request, secret: String) -> String {
    let text = "\(Self.algorithm)\n\(date)\n\(scope)\n\(hexText(SHA256.hash(data: Array(canonicalRequest(request).utf8))))"
    var key = Array("AWS4\(secret)".utf8)
    for part in [day, region, service, "aws4_request", text] { key = Self.mac(part, key) }
    return hexText(key)
  }

  private static func mac(_ text: String, _ key: [UInt8]) -> [UInt8] {
    var mac = HMAC<SHA256>(key: SymmetricKey(data: key))
    mac.update(data: Array(text.utf8))
    return Array(mac.finalize())
  }

  private static func incomplete(_ reason: String) -> Refusal {
    var refusal = Refusal(.unauthenticated, reason)
    refusal.awsCode = "IncompleteSignatureException"
    return refusal
  }

  private static func mismatch(_ reason: String) -> Refusal {
    var refusal = Refusal(.unauthenticated, reason)
    refusal.awsCode = "InvalidSignatureException"
    return refusal
  }
}

/// True if both are equal; takes the same time wherever they differ.
private func isSameText(_ left: String, _ right: String) -> Bool {
  let left = Array(left.utf8)
  let right = Array(right.utf8)
  guard left.count == right.count else { return false }
  var difference: UInt8 = 0
  for index in left.indices { difference |= left[index] ^ right[index] }
  return difference == 0
}
