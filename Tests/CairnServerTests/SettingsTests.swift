// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CairnServer

@Suite struct SettingsTests {
  @Test func flagBeatsEnvironmentBeatsFileBeatsDefault() throws {
    let file = try SettingsFile.parse(
      "http: 127.0.0.1:1\notlp_http: 127.0.0.1:1\notlp_grpc: 127.0.0.1:1\ndata: /file\n", path: "f")
    let environment = ["CAIRN_HTTP": "127.0.0.1:2", "CAIRN_OTLP_HTTP": "127.0.0.1:2", "CAIRN_TEST_RESET": "1"]
    let settings = try Settings.resolve(flags: [.http: "127.0.0.1:3"], environment: environment, file: file)
    #expect(settings.http.port == 3)
    #expect(settings.otlpHTTP.port == 2)
    #expect(settings.otlpGRPC.port == 1)
    #expect(settings.xray.port == 2000)
    #expect(settings.dataDirectory == "/file")
    #expect(settings.allowsTestReset)
  }

  @Test(arguments: Settings.Key.allCases) func everySettingCanComeFromEachPlace(_ key: Settings.Key) throws {
    let value =
      switch key {
      case .insecure: "true"
      case .retentionDays, .diskReserveMiB, .cacheMiB: "5"
      case .retentionDaysByDataset: "api=5"
      case .smtpSecurity: "tls"
      case .groupingVersion: "cg1.0"
      default: "127.0.0.1:5"
      }
    let flag = try Settings.resolve(flags: [key: value], environment: [:], file: [:])
    #expect(flag != Settings())
    #expect(try Settings.resolve(flags: [:], environment: [key.environmentName: value], file: [:]) == flag)
    let file = try SettingsFile.parse("\(key.rawValue): \(value)\n", path: "f")
    #expect(try Settings.resolve(flags: [:], environment: [:], file: file) == flag)
  }

  @Test func whatIsNoListKeepsItsCommas() throws {
    let environment = ["CAIRN_SMTP_PASSWORD": "p,,w, x ", "CAIRN_DATA": "/x/a,,b"]
    let settings = try Settings.resolve(flags: [:], environment: environment, file: [:])
    #expect(settings.smtpPassword == "p,,w, x " && settings.dataDirectory == "/x/a,,b")
  }

  @Test func readsListsInEachForm() throws {
    let file = try SettingsFile.parse("ingest_origins: [https://a.example, 'https://b.example']\n", path: "f")
    let origins = ["https://a.example", "https://b.example"]
    #expect(try Settings.resolve(flags: [:], environment: [:], file: file).ingestOrigins == origins)
    let environment = ["CAIRN_INGEST_ORIGINS": "https://a.example, https://b.example"]
    #expect(try Settings.resolve(flags: [:], environment: environment, file: [:]).ingestOrigins == origins)
  }

  @Test(arguments: ["nonsense: 1", "- a", "http: {a: 1}", "http: [", "http: localhost"])
  func refusesBadFiles(_ text: String) {
    #expect(throws: ServerError.self) {
      try Settings.resolve(flags: [:], environment: [:], file: try SettingsFile.parse(text, path: "f"))
    }
  }

  @Test func refusesBadValues() {
    #expect(throws: ServerError.badSetting("CAIRN_HTTP: '8080' is not HOST:PORT")) {
      try Settings.resolve(flags: [:], environment: ["CAIRN_HTTP": "8080"], file: [:])
    }
    #expect(throws: ServerError.self) { try Settings.resolve(flags: [.insecure: "maybe"], environment: [:], file: [:]) }
    #expect(throws: ServerError.self) { try Settings.resolve(flags: [.retentionDays: "-1"], environment: [:], file: [:]) }
    #expect(throws: ServerError.self) { try Settings.resolve(flags: [.smtpSecurity: "ssl"], environment: [:], file: [:]) }
    #expect(throws: ServerError.self) { try Settings.resolve(flags: [.retentionDaysByDataset: "api"], environment: [:], file: [:]) }
  }

  @Test(arguments: [
    ("127.0.0.1:80", "127.0.0.1:80", true), ("[::1]:80", "[::1]:80", true), (":80", "127.0.0.1:80", true),
    ("0.0.0.0:0", "0.0.0.0:0", false),
    ("localhost:1", "localhost:1", true), ("[::]:1", "[::]:1", false),
  ])
  func readsEndpoints(_ text: String, _ normal: String, _ isLoopback: Bool) {
    #expect(Endpoint(text)?.text == normal)
    #expect(Endpoint(text)?.isLoopback == isLoopback)
  }

  @Test(arguments: ["", "x", "x:", "x:70000", "x:-1", "a b:1", "http://x:1"]) func refusesOtherEndpoints(_ text: String) {
    #expect(Endpoint(text) == nil)
  }
}
