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
    let protocols: [(String, OTLPEncoding)] = [("http/protobuf", .protobuf), ("http/json", .json), ("grpc", .grpc)]
    settings.encoding = try reader.choice([own + "PROTOCOL", general + "PROTOCOL"], protocols) ?? settings.encoding
    if settings.encoding == .grpc {
      guard hasGRPC else { throw withoutGRPC(reader.first([own + "PROTOCOL", general + "PROTOCOL"])?.name ?? general + "PROTOCOL") }
      // Paths are the methods' names: the endpoint is the address alone.
      let address = try reader.address(
        [own + "ENDPOINT", general + "ENDPOINT", "HONEYCOMB_API_ENDPOINT"], insecure: [own + "INSECURE", general + "INSECURE"])
      settings.url = address ?? grpcBase(reader)
      while settings.url.hasSuffix("/") { settings.url.removeLast() }
    } else if let url = try reader.url(own + "ENDPOINT") {
      settings.url = url
    } else if let base = try otlpBase(reader) {
      settings.url = base + (base.hasSuffix("/") ? "" : "/") + path
    }
    let compressions = OTLPCompression.allCases.map { ($0.rawValue, $0) }
    settings.compression = try reader.choice([own + "COMPRESSION", general + "COMPRESSION"], compressions) ?? (isLoopback(settings.url) ? .none : .gzip)
    settings.timeout = try reader.timeout(own + "TIMEOUT", general + "TIMEOUT") ?? settings.timeout
    let variable = reader.text(own + "HEADERS") == nil ? general + "HEADERS" : own + "HEADERS"
    for (index, (name, value)) in try reader.pairs(variable, areSecret: true).enumerated() {
      guard name.utf8.allSatisfy(isTokenByte), value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
        throw ConfigurationError(variable: variable, problem: "part \(index + 1) cannot be a header of HTTP: a name of letters, digits and -, =, a value without control characters")
      }
      settings.headers.append(.init(name: name, value: value))
    }
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

  /// Between two programs of one machine compressing costs more than sending.
  private static func isLoopback(_ url: String) -> Bool {
    let host = URLParts(url).host
    return ["localhost", "127.0.0.1", "[::1]"].contains { host == $0 || host.hasPrefix($0 + ":") }
  }

  static var hasGRPC: Bool {
    #if GRPC
      true
    #else
      false
    #endif
  }

  static func withoutGRPC(_ variable: String) -> ConfigurationError {
    ConfigurationError(
      variable: variable, problem: "'grpc' needs CairnKit's trait GRPC, which this program was built without: http/protobuf, http/json are there")
  }

  private static func grpcBase(_ reader: EnvironmentReader) -> String {
    reader.text("HONEYCOMB_API_KEY") == nil ? "http://localhost:4317" : "https://api.honeycomb.io"
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
    if let key = reader.text("HONEYCOMB_API_KEY") {
      var honeycomb = HoneycombSettings(apiKey: key)
      honeycomb.endpoint = try reader.url("HONEYCOMB_API_ENDPOINT") ?? honeycomb.endpoint
      honeycomb.dataset = reader.text("HONEYCOMB_DATASET")
      self.honeycomb = honeycomb
    }
    try readXRay(reader)
    try readCloudWatch(reader)
  }

  /// `host:port`, or `tcp:host:port udp:host:port` in any order.
  private mutating func readXRay(_ reader: EnvironmentReader) throws(ConfigurationError) {
    let isDirect = try reader.choice("CAIRN_XRAY_TRANSPORT", [("daemon", false), ("api", true)]) ?? false
    if isDirect, tracesExporters.contains(.xray) {
      xray.access = try Self.access(reader, endpoint: "AWS_ENDPOINT_URL_XRAY", neededBy: "CAIRN_XRAY_TRANSPORT=api")
    }
    guard let text = reader.text("AWS_XRAY_DAEMON_ADDRESS") else { return }
    for part in text.split(separator: " ") {
      let address = part.hasPrefix("tcp:") || part.hasPrefix("udp:") ? part.dropFirst(4) : part
      guard let colon = address.lastIndex(of: ":"), colon > address.startIndex, let port = UInt16(address[address.index(after: colon)...]), port > 0 else {
        throw ConfigurationError(
          variable: "AWS_XRAY_DAEMON_ADDRESS", problem: "'\(text)' is neither HOST:PORT nor 'tcp:HOST:PORT udp:HOST:PORT' with ports of 1 to 65535")
      }
      if !part.hasPrefix("tcp:") { xray.udpAddress = String(address) }
      if !part.hasPrefix("udp:") { xray.tcpAddress = String(address) }
    }
  }

  private mutating func readCloudWatch(_ reader: EnvironmentReader) throws(ConfigurationError) {
    guard logsExporters.contains(.cloudwatch) else { return }
    var settings = CloudWatchSettings(
      logGroup: reader.text("CLOUDWATCH_LOG_GROUP") ?? Self.groupName(resource.serviceName),
      logStream: reader.text("CLOUDWATCH_LOG_STREAM") ?? "\(resource["host.name"] ?? "host")/\(resource["process.pid"] ?? "0")",
      access: try Self.access(reader, endpoint: "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", neededBy: "cloudwatch in OTEL_LOGS_EXPORTER"))
    settings.retentionDays = try Self.retentionDays(reader)
    if let folder = reader.text("CLOUDWATCH_SPILL_FOLDER") {
      var spill = SpillSettings(folder: folder)
      spill.byteCountMax = try reader.integer("CLOUDWATCH_SPILL_BYTES", in: 1_048_576...1_099_511_627_776) ?? spill.byteCountMax
      settings.spill = spill
    }
    cloudWatch = settings
  }

  /// A service's name with `_` for what no log group's name has, such as the colon of `unknown_service:shop`.
  private static func groupName(_ service: String) -> String {
    String(service.prefix(512).map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-/#".contains($0)) ? $0 : "_" })
  }

  /// What CloudWatch Logs allows, and nothing between.
  private static let retentions = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1_096, 1_827, 2_192, 2_557, 2_922, 3_288, 3_653]

  private static func retentionDays(_ reader: EnvironmentReader) throws(ConfigurationError) -> Int? {
    guard let text = reader.text("CLOUDWATCH_LOG_RETENTION_DAYS") else { return nil }
    if let days = Int(text), retentions.contains(days) { return days }
    let allowed = retentions.map { String($0) }.joined(separator: ", ")
    throw ConfigurationError(variable: "CLOUDWATCH_LOG_RETENTION_DAYS", problem: "'\(text)' is not one of \(allowed)")
  }

  /// The credentials and the region of AWS's own variables.
  private static func access(_ reader: EnvironmentReader, endpoint: String, neededBy: String) throws(ConfigurationError) -> AWSAccess {
    func needed(_ name: String) throws(ConfigurationError) -> String {
      if let text = reader.text(name) { return text }
      throw ConfigurationError(variable: name, problem: "is not set; \(neededBy) needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    }
    var access = AWSAccess(accessKeyID: try needed("AWS_ACCESS_KEY_ID"), secretAccessKey: try needed("AWS_SECRET_ACCESS_KEY"))
    access.sessionToken = reader.text("AWS_SESSION_TOKEN")
    access.region = reader.first(["AWS_REGION", "AWS_DEFAULT_REGION"])?.value ?? access.region
    access.endpoint = try reader.url([endpoint, "AWS_ENDPOINT_URL"])
    return access
  }
}
