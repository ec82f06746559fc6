// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import Testing

@testable import CairnKit

/// OpenTelemetry's variables, one by one: set, it shows on the wire or in what the program does; not set, so does the specification's
/// default; a value that makes no sense stops the start, names the variable and says what is allowed.
///
/// Source: OpenTelemetry specification, "Environment Variable Specification" and "OTLP Exporter".
struct EnvironmentTests {
  struct Variable: Sendable, CustomTestStringConvertible {
    let name: String
    let value: String
    /// What is looked at.
    let see: @Sendable (Observed) -> String
    let gives: String
    let unset: String
    /// nil where every value makes sense.
    var senseless: String?
    /// What the complaint says is allowed.
    var allowed = ""
    var others: [String: String] = [:]

    var testDescription: String { name }
  }

  @Test(arguments: general + batches + limits + metrics + exporters) func aVariableTakesEffect(variable: Variable) async throws {
    let set = try await Observed(variable.others.merging([variable.name: variable.value]) { $1 })
    #expect(variable.see(set) == variable.gives)
    // An empty value is as none.
    let unset = try await Observed(variable.others.merging([variable.name: ""]) { $1 })
    #expect(variable.see(unset) == variable.unset)
    guard let senseless = variable.senseless else { return }
    let error = #expect(throws: ConfigurationError.self) { try KitSettings.fromEnvironment(variable.others.merging([variable.name: senseless]) { $1 }) }
    #expect(error?.variable == variable.name)
    #expect(error?.problem.contains(variable.name.hasSuffix("HEADERS") ? "part 1 is" : "'\(senseless)'") == true && error?.problem.contains(variable.allowed) == true, "\(error?.problem ?? "")")
  }

  static let general: [Variable] = [
    Variable(name: "OTEL_SDK_DISABLED", value: "TRUE", see: { "\($0.spans.count) \($0.lines.count) \($0.injected)" }, gives: "0 0 baggage", unset: "2 4 baggage traceparent"),
    Variable(name: "OTEL_SERVICE_NAME", value: "shop", see: { $0.resource("service.name") ?? "" }, gives: "shop", unset: "other", others: ["OTEL_RESOURCE_ATTRIBUTES": "service.name=other"]),
    Variable(
      name: "OTEL_RESOURCE_ATTRIBUTES", value: "team=blue%20sky,a=b", see: { $0.resource("team") ?? "none" }, gives: "blue sky", unset: "none", senseless: "team", allowed: "NAME=VALUE"),
    Variable(name: "OTEL_LOG_LEVEL", value: "ERROR", see: { "\($0.lines.count)" }, gives: "2", unset: "4", senseless: "loud", allowed: "trace, debug, info"),
    Variable(
      name: "OTEL_PROPAGATORS", value: "b3, xray,b3", see: { $0.injected }, gives: "b3 x-amzn-trace-id", unset: "baggage traceparent", senseless: "ot",
      allowed: "tracecontext, baggage, b3, b3multi, xray, jaeger, none"),
    Variable(
      name: "OTEL_TRACES_SAMPLER", value: "always_off", see: { "\($0.spans.count)" }, gives: "0", unset: "2", senseless: "sometimes", allowed: "parentbased_traceidratio"),
    Variable(
      name: "OTEL_TRACES_SAMPLER_ARG", value: "0", see: { "\($0.spans.count)" }, gives: "0", unset: "2", senseless: "2", allowed: "from 0.0 to 1.0",
      others: ["OTEL_TRACES_SAMPLER": "traceidratio"]),
  ]

  static let batches: [Variable] = [
    Variable(name: "OTEL_BSP_SCHEDULE_DELAY", value: "123", see: waits, gives: "[0.123 seconds, 1.0 seconds, 60.0 seconds]", unset: "[1.0 seconds, 5.0 seconds, 60.0 seconds]", senseless: "-1", allowed: "from 0"),
    Variable(name: "OTEL_BLRP_SCHEDULE_DELAY", value: "123", see: waits, gives: "[0.123 seconds, 5.0 seconds, 60.0 seconds]", unset: "[1.0 seconds, 5.0 seconds, 60.0 seconds]", senseless: "1s", allowed: "from 0"),
    Variable(name: "OTEL_METRIC_EXPORT_INTERVAL", value: "1234", see: waits, gives: "[1.0 seconds, 1.234 seconds, 5.0 seconds]", unset: "[1.0 seconds, 5.0 seconds, 60.0 seconds]", senseless: "minute", allowed: "from 0"),
    Variable(name: "OTEL_BSP_EXPORT_TIMEOUT", value: "1500", see: { $0.timeout("traces") }, gives: "1.5 seconds", unset: "30.0 seconds", senseless: "soon", allowed: "from 0", others: ["OTEL_EXPORTER_OTLP_TIMEOUT": "60000"]),
    Variable(name: "OTEL_BLRP_EXPORT_TIMEOUT", value: "0", see: { $0.timeout("logs") }, gives: "60.0 seconds", unset: "30.0 seconds", senseless: "-5", allowed: "from 0", others: ["OTEL_EXPORTER_OTLP_TIMEOUT": "60000"]),
    Variable(name: "OTEL_METRIC_EXPORT_TIMEOUT", value: "1500", see: { $0.timeout("metrics") }, gives: "1.5 seconds", unset: "30.0 seconds", senseless: "-5", allowed: "from 0", others: ["OTEL_EXPORTER_OTLP_TIMEOUT": "60000"]),
    Variable(
      name: "OTEL_BSP_MAX_QUEUE_SIZE", value: "1", see: { "\($0.spans.count), lost \($0.kit.lostCounts["otlp traces"] ?? 0)" }, gives: "1, lost 1", unset: "2, lost 0", senseless: "many", allowed: "from 1",
      others: ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "1"]),
    Variable(
      name: "OTEL_BLRP_MAX_QUEUE_SIZE", value: "3", see: { "\($0.lines.count), lost \($0.kit.lostCounts["otlp logs"] ?? 0)" }, gives: "3, lost 1", unset: "4, lost 0", senseless: "0", allowed: "from 1",
      others: ["OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "1"]),
    Variable(name: "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", value: "1", see: { "\($0.count(of: "traces"))" }, gives: "2", unset: "1", senseless: "0", allowed: "from 1"),
    Variable(name: "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", value: "3", see: { "\($0.count(of: "logs"))" }, gives: "2", unset: "1", senseless: "1.5", allowed: "from 1"),
  ]

  static let limits: [Variable] = [
    Variable(name: "OTEL_ATTRIBUTE_COUNT_LIMIT", value: "7", see: { attributes($0.spans) + attributes($0.lines) }, gives: "7 of 40, 193 dropped7 of 40, 196 dropped", unset: "128 of 40, 72 dropped128 of 40, 75 dropped", senseless: "-1", allowed: "from 0"),
    Variable(name: "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", value: "5", see: { attributes($0.spans) + attributes($0.lines) }, gives: "128 of 5, 72 dropped128 of 5, 75 dropped", unset: "128 of 40, 72 dropped128 of 40, 75 dropped", senseless: "long", allowed: "from 0"),
    Variable(name: "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", value: "7", see: { attributes($0.spans) + attributes($0.lines) }, gives: "7 of 40, 193 dropped9 of 40, 194 dropped", unset: "9 of 40, 191 dropped9 of 40, 194 dropped", senseless: "-1", allowed: "from 0", others: ["OTEL_ATTRIBUTE_COUNT_LIMIT": "9"]),
    Variable(name: "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", value: "5", see: { attributes($0.spans) }, gives: "128 of 5, 72 dropped", unset: "128 of 40, 72 dropped", senseless: "x", allowed: "from 0"),
    Variable(name: "OTEL_SPAN_EVENT_COUNT_LIMIT", value: "3", see: { parts($0.spans.first, "events", "droppedEventsCount") }, gives: "3, 197 dropped", unset: "128, 72 dropped", senseless: "x", allowed: "from 0"),
    Variable(name: "OTEL_SPAN_LINK_COUNT_LIMIT", value: "3", see: { parts($0.spans.first, "links", "droppedLinksCount") }, gives: "3, 197 dropped", unset: "128, 72 dropped", senseless: "x", allowed: "from 0"),
    Variable(name: "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", value: "3", see: { attributes($0.spans.first?["events"]?.array ?? []) }, gives: "3 of 40, 197 dropped", unset: "128 of 40, 72 dropped", senseless: "x", allowed: "from 0"),
    Variable(name: "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", value: "3", see: { attributes($0.spans.first?["links"]?.array ?? []) }, gives: "3 of 40, 197 dropped", unset: "128 of 40, 72 dropped", senseless: "x", allowed: "from 0"),
    Variable(name: "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", value: "3", see: { attributes($0.lines) }, gives: "3 of 40, 200 dropped", unset: "128 of 40, 75 dropped", senseless: "x", allowed: "from 0"),
    Variable(name: "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", value: "5", see: { attributes($0.lines) }, gives: "128 of 5, 75 dropped", unset: "128 of 40, 75 dropped", senseless: "x", allowed: "from 0"),
  ]

  static let metrics: [Variable] = [
    Variable(
      name: "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", value: "Delta", see: { $0.readings }, gives: "8 2 4 1 as 1", unset: "8 10 4 5 as 2", senseless: "sometimes", allowed: "cumulative, delta, lowmemory"),
    Variable(
      name: "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", value: "base2_exponential_bucket_histogram",
      see: { "\($0.metrics("duration").first?["exponentialHistogram"] != nil)" }, gives: "true", unset: "false", senseless: "round", allowed: "explicit_bucket_histogram, base2_exponential_bucket_histogram"),
    Variable(name: "OTEL_METRICS_EXEMPLAR_FILTER", value: "always_off", see: { "\($0.exampleCount)" }, gives: "0", unset: "1", senseless: "on", allowed: "always_on, always_off, trace_based"),
  ]

  static let exporters: [Variable] = [
    Variable(name: "OTEL_TRACES_EXPORTER", value: "none", see: counts, gives: "0 1 2", unset: "1 1 2", senseless: "zipkin", allowed: "otlp, console, xray, none"),
    Variable(name: "OTEL_LOGS_EXPORTER", value: "none", see: counts, gives: "1 0 2", unset: "1 1 2", senseless: "syslog", allowed: "otlp, console, cloudwatch, none"),
    Variable(name: "OTEL_METRICS_EXPORTER", value: "none", see: counts, gives: "1 1 0", unset: "1 1 2", senseless: "prometheus", allowed: "otlp, console, none"),
    Variable(
      name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: "https://collector:1/base/", see: { $0.request("traces")?.url ?? "" }, gives: "https://collector:1/base/v1/traces",
      unset: "http://localhost:4318/v1/traces", senseless: "collector:4317", allowed: "http:// or https://"),
    Variable(name: "OTEL_EXPORTER_OTLP_HEADERS", value: "api-key=a%3Db", see: { $0.header("api-key", of: "logs") ?? "none" }, gives: "a=b", unset: "none", senseless: "novalue", allowed: "NAME=VALUE"),
    Variable(name: "OTEL_EXPORTER_OTLP_TIMEOUT", value: "2000", see: { $0.timeout("traces") }, gives: "2.0 seconds", unset: "10.0 seconds", senseless: "10s", allowed: "from 0"),
    Variable(
      name: "OTEL_EXPORTER_OTLP_PROTOCOL", value: "http/protobuf", see: { $0.header("content-type", of: "traces") ?? "" }, gives: "application/x-protobuf", unset: "application/x-protobuf", senseless: "thrift", allowed: "http/protobuf, http/json, grpc"),
    Variable(
      name: "OTEL_EXPORTER_OTLP_COMPRESSION", value: "gzip", see: { $0.header("content-encoding", of: "traces") ?? "none" }, gives: "gzip", unset: "none", senseless: "rar", allowed: "gzip"),
  ] + bySignal

  /// The forms by signal go before the general ones.
  private static var bySignal: [Variable] {
    ["TRACES", "LOGS", "METRICS"].flatMap { signal -> [Variable] in
      let own = "OTEL_EXPORTER_OTLP_\(signal)_", suffix = signal.lowercased()
      let timeouts = ["OTEL_EXPORTER_OTLP_TIMEOUT": "3000"]
      return [
        Variable(
          name: own + "ENDPOINT", value: "http://own:1/x/\(suffix)", see: { $0.request(suffix)?.url ?? "" }, gives: "http://own:1/x/\(suffix)",
          unset: "http://general/v1/\(suffix)", senseless: "own", allowed: "http://", others: ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://general"]),
        Variable(
          name: own + "HEADERS", value: "key=own", see: { $0.header("key", of: suffix) ?? "none" }, gives: "own", unset: "general", senseless: "=", allowed: "NAME=VALUE",
          others: ["OTEL_EXPORTER_OTLP_HEADERS": "key=general"]),
        Variable(name: own + "TIMEOUT", value: "2000", see: { $0.timeout(suffix) }, gives: "2.0 seconds", unset: "3.0 seconds", senseless: "2s", allowed: "from 0", others: timeouts),
        Variable(
          name: own + "PROTOCOL", value: "http/protobuf", see: { $0.header("content-type", of: suffix) ?? "" }, gives: "application/x-protobuf", unset: "application/json", senseless: "x", allowed: "http/json"),
        Variable(
          name: own + "COMPRESSION", value: "zstd", see: { $0.header("content-encoding", of: suffix) ?? "none" }, gives: "zstd", unset: "none", senseless: "x", allowed: "none"),
      ]
    }
  }

  @Sendable private static func waits(_ observed: Observed) -> String { "\(observed.waits)" }
  @Sendable private static func counts(_ observed: Observed) -> String { ["traces", "logs", "metrics"].map { "\(observed.count(of: $0))" }.joined(separator: " ") }
  @Sendable private static func attributes(_ items: [JSONValue]) -> String { Observed.attributes(items.first) }
  @Sendable private static func parts(_ span: JSONValue?, _ name: String, _ dropped: String) -> String {
    "\(span?[name]?.array?.count ?? 0), \(span?[dropped]?.integer ?? 0) dropped"
  }
}

/// What the table cannot hold.
struct EnvironmentDetailTests {
  @Test func aFlagIsNeitherYesNorOne() throws {
    let settings = try KitSettings.fromEnvironment(["OTEL_SDK_DISABLED": "yes"])
    #expect(!settings.isDisabled)
    #expect(settings.warnings == ["OTEL_SDK_DISABLED: 'yes' is neither true nor false and counts as false"])
  }

  @Test func aFileThatNobodyReadsIsTold() throws {
    #expect(try KitSettings.fromEnvironment(["OTEL_CONFIG_FILE": ""]).warnings.isEmpty)
    let settings = try KitSettings.fromEnvironment(["OTEL_CONFIG_FILE": "/etc/otel.yaml", "OTEL_ENTITIES": "service{service.name=a}"])
    #expect(settings.warnings == ["OTEL_CONFIG_FILE", "OTEL_ENTITIES"].map { "\($0) is set, and is not read: the other variables hold" })
  }

  @Test(arguments: [
    ("always_on", KitSettings.SamplerChoice.alwaysOn), ("always_off", .alwaysOff), ("traceidratio", .ratio(1)), ("parentbased_always_on", .parentBasedAlwaysOn),
    ("parentbased_always_off", .parentBasedAlwaysOff), ("parentbased_traceidratio", .parentBasedRatio(1)), ("xray", .xray), ("honeycomb", .honeycomb(rate: 1)),
    ("tail", .tail(rate: 10, slowMilliseconds: 1_000)),
  ]) func everySamplerHasItsName(name: String, sampler: KitSettings.SamplerChoice) throws {
    #expect(try KitSettings.fromEnvironment(["OTEL_TRACES_SAMPLER": name.uppercased()]).sampler == sampler)
  }

  @Test func lowMemoryIsDifferencesOfWhatIsRecordedAndSumsOfWhatIsObserved() async throws {
    let observed = try await Observed(["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "lowmemory", "CAIRN_RUNTIME_METRICS": "true"])
    #expect(observed.readings == "8 2 4 1 as 1")
    #expect(observed.metrics("process.cpu.time").compactMap { $0["sum"]?["aggregationTemporality"]?.integer } == [2, 2])
    let delta = try await Observed(["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta", "CAIRN_RUNTIME_METRICS": "true"])
    #expect(delta.metrics("process.cpu.time").compactMap { $0["sum"]?["aggregationTemporality"]?.integer } == [1, 1])
  }

  @Test func everyValueMayBeAnExample() async throws {
    let observed = try await Observed(["OTEL_METRICS_EXEMPLAR_FILTER": "always_on", "OTEL_TRACES_SAMPLER": "always_off"])
    #expect(observed.exampleCount == 1)
    #expect(try await Observed(["OTEL_TRACES_SAMPLER": "always_off"]).exampleCount == 0)
  }

  #if GRPC
    @Test(arguments: [
      ("collector:4317", "true", "http://collector:4317"), ("collector:4317", "", "https://collector:4317"), ("http://collector:4317", "false", "http://collector:4317"),
    ]) func anAddressWithoutASchemeIsSecureUnlessItIsSaidNotToBe(endpoint: String, insecure: String, url: String) throws {
      let settings = try KitSettings.fromEnvironment([
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_INSECURE": insecure,
      ])
      #expect(settings.otlpTraces.url == url)
    }
  #endif

  @Test func variablesOfTheSignalThatIsNotSecureGoFirst() throws {
    let reader = EnvironmentReader(variables: ["A": "host:1", "I": "true"])
    #expect(try reader.address(["A"], insecure: ["I"]) == "http://host:1")
    for text in ["host:0", "host:99999", "host", ":1", "ho st:1", "host:1/x"] {
      let error = #expect(throws: ConfigurationError.self) { try EnvironmentReader(variables: ["A": text]).address(["A"], insecure: []) }
      #expect(error?.variable == "A" && error?.problem.contains("http://") == true)
    }
  }
}
