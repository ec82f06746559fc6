// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CairnKit

struct KitSettingsTests {
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
      "CLOUDWATCH_LOG_GROUP": "shop-logs", "CLOUDWATCH_LOG_RETENTION_DAYS": "7",
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
    #expect(settings.otlpTraces.encoding == .json && !settings.otlpTraces.isCompressed)
    #expect(settings.spanLimits.eventCount == 3 && settings.logLimits.attributeValueLength == 10)
    #expect(settings.rollbar?.environment == "staging" && settings.rollbar?.codeVersion == "1.2")
    #expect(settings.xray.udpAddress == "b:2" && settings.xray.tcpAddress == "a:1")
    #expect(settings.cloudWatch?.logGroup == "shop-logs" && settings.cloudWatch?.region == "eu-central-1" && settings.cloudWatch?.retentionDays == 7)
  }

  @Test(arguments: [
    ("OTEL_TRACES_SAMPLER", "sometimes"), ("OTEL_TRACES_EXPORTER", "zipkin"), ("OTEL_PROPAGATORS", "jaeger"), ("OTEL_BSP_MAX_QUEUE_SIZE", "many"),
    ("OTEL_BSP_SCHEDULE_DELAY", "-1"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "novalue"), ("OTEL_RESOURCE_ATTRIBUTES", "a=%zz"), ("OTEL_LOG_LEVEL", "loud"), ("AWS_XRAY_DAEMON_ADDRESS", "nowhere"),
    ("OTEL_LOGS_EXPORTER", "cloudwatch"), ("ROLLBAR_ENDPOINT", "ftp://x"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
  ]) func aBadValueNamesItsVariable(name: String, value: String) {
    let variables = name == "ROLLBAR_ENDPOINT" ? [name: value, "ROLLBAR_ACCESS_TOKEN": "t"] : [name: value]
    let error = #expect(throws: ConfigurationError.self) { try KitSettings.fromEnvironment(variables) }
    #expect(error?.variable == (name == "OTEL_LOGS_EXPORTER" ? "AWS_ACCESS_KEY_ID" : name))
    #expect(error?.problem.isEmpty == false)
  }

  @Test func containersAreFoundInControlGroups() {
    let id = String(repeating: "ab", count: 32)
    #expect(ResourceDetector.containerID(in: "12:memory:/docker/\(id)\n") == id)
    #expect(ResourceDetector.containerID(in: "0::/system.slice/docker-\(id).scope\n") == id)
    #expect(ResourceDetector.containerID(in: "0::/user.slice/\(id)\n") == nil)
  }
}
