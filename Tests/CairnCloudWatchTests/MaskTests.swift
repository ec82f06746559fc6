// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import Testing

@Suite struct MaskTests {
  @Test(arguments: [
    ("password=hunter2 user=ann", "password=[redacted] user=ann"),
    ("DB_PASSWORD: 'x y' ok", "DB_PASSWORD: '[redacted]' ok"),
    (#"{"api_key": "abc\"def", "n": 1}"#, #"{"api_key": "[redacted]", "n": 1}"#),
    (#"{"body": "{\"token\":\"abc\"}"}"#, #"{"body": "{\"token\":\"[redacted]\"}"}"#),
    ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [redacted]"),
    ("got bearer abcdefgh.ijkl", "got bearer [redacted]"),
    ("card 5500 0055 5555 5559.", "card [redacted]."),
    ("key AKIAIOSFODNN7EXAMPLE", "key [redacted]"),
    ("Authorization: Token 9944b09199c62bcf9418ad846dd0e4bb", "Authorization: Token [redacted]"),
    ("authorization=OtherScheme 9944b0919 next", "authorization=[redacted] [redacted] next"),
    (#"{"auth":{"user":"bob","pw":"LEAK1"},"n":1}"#, #"{"auth":{"user":"[redacted]","pw":"[redacted]"},"n":1}"#),
    (#"{"headers":{"authorization":["Token LEAK5"]}}"#, #"{"headers":{"authorization":["[redacted]"]}}"#),
    (#" [{"credentials":["LEAK2"]}]"#, #" [{"credentials":["[redacted]"]}]"#),
    ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,12\n\nMIIB+/\n-----END RSA PRIVATE KEY-----\nnext", "[redacted]\nnext"),
    ("-----BEGIN PRIVATE KEY-----\nMII-cut", "[redacted]"),
    (String(repeating: "token=abc ", count: 1_200) + "THE-END", String(repeating: "token=[redacted] ", count: 1_200) + "THE-END"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\nnext", "[redacted]\nnext"),
  ]) func takesSecretsOut(_ line: String, _ kept: String) { #expect(LineMask.secrets.masked(line) == kept) }

  @Test(arguments: [
    "author: Bob", "tokens=12", "token=42", "auth=true", "password=null", "order 4111111111111112", "at 1795671311123", "authenticated: yes",
    "1-5759e988-bd862e3fe1be46a994272793", "token=1.5e-7", "https://example.com/a?b=c",
  ]) func leavesTheRest(_ line: String) { #expect(LineMask.secrets.masked(line) == line) }

  @Test func masksABatchInPlace() {
    var batch = LogBatch(group: "g", stream: "s")
    for (index, line) in ["fine", "password=x", "secret: yyy z", "", "AKIAIOSFODNN7EXAMPLE", #"{"auth":["x"]}"#].enumerated() {
      batch.append(timeUnixMilliseconds: Int64(index), message: Array(line.utf8))
    }
    LineMask.secrets.apply(to: &batch)
    #expect((0..<6).map(batch.message) == ["fine", "password=[redacted]", "secret: [redacted] z", "", "[redacted]", #"{"auth":["[redacted]"]}"#])
  }

  @Test func policiesMaskWithAsterisks() throws {
    let statement = { (operation: String) in
      #"{"DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/IpAddress", "id"], "Operation": {\#(operation)}}"#
    }
    let document =
      #"{"Version": "2021-06-01", "Configuration": {"CustomDataIdentifier": [{"Name": "id", "Regex": "ü[0-9]+"}]}, "Statement": ["#
      + statement(#""Audit": {}"#) + "," + statement(#""Deidentify": {"MaskConfig": {}}"#) + "]}"
    #expect(try DataProtection(document: document).mask.masked("from 10.0.0.1 by ü12") == "from ******** by ***")
  }

  @Test(arguments: ["", "[]", "{}", #"{"Statement": []}"#, #"{"Statement": [{}, {}]}"#]) func refusesWhatIsNoPolicy(_ document: String) {
    #expect(throws: LogsError.self) { _ = try DataProtection(document: document) }
  }
}
