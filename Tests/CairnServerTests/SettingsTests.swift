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
      case .ingestOrigins: "https://shop.example:8443"
      case .hosts, .webhookHosts: "shop.example"
      case .mailFrom: "cairn@shop.example"
      case .pagerDutyURL: "https://events.eu.pagerduty.com/v2/enqueue"
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

  @Test(arguments: ["nonsense: 1", "- a", "http: {a: 1}", "http: [", "http: localhost", "data: [a, b]", "hosts: [a, {b: c}]", "hosts: {a: 1}",
    "retention_days_by_dataset: {api: [7]}", "cache_mib: 1\ncache_mib: 2"])
  func refusesBadFiles(_ text: String) {
    #expect(throws: ServerError.self) {
      try Settings.resolve(flags: [:], environment: [:], file: try SettingsFile.parse(text, path: "f"))
    }
  }

  @Test func refusesBadValues() {
    #expect(throws: ServerError.badSetting("CAIRN_HTTP: '8080' is not HOST:PORT")) {
      try Settings.resolve(flags: [:], environment: ["CAIRN_HTTP": "8080"], file: [:])
    }
  }

  @Test(arguments: [
    (Settings.Key.insecure, "maybe"), (.retentionDays, "-1"), (.cacheMiB, "2000000000"), (.smtpSecurity, "ssl"), (.smtp, "mail host:25"), (.data, ""),
    (.retentionDaysByDataset, "api"), (.retentionDaysByDataset, "=7"), (.retentionDaysByDataset, "api=x"), (.groupingVersion, "cg0"),
    (.ingestOrigins, "shop.example"), (.ingestOrigins, "https://shop.example/"), (.ingestOrigins, "https://a.example https://b.example"),
    (.hosts, "https://shop.example"), (.hosts, "shop.example:8080"), (.hosts, "a b"), (.hosts, "[::1]"), (.webhookHosts, "http://10.0.0.1"),
    (.mailFrom, "nobody"), (.mailFrom, "@shop.example"),
  ])
  func namesTheSettingAndTheValueThatMakesNoSense(_ key: Settings.Key, _ value: String) {
    let error = #expect(throws: ServerError.self) {
      try Settings.resolve(flags: [:], environment: [key.environmentName: value], file: [:])
    }
    #expect(error?.description.contains(key.environmentName) == true && error?.description.contains(value) == true)
  }

  @Test func takesWhatComesNearToNonsense() throws {
    let values: [Settings.Key: String] = [
      .ingestOrigins: "*,null,HTTPS://Shop.Example:8443", .hosts: "::1,shop.example", .webhookHosts: "10.0.0.1,fd00::7", .smtp: "[::1]:25",
      .mailFrom: "Cairn <cairn@shop.example>", .readyFile: "",
    ]
    let settings = try Settings.resolve(flags: values, environment: [:], file: [:])
    #expect(settings.ingestOrigins == ["*", "null", "https://shop.example:8443"] && settings.hosts == ["::1", "shop.example"])
    #expect(settings.mailFrom == "Cairn <cairn@shop.example>" && settings.smtp == "[::1]:25" && settings.readyFile == nil)
  }

  @Test(arguments: ["[api=7, web=0]", "api=7", "{api: 7, web: 0}"]) func readsDaysByDatasetInEachForm(_ value: String) throws {
    let file = try SettingsFile.parse("retention_days_by_dataset: \(value)\n", path: "f")
    #expect(try Settings.resolve(flags: [:], environment: [:], file: file).retentionDaysByDataset["api"] == 7)
  }

  @Test func offersTheKeyThatWasMeant() {
    #expect(throws: ServerError.badSetting("f: unknown key 'retention_day'. Did you mean retention_days?")) {
      try SettingsFile.parse("retention_day: 7", path: "f")
    }
    let error = #expect(throws: ServerError.self) { try SettingsFile.parse("colour: red", path: "f") }
    #expect(error?.description.contains("Known keys: data, http, ") == true)
  }

  @Test func namesVariablesThatLookLikeASetting() {
    let found = Settings.misspelt([
      "CAIRN_OTLP_HTP": "1", "CAIRN_RETENTION_DAY": "7", "CAIRN_HTTP": "127.0.0.1:1", "CAIRN_KEY": "k", "CAIRN_CONFIG": "f", "CAIRN_SERVICE_HOST": "10.0.0.1",
      "CAIRN_PORT": "tcp://10.0.0.1:8080", "CAIRN_PORT_8080_TCP_ADDR": "10.0.0.1", "CAIRN_SHUTDOWN_TIMEOUT": "1", "HTTP": "x",
    ])
    #expect(found.map(\.name) == ["CAIRN_OTLP_HTP", "CAIRN_RETENTION_DAY"])
    #expect(found.map(\.near) == [["CAIRN_OTLP_HTTP"], ["CAIRN_RETENTION_DAYS"]])
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
