// SPDX-License-Identifier: Apache-2.0

extension KitSettings {
  /// `OTEL_EXPORTER_OTLP_…`, with `OTEL_EXPORTER_OTLP_TRACES_…` and its kin before them.
  mutating func readOTLP(_ reader: EnvironmentReader) throws(ConfigurationError) {
    otlpTraces = try Self.otlp(reader, "TRACES", otlpTraces, path: "v1/traces")
    otlpLogs = try Self.otlp(reader, "LOGS", otlpLogs, path: "v1/logs")
    otlpMetrics = try Self.otlp(reader, "METRICS", otlpMetrics, path: "v1/metrics")
  }

  private static func otlp(
    _ reader: EnvironmentReader, _ signal: String, _ before: OTLPSettings, path: String
  ) throws(ConfigurationError) -> OTLPSettings {
    var settings = before
    let general = "OTEL_EXPORTER_OTLP_", own = "OTEL_EXPORTER_OTLP_\(signal)_"
    if let url = try reader.url(own + "ENDPOINT") {
      settings.url = url
    } else if let base = try otlpBase(reader) {
      settings.url = base + (base.hasSuffix("/") ? "" : "/") + path
    }
    let protocols: [(String, OTLPEncoding)] = [("http/protobuf", .protobuf), ("http/json", .json)]
    settings.encoding = try reader.choice([own + "PROTOCOL", general + "PROTOCOL"], protocols) ?? settings.encoding
    let compressions = [("gzip", true), ("none", false)]
    settings.isCompressed = try reader.choice([own + "COMPRESSION", general + "COMPRESSION"], compressions) ?? settings.isCompressed
    settings.timeout = try reader.milliseconds([own + "TIMEOUT", general + "TIMEOUT"]) ?? settings.timeout
    let named = reader.text(own + "HEADERS") == nil ? try reader.pairs(general + "HEADERS") : try reader.pairs(own + "HEADERS")
    settings.headers = named.map { .init(name: $0.name, value: $0.value) }
    if let key = reader.text("HONEYCOMB_API_KEY"), !settings.headers.contains(where: { $0.name.lowercased() == "x-honeycomb-team" }) {
      settings.headers.append(.init(name: "x-honeycomb-team", value: key))
      if let dataset = reader.text(signal == "METRICS" ? "HONEYCOMB_METRICS_DATASET" : "HONEYCOMB_DATASET") {
        settings.headers.append(.init(name: "x-honeycomb-dataset", value: dataset))
      }
    }
    settings.certificate = reader.first([own + "CERTIFICATE", general + "CERTIFICATE"])?.value
    settings.clientCertificate = reader.first([own + "CLIENT_CERTIFICATE", general + "CLIENT_CERTIFICATE"])?.value
    settings.clientKey = reader.first([own + "CLIENT_KEY", general + "CLIENT_KEY"])?.value
    return settings
  }

  /// Honeycomb's own address where there is a key for it and nothing else is named.
  private static func otlpBase(_ reader: EnvironmentReader) throws(ConfigurationError) -> String? {
    if let url = try reader.url("OTEL_EXPORTER_OTLP_ENDPOINT") { return url }
    if let url = try reader.url("HONEYCOMB_API_ENDPOINT") { return url }
    return reader.text("HONEYCOMB_API_KEY") == nil ? nil : "https://api.honeycomb.io"
  }

  mutating func readVendors(_ reader: EnvironmentReader) throws(ConfigurationError) {
    if let token = reader.text("ROLLBAR_ACCESS_TOKEN") {
      var rollbar = RollbarSettings(accessToken: token)
      rollbar.endpoint = try reader.url("ROLLBAR_ENDPOINT") ?? rollbar.endpoint
      rollbar.environment = reader.text("ROLLBAR_ENVIRONMENT") ?? resource["deployment.environment.name"] ?? rollbar.environment
      rollbar.codeVersion = reader.text("ROLLBAR_CODE_VERSION") ?? resource["service.version"]
      self.rollbar = rollbar
    }
    try readXRay(reader)
    try readCloudWatch(reader)
  }

  /// `host:port`, or `tcp:host:port udp:host:port` in any order.
  private mutating func readXRay(_ reader: EnvironmentReader) throws(ConfigurationError) {
    guard let text = reader.text("AWS_XRAY_DAEMON_ADDRESS") else { return }
    for part in text.split(separator: " ") {
      let address = part.hasPrefix("tcp:") || part.hasPrefix("udp:") ? part.dropFirst(4) : part
      guard let colon = address.lastIndex(of: ":"), colon > address.startIndex, UInt16(address[address.index(after: colon)...]) != nil else {
        throw ConfigurationError(
          variable: "AWS_XRAY_DAEMON_ADDRESS", problem: "'\(text)' is neither HOST:PORT nor 'tcp:HOST:PORT udp:HOST:PORT'")
      }
      if !part.hasPrefix("tcp:") { xray.udpAddress = String(address) }
      if !part.hasPrefix("udp:") { xray.tcpAddress = String(address) }
    }
  }

  private mutating func readCloudWatch(_ reader: EnvironmentReader) throws(ConfigurationError) {
    guard logsExporters.contains(.cloudwatch) else { return }
    guard let key = reader.text("AWS_ACCESS_KEY_ID"), let secret = reader.text("AWS_SECRET_ACCESS_KEY") else {
      throw ConfigurationError(variable: "AWS_ACCESS_KEY_ID", problem: "OTEL_LOGS_EXPORTER names cloudwatch, which needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    }
    var settings = CloudWatchSettings(
      logGroup: reader.text("CLOUDWATCH_LOG_GROUP") ?? resource.serviceName,
      logStream: reader.text("CLOUDWATCH_LOG_STREAM") ?? "\(resource["host.name"] ?? "host")/\(resource["process.pid"] ?? "0")",
      accessKeyID: key, secretAccessKey: secret)
    settings.sessionToken = reader.text("AWS_SESSION_TOKEN")
    settings.region = reader.first(["AWS_REGION", "AWS_DEFAULT_REGION"])?.value ?? settings.region
    settings.endpoint = try reader.url(["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "AWS_ENDPOINT_URL"])
    settings.retentionDays = try reader.integer("CLOUDWATCH_LOG_RETENTION_DAYS", in: 1...3_653)
    cloudWatch = settings
  }
}
