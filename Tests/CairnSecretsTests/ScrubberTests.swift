// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnOTLP
import CairnSecrets
import Testing

@Suite struct ScrubberTests {
  private func json(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    return unsafe JSONScrubber.scrubbed(bytes.span.bytes).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(arguments: [
    (#"{"access_token":"abc","data":{"a":1}}"#, #"{"access_token":"[redacted]","data":{"a":1}}"#),
    (#"{"password" : "a\"b", "x": 1}"#, #"{"password" : "[redacted]", "x": 1}"#),
    (#"{"headers":{"Authorization":["Basic abc","Bearer def"]}}"#, #"{"headers":{"Authorization":["[redacted]","[redacted]"]}}"#),
    (#"{"credentials":{"user":"ann","pin":"12ab","ok":true},"user":"bob"}"#, #"{"credentials":{"user":"[redacted]","pin":"[redacted]","ok":true},"user":"bob"}"#),
    (#"{"message":"login with \"password\": \"x y\" failed"}"#, #"{"message":"login with \"password\": \"[redacted]\" failed"}"#),
    (#"{"url":"https://x.org/?a=1&token=abc&b=2"}"#, #"{"url":"https://x.org/?a=1&token=[redacted]&b=2"}"#),
    (#"{"n":"card 4111 1111 1111 1111","token":"z"}"#, #"{"n":"card [redacted]","token":"[redacted]"}"#),
    (#"{"password":"12345678"}"#, #"{"password":"[redacted]"}"#),
    (#"{"token":"token=abc password=def"}"#, #"{"token":"[redacted]"}"#),
    (#"{"private_key":"0x4c0883a69102937d6231471b5dbb6204fe512961708279f2e3e8a5d4b8e3e1f2"}"#, #"{"private_key":"[redacted]"}"#),
    (#"{"token":"12345678e90","auth_token":"0x1p4"}"#, #"{"token":"[redacted]","auth_token":"[redacted]"}"#),
    (#"{"line":"{\"auth\":{\"pw\":\"abc\"}}"}"#, #"{"line":"{\"auth\":{\"pw\":\"[redacted]\"}}"}"#),
  ]) func takesSecretsOutOfJSON(_ document: String, _ kept: String) { #expect(json(document) == kept) }

  @Test(arguments: [
    "", "{", #"{"password": "#, #"{"author":"bob","token":12,"auth":null}"#, #"{"password":"[redacted]"}"#, #"{"password":"****"}"#,
    #"{"token":"12"}"#, #"{"token":"-1.5e-7"}"#, #"{"token":"1E+20"}"#, #"{"name":"auth","type":"token"}"#,
  ]) func leavesTheRestOfJSON(_ document: String) { #expect(json(document) == nil) }

  @Test func idsOfSpansAreNoNumbersOfCards() {
    func scrubbed(_ text: String) -> String? {
      let ids = IDMembers(["id", "parent_id"], notBelow: ["metadata"])
      let bytes = Array(text.utf8)
      return unsafe JSONScrubber.scrubbed(bytes.span.bytes, ids: ids).map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(scrubbed(#"{"id":"4111111111111111","subsegments":[{"id":"5500000000000004","parent_id":"4111111111111111"}]}"#) == nil)
    #expect(scrubbed(#"{"id":"4111111111111111","name":"4111111111111111"}"#) == #"{"id":"4111111111111111","name":"[redacted]"}"#)
    #expect(scrubbed(#"{"id":"4111 1111 1111 1111"}"#) == #"{"id":"[redacted]"}"#)
    #expect(scrubbed(#"{"metadata":{"a":{"id":"4111111111111111"}},"id":"4111111111111111"}"#) == #"{"metadata":{"a":{"id":"[redacted]"}},"id":"4111111111111111"}"#)
    #expect(json(#"{"id":"4111111111111111"}"#) == #"{"id":"[redacted]"}"#)
  }

  // MARK: OTLP

  private func traces(_ body: [UInt8]) -> [UInt8]? { unsafe scrubbedTraces(body.span.bytes) }
  private func logs(_ body: [UInt8]) -> [UInt8]? { unsafe scrubbedLogs(body.span.bytes) }
  private func metrics(_ body: [UInt8]) -> [UInt8]? { unsafe scrubbedMetrics(body.span.bytes) }

  private func pair(_ key: String, _ value: (inout ProtobufWriter) -> Void) -> ProtobufWriter {
    var writer = ProtobufWriter()
    writer.text(1, key)
    writer.message(2, value)
    return writer
  }

  private func request(_ item: (inout ProtobufWriter) -> Void) -> [UInt8] {
    var writer = ProtobufWriter()
    writer.message(1) { (resource) in
      resource.message(1) { $0.message(1, pair("service.name") { $0.text(1, "auth") }) }
      resource.message(2) { $0.message(2, item) }
    }
    return writer.bytes
  }

  @Test func takesSecretsOutOfSpans() {
    let made = { (secret: (String) -> String) -> [UInt8] in
      self.request { (span) in
        span.text(5, "GET /?token=\(secret("abc"))&a=1")
        span.message(9, self.pair("http.request.header.authorization") { $0.message(5) { $0.message(1) { $0.text(1, secret("Bearer x")) } } })
        span.message(9, self.pair("db.password") { $0.text(1, secret("hunter2")) })
        span.message(9, self.pair("retry.token") { $0.varint(3, 7) })
        span.message(9, self.pair("request") { $0.message(6) { $0.message(1, self.pair("api_key") { $0.text(1, secret("k")) }) } })
        span.message(11) { $0.text(2, "exception"); $0.message(3, self.pair("exception.message") { $0.text(1, "password=\(secret("pw")) is wrong") }) }
        span.message(15) { $0.text(2, "card \(secret("4111111111111111"))") }
      }
    }
    let kept = traces(made { $0 })
    #expect(kept == made { _ in "[redacted]" })
    #expect(traces(kept ?? []) == nil)
    let plain = request { $0.text(5, "GET /authors"); $0.message(9, self.pair("author") { $0.text(1, "x") }) }
    #expect(traces(plain) == nil)
  }

  @Test func takesSecretsOutOfLogsAndMetrics() {
    let log = { (secret: String) in self.request { $0.message(5) { $0.text(1, "secret: \(secret)") } } }
    #expect(logs(log("xyz")) == log("[redacted]"))
    let metric = { (secret: String) in
      self.request { $0.text(1, "m"); $0.message(7) { $0.message(1) { $0.message(7, self.pair("auth.token") { $0.text(1, secret) }) } } }
    }
    #expect(metrics(metric("xyz")) == metric("[redacted]"))
  }

  @Test func brokenMessagesStayForTheDecoderToRefuse() {
    let whole = request { $0.message(9, self.pair("password") { $0.text(1, "x") }) }
    for count in 0..<whole.count { _ = traces(Array(whole[..<count])) }
    for index in whole.indices {
      for bit in 0..<8 {
        var bytes = whole
        bytes[index] ^= 1 << UInt8(bit)
        _ = traces(bytes)
      }
    }
  }
}
