// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import CoreMetrics
import Logging
import Testing
import Tracing

@testable import CairnKit

/// With a vendor's credential and nothing else, requests go to the vendor itself, with what it wants to see.
struct RealVendorTests {
  private struct Boom: Error {}

  /// What a program with a span, an error and a line sends.
  private func requests(_ variables: [String: String]) async throws -> [OutgoingRequest] {
    var all = ["OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_SERVICE_NAME": "shop"]
    all.merge(variables) { $1 }
    let transport = FakeTransport(.success(IncomingResponse(status: 200, body: Array("{}".utf8))))
    let kit = Kit(try KitSettings.fromEnvironment(all), transports: Transports(transport), clock: ContinuousClock())
    let log = Logger(label: "shop") { kit.logHandler(label: $0) }
    try? kit.tracer.withSpan("request", ofKind: .server) { _ in
      log.info("a line")
      throw Boom()
    }
    _ = await kit.reportDeploy(revision: "r1")
    await kit.flush()
    return transport.requests
  }

  private func header(_ name: String, _ request: OutgoingRequest?) -> String? { request?.headers.first { $0.name.lowercased() == name }?.value }

  @Test func honeycombNeedsItsKey() async throws {
    let sent = try await requests(["HONEYCOMB_API_KEY": "hcaik_1", "OTEL_TRACES_EXPORTER": "otlp", "OTEL_LOGS_EXPORTER": "otlp", "HONEYCOMB_DATASET": "shop-web"])
    #expect(Set(sent.map(\.url)) == ["https://api.honeycomb.io/v1/traces", "https://api.honeycomb.io/v1/logs", "https://api.honeycomb.io/1/markers/shop-web"])
    for request in sent { #expect(header("x-honeycomb-team", request) == "hcaik_1") }
    let traces = sent.first { $0.url.hasSuffix("traces") }
    #expect(header("x-honeycomb-dataset", traces) == "shop-web" && header("content-encoding", traces) == "gzip" && header("content-type", traces) == "application/x-protobuf")
    let europe = try await requests(["HONEYCOMB_API_KEY": "k", "OTEL_TRACES_EXPORTER": "otlp", "HONEYCOMB_API_ENDPOINT": "https://api.eu1.honeycomb.io"])
    #expect(Set(europe.map(\.url)) == ["https://api.eu1.honeycomb.io/v1/traces", "https://api.eu1.honeycomb.io/1/markers/__all__"])
  }

  @Test func rollbarNeedsItsToken() async throws {
    let sent = try await requests(["ROLLBAR_ACCESS_TOKEN": "post_server_item", "ROLLBAR_ENVIRONMENT": "staging", "ROLLBAR_CODE_VERSION": "abc"])
    #expect(Set(sent.map(\.url)) == ["https://api.rollbar.com/api/1/item/", "https://api.rollbar.com/api/1/deploy"])
    for request in sent { #expect(request.method == "POST" && header("x-rollbar-access-token", request) == "post_server_item") }
    let item = try JSONValue(parsing: try #require(sent.first { $0.url.hasSuffix("item/") }).bodyBytes)
    let data = try #require(item["data"])
    #expect(data["environment"] == .string("staging") && data["code_version"] == .string("abc") && data["level"] == .string("error"))
    // Of the fields that Rollbar's schema knows, none is longer than it may be, and none is unknown.
    let known: Set<String> = [
      "environment", "level", "timestamp", "code_version", "platform", "language", "framework", "context", "body", "request", "person", "server", "client", "custom",
      "fingerprint", "title", "uuid", "notifier", "attributes",
    ]
    let names = (data.members ?? []).map(\.name)
    #expect(names.allSatisfy { known.contains($0) })
    #expect(data["uuid"]?.string?.count == 36 && (data["timestamp"]?.integer ?? 0) > 1_700_000_000)
    let attributes = data["attributes"]?.array?.compactMap { $0["key"]?.string } ?? []
    #expect(attributes == ["trace_id", "span_id"])
  }

  @Test func awsNeedsKeysAndARegion() async throws {
    let keys = ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "session", "AWS_REGION": "eu-central-1"]
    let logs = try await requests(keys.merging(["OTEL_LOGS_EXPORTER": "cloudwatch"]) { $1 })
    #expect(Set(logs.map(\.url)) == ["https://logs.eu-central-1.amazonaws.com/"])
    #expect(header("x-amz-target", logs.first) == "Logs_20140328.PutLogEvents" && header("x-amz-security-token", logs.first) == "session")
    #expect(header("authorization", logs.first)?.contains("/eu-central-1/logs/aws4_request") == true)
    let segments = try await requests(keys.merging(["OTEL_TRACES_EXPORTER": "xray", "CAIRN_XRAY_TRANSPORT": "api"]) { $1 })
    #expect(Set(segments.map(\.url)) == ["https://xray.eu-central-1.amazonaws.com/TraceSegments"])
    #expect(header("authorization", segments.first)?.contains("/eu-central-1/xray/aws4_request") == true)
  }

  @Test func endpointsOfOneServiceGoBeforeTheCommonOne() async throws {
    let keys = ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL": "http://common"]
    let logs = ["OTEL_LOGS_EXPORTER": "cloudwatch"], xray = ["OTEL_TRACES_EXPORTER": "xray", "CAIRN_XRAY_TRANSPORT": "api"]
    for (exporter, name) in [(logs, "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"), (xray, "AWS_ENDPOINT_URL_XRAY")] {
      let common = try await requests(keys.merging(exporter) { $1 })
      #expect(!common.isEmpty && common.allSatisfy { $0.url.hasPrefix("http://common/") })
      let own = try await requests(keys.merging(exporter) { $1 }.merging([name: "http://own"]) { $1 })
      #expect(!own.isEmpty && own.allSatisfy { $0.url.hasPrefix("http://own/") })
    }
  }

  @Test func metricsHaveADatasetOfTheirOwn() async throws {
    let settings = try KitSettings.fromEnvironment(["HONEYCOMB_API_KEY": "k", "HONEYCOMB_DATASET": "web", "HONEYCOMB_METRICS_DATASET": "web-metrics"])
    let transport = FakeTransport(.success(IncomingResponse(status: 200)))
    let kit = Kit(settings, transports: Transports(transport), clock: ContinuousClock())
    kit.metrics.makeCounter(label: "n", dimensions: []).increment(by: 1)
    kit.tracer.withSpan("work") { _ in }
    await kit.flush()
    let datasets = transport.requests.map { request in "\(request.url.split(separator: "/").last ?? "") \(header("x-honeycomb-dataset", request) ?? "none")" }
    #expect(Set(datasets) == ["metrics web-metrics", "traces web"])
  }

  @Test(arguments: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) func aMissingKeyIsNamed(name: String) {
    var variables = ["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "OTEL_LOGS_EXPORTER": "cloudwatch"]
    variables[name] = nil
    let error = #expect(throws: ConfigurationError.self) { try KitSettings.fromEnvironment(variables) }
    #expect(error?.variable == name)
  }
}
