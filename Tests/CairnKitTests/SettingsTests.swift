// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CairnKit

struct KitSettingsTests {
  @Test(arguments: [
    "http://127.0.0.1:99999", "http://127.0.0.1:0", "http://127.0.0.1:-1", "http://127.0.0.1:", "http://[::1", "http://[]", "http://[::1]x", "http://a:b:1", "http://:80",
    "https://user@", "http:///path", "http://host:8o", "http://host:+80",
  ]) func aURLWithoutHostOrPortStopsTheStart(url: String) async {
    for name in ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "HONEYCOMB_API_ENDPOINT"] {
      let error = #expect(throws: ConfigurationError.self) { try KitSettings.fromEnvironment([name: url]) }
      #expect(error?.variable == name && error?.problem.contains("'\(url.contains("@") ? "https://REDACTED@" : url)'") == true)
    }
    // A program may still set it: then nothing arrives.
    let transport = ClientTransport(tls: nil)
    await #expect(throws: SendFailure.self) { try await transport.send(OutgoingRequest(url: url), timeout: .seconds(5)) }
    await transport.close()
  }

  @Test func placesOfURLs() {
    let found = ["http://a", "http://a:1/b", "https://u:p@[::1]:65535?q", "http://[fe80::1]", "http://u:p@h:80"].map { URLParts($0).place.map { "\($0.host) \($0.port ?? 0)" } }
    #expect(found == ["a 0", "a 1", "::1 65535", "fe80::1 0", "h 80"])
  }

  @Test(arguments: [
    ("http://me:pass@h:80/v1", "http://h:80/v1", "Basic bWU6cGFzcw=="), ("https://m%40e:p%3Aa%2Fss@[::1]", "https://[::1]", "Basic bUBlOnA6YS9zcw=="),
    ("http://me@h", "http://h", "Basic bWU6"), ("http://:key@h/?a=b", "http://h/?a=b", "Basic OmtleQ=="), ("http://@h", "http://h", nil), ("http://h/a@b", "http://h/a@b", nil),
  ]) func userAndPasswordOfAURLAreBasicAuthorization(url: String, sentTo: String, authorization: String?) {
    let request = OutgoingRequest(url: url).authorized
    #expect(request.url == sentTo && request.headers.map(\.value) == [authorization].compactMap { $0 } && request.headers.allSatisfy { $0.name == "authorization" })
    // Who asks is said already.
    let own = OutgoingRequest(url: url, headers: [("Authorization", "Bearer x")]).authorized
    #expect(own.url == sentTo && own.headers.map(\.value) == ["Bearer x"])
  }

  @Test func blanksAndLineEndsAreNotMeant() throws {
    let settings = try KitSettings.fromEnvironment(["HONEYCOMB_API_KEY": "key\n", "OTEL_BSP_MAX_QUEUE_SIZE": " 100 ", "OTEL_TRACES_SAMPLER": " "])
    #expect(settings.otlpTraces.headers.map(\.value) == ["key"] && settings.honeycomb?.apiKey == "key")
    // A small queue has small batches.
    #expect(settings.spanBatches.queueLimit == 100 && settings.spanBatches.batchLimit == 100)
  }

  @Test(arguments: ["a b=1", "a=%0d%0ab", "a=%00", "\u{e9}=1"]) func whatIsNoHeaderStopsTheStart(text: String) {
    let error = #expect(throws: ConfigurationError.self) { try KitSettings.fromEnvironment(["OTEL_EXPORTER_OTLP_HEADERS": text]) }
    #expect(error?.variable == "OTEL_EXPORTER_OTLP_HEADERS")
  }

  /// Who switches the kit off need not say where it would send.
  @Test func ofAKitThatIsSwitchedOffOnlyThePropagatorsAreRead() throws {
    let settings = try KitSettings.fromEnvironment([
      "OTEL_SDK_DISABLED": "true", "OTEL_PROPAGATORS": "b3", "OTEL_LOGS_EXPORTER": "cloudwatch", "CAIRN_XRAY_TRANSPORT": "api", "OTEL_TRACES_EXPORTER": "xray",
      "OTEL_TRACES_SAMPLER": "sometimes", "OTEL_RESOURCE_ATTRIBUTES": "team", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere",
    ])
    #expect(settings.isDisabled && settings.propagators == [.b3])
    _ = try Kit(settings)
  }

  /// Complaints end up in somebody's log.
  @Test(arguments: [
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:hush@host:99999"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:hu/hush@host"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "me:hush@host"),
    ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://me:hush?hush@host"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://host:0/?key=hush"), ("HONEYCOMB_API_ENDPOINT", "ftp://me:hush@host"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "x-honeycomb-team:hush"), ("OTEL_EXPORTER_OTLP_HEADERS", "a=b,hush"), ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=hush%"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "Bearer hush=1"),
  ]) func noComplaintTellsASecret(name: String, value: String) {
    let error = #expect(throws: ConfigurationError.self) { try KitSettings.fromEnvironment([name: value]) }
    #expect(error?.variable == name && error?.description.contains("hush") == false, "\(error?.description ?? "")")
  }

  @Test func aFlagThatIsNeitherTrueNorFalseIsTold() throws {
    for name in ["OTEL_SDK_DISABLED", "OTEL_EXPORTER_OTLP_INSECURE", "OTEL_EXPORTER_OTLP_LOGS_INSECURE"] {
      #expect(try KitSettings.fromEnvironment([name: "yes"]).warnings == ["\(name): 'yes' is neither true nor false and counts as false"])
      #expect(try KitSettings.fromEnvironment([name: "False"]).warnings.isEmpty)
    }
  }

  @Test func nothingSetIsTheDefault() throws {
    let settings = try KitSettings.fromEnvironment([:])
    #expect(settings.otlpTraces.url == "http://localhost:4318/v1/traces")
    #expect(settings.propagators == [.tracecontext, .baggage])
    #expect(settings.spanBatches == .spans)
    #expect(settings.rollbar == nil)
  }

  @Test func everyVariableIsRead() throws {
    let settings = try KitSettings.fromEnvironment([
      "OTEL_SERVICE_NAME": "shop", "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=staging,service.version=1.2,note=a%2Cb",
      "OTEL_PROPAGATORS": "xray,b3multi,baggage", "OTEL_TRACES_EXPORTER": "otlp,xray,console", "OTEL_LOGS_EXPORTER": "otlp,cloudwatch",
      "OTEL_METRICS_EXPORTER": "none", "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25",
      "OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_BSP_MAX_QUEUE_SIZE": "50", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "20",
      "OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector:4318/", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://logs/here",
      "OTEL_EXPORTER_OTLP_HEADERS": "x-honeycomb-team=key,a=b%20c", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json", "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
      "OTEL_SPAN_EVENT_COUNT_LIMIT": "3", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "10", "ROLLBAR_ACCESS_TOKEN": "t", "AWS_XRAY_DAEMON_ADDRESS": "tcp:a:1 udp:b:2",
      "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK", "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "http://cairn:8080",
      "CLOUDWATCH_LOG_GROUP": "shop-logs", "CLOUDWATCH_LOG_RETENTION_DAYS": "7", "CLOUDWATCH_SPILL_FOLDER": "/var/spool/shop",
      "CAIRN_XRAY_TRANSPORT": "api", "HONEYCOMB_API_KEY": "hk", "CAIRN_RUNTIME_METRICS": "false", "CAIRN_SHUTDOWN_TIMEOUT": "1500",
    ])
    #expect(settings.resource["service.name"] == "shop")
    #expect(settings.resource["note"] == "a,b")
    #expect(settings.propagators == [.xray, .b3multi, .baggage])
    #expect(settings.tracesExporters == [.otlp, .xray, .console])
    #expect(settings.metricsExporters.isEmpty)
    #expect(settings.sampler == .parentBasedRatio(0.25))
    #expect(settings.spanBatches == BatchSettings(delay: .milliseconds(100), queueLimit: 50, batchLimit: 20))
    #expect(settings.otlpTraces.url == "https://collector:4318/v1/traces")
    #expect(settings.otlpLogs.url == "http://logs/here")
    #expect(settings.otlpTraces.headers.map(\.value) == ["key", "b c"])
    #expect(settings.otlpTraces.encoding == .json && settings.otlpTraces.compression == .none)
    #expect(settings.spanLimits.eventCount == 3 && settings.logLimits.attributeValueLength == 10)
    #expect(settings.rollbar?.environment == "staging" && settings.rollbar?.codeVersion == "1.2")
    #expect(settings.xray.udpAddress == "b:2" && settings.xray.tcpAddress == "a:1")
    #expect(settings.cloudWatch?.logGroup == "shop-logs" && settings.cloudWatch?.access.region == "eu-central-1" && settings.cloudWatch?.retentionDays == 7)
    #expect(settings.cloudWatch?.spill?.folder == "/var/spool/shop" && settings.xray.access?.endpoint == "http://cairn:8080")
    #expect(settings.honeycomb?.apiKey == "hk" && !settings.hasRuntimeMetrics && settings.shutdownTimeout == .milliseconds(1_500))
  }

  @Test(arguments: [
    ("OTEL_TRACES_SAMPLER", "sometimes"), ("OTEL_TRACES_EXPORTER", "zipkin"), ("OTEL_PROPAGATORS", "ot"), ("OTEL_BSP_MAX_QUEUE_SIZE", "many"),
    ("OTEL_BSP_SCHEDULE_DELAY", "-1"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "thrift"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "novalue"), ("OTEL_RESOURCE_ATTRIBUTES", "a=%zz"), ("OTEL_LOG_LEVEL", "loud"), ("AWS_XRAY_DAEMON_ADDRESS", "nowhere"), ("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:0"),
    ("OTEL_LOGS_EXPORTER", "cloudwatch"), ("ROLLBAR_ENDPOINT", "ftp://x"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
    ("CAIRN_XRAY_TRANSPORT", "tcp"), ("CAIRN_RUNTIME_METRICS", "maybe"), ("CAIRN_SHUTDOWN_TIMEOUT", "5s"), ("OTEL_TRACES_SAMPLER_ARG", "half"),
    ("OTEL_METRIC_EXPORT_INTERVAL", "minute"), ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "sometimes"), ("OTEL_SPAN_LINK_COUNT_LIMIT", "-1"),
  ]) func aBadValueNamesItsVariable(name: String, value: String) {
    var variables = [name: value]
    if name == "ROLLBAR_ENDPOINT" { variables["ROLLBAR_ACCESS_TOKEN"] = "t" }
    if name == "OTEL_TRACES_SAMPLER_ARG" { variables["OTEL_TRACES_SAMPLER"] = "traceidratio" }
    let error = #expect(throws: ConfigurationError.self) { try KitSettings.fromEnvironment(variables) }
    #expect(error?.variable == (name == "OTEL_LOGS_EXPORTER" ? "AWS_ACCESS_KEY_ID" : name))
    #expect(error?.problem.isEmpty == false)
  }

  @Test func retentionIsOneOfTheServicesOwn() {
    let variables = ["OTEL_LOGS_EXPORTER": "cloudwatch", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "CLOUDWATCH_LOG_RETENTION_DAYS": "8"]
    let error = #expect(throws: ConfigurationError.self) { try KitSettings.fromEnvironment(variables) }
    #expect(error?.variable == "CLOUDWATCH_LOG_RETENTION_DAYS" && error?.problem.contains("1, 3, 5, 7") == true)
  }

  @Test func grpcIsThereOnlyWithItsTrait() throws {
    let variables = ["OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4317/"]
    #if GRPC
      let settings = try KitSettings.fromEnvironment(variables)
      #expect(settings.otlpLogs.encoding == .grpc && settings.otlpLogs.url == "http://collector:4317")
    #else
      let error = #expect(throws: ConfigurationError.self) { try KitSettings.fromEnvironment(variables) }
      #expect(error?.variable == "OTEL_EXPORTER_OTLP_PROTOCOL" && error?.problem.contains("GRPC") == true)
    #endif
  }

  @Test(arguments: [
    ("CERTIFICATE", KitSettings.PartialTLS(roots: "/nowhere")), ("CLIENT_KEY", .init(certificate: "/nowhere")), ("CLIENT_CERTIFICATE", .init(key: "/nowhere")),
  ]) func aCertificateThatCannotBeReadStopsTheStart(name: String, tls: KitSettings.PartialTLS) {
    var settings = KitSettings()
    settings.otlpLogs.certificate = tls.roots
    settings.otlpLogs.clientCertificate = tls.certificate
    settings.otlpLogs.clientKey = tls.key
    let error = #expect(throws: ConfigurationError.self) { try Kit(settings) }
    #expect(error?.variable.contains("OTEL_EXPORTER_OTLP_LOGS_\(name)") == true)
  }

  @Test func containersAreFoundInControlGroups() {
    let id = String(repeating: "ab", count: 32)
    #expect(ResourceDetector.containerID(in: "12:memory:/docker/\(id)\n") == id)
    #expect(ResourceDetector.containerID(in: "0::/system.slice/docker-\(id).scope\n") == id)
    #expect(ResourceDetector.containerID(in: "0::/user.slice/\(id)\n") == nil)
    let task = String(repeating: "cd", count: 16)
    #expect(ResourceDetector.containerID(in: "1:name=systemd:/ecs/\(task)/\(task)-2495160603\n") == "\(task)-2495160603")
    for other in [task, "\(task)-", "\(task)-x", "\(task)-1-2", "-1"] { #expect(ResourceDetector.containerID(in: "1:a:/ecs/\(task)/\(other)\n") == nil) }
  }
}

extension KitSettings {
  /// What a test sets of a signal's certificates.
  struct PartialTLS: Sendable {
    var roots: String?
    var certificate: String?
    var key: String?
  }
}
