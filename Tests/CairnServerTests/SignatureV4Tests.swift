// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import NIOCore
import NIOHTTP1
import Testing

@testable import CairnServer

/// The vectors are those of the test suite that AWS published with Signature Version 4.
@Suite struct SignatureV4Tests {
  private static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
  private static let letters = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
  private static let time: Int64 = 1_440_938_160

  struct Vector: Sendable {
    var method = HTTPMethod.GET
    var uri: String
    var headers: [(String, String)] = []
    var signedHeaders = "host;x-amz-date"
    var body = ""
    var signature: String
  }

  static let vectors = [
    Vector(uri: "/", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    Vector(method: .POST, uri: "/", signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    Vector(uri: "/?Param2=value2&Param1=value1", signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    Vector(uri: letters, signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
    Vector(
      uri: "/", headers: [("My-Header1", "value1"), ("My-Header2", " \"a   b   c\"")],
      signedHeaders: "host;my-header1;my-header2;x-amz-date",
      signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    Vector(
      method: .POST, uri: "/", headers: [("Content-Type", "application/x-www-form-urlencoded")],
      signedHeaders: "content-type;host;x-amz-date", body: "Param1=value1",
      signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    Vector(uri: "/a%20b/../%E1%88%B4", signature: "697b34846207a3f72246f99d74ae1ee4fe54f44bb06730c58a0d339eb079596d"),
  ]

  private static let presigned =
    "/TraceSegments?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fxray%2Faws4_request"
    + "&X-Amz-Date=20150830T123600Z&X-Amz-Expires=600&X-Amz-SignedHeaders=host"
    + "&X-Amz-Signature=4110946bcff1bbfec32ecfc7a2d30aac5cbf160d8ff00c40c277c6b7b91aa724"

  private func request(_ vector: Vector, signature: String? = nil, date: String = "20150830T123600Z") -> Request {
    var headers = HTTPHeaders(vector.headers)
    headers.add(name: "Host", value: "example.amazonaws.com")
    headers.add(name: "X-Amz-Date", value: date)
    let credential = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
    headers.add(
      name: "Authorization",
      value: "AWS4-HMAC-SHA256 Credential=\(credential), SignedHeaders=\(vector.signedHeaders), Signature=\(signature ?? vector.signature)")
    return make(vector.method, vector.uri, headers, vector.body)
  }

  private func make(_ method: HTTPMethod, _ uri: String, _ headers: HTTPHeaders, _ body: String) -> Request {
    let head = HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: headers)
    var request = Request(head: head, listener: .http, remoteAddress: "")
    request.body = ByteBuffer(string: body)
    return request
  }

  @Test(arguments: vectors) func theVectorsOfAWSAreSigned(_ vector: Vector) throws {
    let request = request(vector)
    let signature = try SignatureV4(request)
    #expect(signature.accessKeyID == "AKIDEXAMPLE" && signature.region == "us-east-1" && signature.service == "service")
    try signature.checkTime(nowUnixSeconds: Self.time)
    try signature.verify(request, secret: Self.secret)
  }

  @Test func whateverWasSignedCannotBeChanged() throws {
    let vector = Self.vectors[5]
    var changed = [request(vector, signature: String(vector.signature.dropLast()) + "0")]
    for change in ["body", "path", "query", "header", "date"] {
      var other = request(vector)
      switch change {
      case "body": other.body = ByteBuffer(string: "Param1=value2")
      case "path": other.path = "/x"
      case "query": other.query = "a=b"
      case "header": other.headers.replaceOrAdd(name: "content-type", value: "text/plain")
      default: other.headers.replaceOrAdd(name: "x-amz-date", value: "20150830T123601Z")
      }
      changed.append(other)
    }
    for request in changed {
      let signature = try SignatureV4(request)
      #expect(throws: Refusal.self) { try signature.verify(request, secret: Self.secret) }
    }
    let right = request(vector)
    #expect(throws: Refusal.self) { try SignatureV4(right).verify(right, secret: "another") }
  }

  @Test func aPresignedRequestHoldsUntilItExpires() throws {
    var headers = HTTPHeaders()
    headers.add(name: "host", value: "example.amazonaws.com")
    let request = make(.POST, Self.presigned, headers, "")
    #expect(SignatureV4.isPresent(in: request))
    let signature = try SignatureV4(request)
    try signature.verify(request, secret: Self.secret)
    try signature.checkTime(nowUnixSeconds: Self.time + 600)
    #expect(throws: Refusal.self) { try signature.checkTime(nowUnixSeconds: Self.time + 601) }
  }

  @Test func theWindowIsFiveMinutesEachWay() throws {
    let signature = try SignatureV4(request(Self.vectors[0]))
    try signature.checkTime(nowUnixSeconds: Self.time + 300)
    try signature.checkTime(nowUnixSeconds: Self.time - 300)
    for now in [Self.time + 301, Self.time - 301] {
      #expect(throws: Refusal.self) { try signature.checkTime(nowUnixSeconds: now) }
    }
    let otherDay = try SignatureV4(request(Self.vectors[0], date: "20150831T000000Z"))
    #expect(throws: Refusal.self) { try otherDay.checkTime(nowUnixSeconds: Self.time + 41_040) }
  }

  @Test(arguments: [
    "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a", "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0",
    "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=x-amz-date, Signature=0", "AWS4-HMAC-SHA256 ,,,=,=",
  ])
  func whatIsIncompleteIsSaidSo(_ header: String) {
    var headers = HTTPHeaders()
    headers.add(name: "authorization", value: header)
    headers.add(name: "x-amz-date", value: "20150830T123600Z")
    let request = make(.POST, "/TraceSegments", headers, "")
    #expect { try SignatureV4(request) } throws: { ($0 as? Refusal)?.awsCode == "IncompleteSignatureException" }
  }

  @Test func datesAreReadAndWritten() {
    for (text, seconds) in [("19700101T000000Z", 0), ("20150830T123600Z", Self.time), ("20000229T235959Z", 951_868_799), ("21000301T000000Z", 4_107_542_400)] {
      #expect(AWSDate.unixSeconds(text) == Int64(seconds))
      #expect(AWSDate.text(Int64(seconds)) == text)
    }
    for text in ["", "20150830", "20151330T123600Z", "20150830T246000Z", "2015083xT123600Z", "20150830 123600Z"] {
      #expect(AWSDate.unixSeconds(text) == nil)
    }
  }

  @Test func aKeyHasAnAccessKeyIDAndASecret() throws {
    let catalog = try Catalog()
    let made = try catalog.createKey(name: "", environment: "default", scopes: [.ingest], nowUnixSeconds: 1).key
    #expect(made.awsAccessKeyID.utf8.count == 20 && made.awsSecretAccessKey.utf8.count == 40)
    #expect(catalog.key(awsAccessKeyID: made.awsAccessKeyID) == made)
    #expect(catalog.key(awsAccessKeyID: "AKIDEXAMPLE") == nil)
    let other = try catalog.createKey(name: "", environment: "default", scopes: [.ingest], nowUnixSeconds: 1).key
    #expect(other.awsSecretAccessKey != made.awsSecretAccessKey)
  }
}
