// SPDX-License-Identifier: Apache-2.0
internal import Logging
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

extension KitSettings {
  /// The settings that the variables describe.
  ///
  /// OpenTelemetry's: `OTEL_SDK_DISABLED`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_LOG_LEVEL`, `OTEL_PROPAGATORS`,
  /// `OTEL_{TRACES,LOGS,METRICS}_EXPORTER`, `OTEL_TRACES_SAMPLER(_ARG)`, `OTEL_BSP_…`, `OTEL_BLRP_…`, the limits,
  /// `OTEL_METRIC_EXPORT_…`, `OTEL_METRICS_EXEMPLAR_FILTER`, and `OTEL_EXPORTER_OTLP_…` with their forms by signal. The vendors': `HONEYCOMB_API_KEY`, `HONEYCOMB_DATASET`, `HONEYCOMB_API_ENDPOINT`,
  /// `ROLLBAR_ACCESS_TOKEN`, `ROLLBAR_ENDPOINT`, `ROLLBAR_ENVIRONMENT`, `ROLLBAR_CODE_VERSION`, `AWS_XRAY_DAEMON_ADDRESS`,
  /// `CLOUDWATCH_LOG_GROUP`, `CLOUDWATCH_LOG_STREAM`, `CLOUDWATCH_LOG_RETENTION_DAYS`, `CLOUDWATCH_SPILL_FOLDER`, `CLOUDWATCH_SPILL_BYTES`,
  /// `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_ENDPOINT_URL(_CLOUDWATCH_LOGS, _XRAY)`. The kit's
  /// own: `CAIRN_TAIL_SLOW_MS`, `CAIRN_XRAY_TRANSPORT`, `CAIRN_SHARED_ATTRIBUTES`, `CAIRN_RUNTIME_METRICS`, `CAIRN_SHUTDOWN_TIMEOUT`.
  ///
  /// Where `OTEL_SDK_DISABLED` is true, only it and `OTEL_PROPAGATORS` are read.
  ///
  /// - Throws: the first variable that cannot be meant, and what is allowed.
  public static func fromEnvironment(_ variables: [String: String] = ProcessEnvironment.variables) throws(ConfigurationError) -> KitSettings {
    let reader = EnvironmentReader(variables: variables)
    var settings = KitSettings()
    settings.isDisabled = reader.flag("OTEL_SDK_DISABLED")
    settings.warnings = Self.flags.compactMap { reader.warning(ofFlag: $0) } + reader.warnings(ofUnread: Self.unread)
    try settings.readPropagators(reader)
    // Whoever switches the kit off has not to say where it would send.
    guard !settings.isDisabled else { return settings }
    settings.resource = ResourceDetector(environment: variables).detect(attributes: try reader.pairs("OTEL_RESOURCE_ATTRIBUTES"))
    if let level = try reader.choice("OTEL_LOG_LEVEL", Self.levels) { settings.logLevel = level }
    try settings.readExporters(reader)
    try settings.readSampler(reader)
    try settings.readBatches(reader)
    try settings.readMetrics(reader)
    try settings.readLimits(reader)
    try settings.readOTLP(reader)
    try settings.readVendors(reader)
    if let words = reader.names("CAIRN_SHARED_ATTRIBUTES") { settings.sharedAttributes = try words.map(SharedAttributeName.read) }
    settings.hasRuntimeMetrics = try reader.choice("CAIRN_RUNTIME_METRICS", [("true", true), ("false", false)]) ?? settings.hasRuntimeMetrics
    settings.shutdownTimeout = try reader.milliseconds("CAIRN_SHUTDOWN_TIMEOUT") ?? settings.shutdownTimeout
    return settings
  }

  private static let flags =
    ["OTEL_SDK_DISABLED"] + ["", "TRACES_", "LOGS_", "METRICS_"].map { "OTEL_EXPORTER_OTLP_\($0)INSECURE" }

  /// Variables of OpenTelemetry that would change all that is read here; whoever sets one expects it to be heeded.
  private static let unread = ["OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE", "OTEL_ENTITIES"]

  private static var levels: [(String, Logger.Level)] {
    [("trace", .trace), ("debug", .debug), ("info", .info), ("notice", .notice), ("warn", .warning), ("warning", .warning), ("error", .error), ("fatal", .critical), ("critical", .critical)]
  }

  private mutating func readExporters(_ reader: EnvironmentReader) throws(ConfigurationError) {
    tracesExporters = try Self.exporters(reader, "OTEL_TRACES_EXPORTER", [.otlp, .console, .xray]) ?? tracesExporters
    logsExporters = try Self.exporters(reader, "OTEL_LOGS_EXPORTER", [.otlp, .console, .cloudwatch]) ?? logsExporters
    metricsExporters = try Self.exporters(reader, "OTEL_METRICS_EXPORTER", [.otlp, .console]) ?? metricsExporters
  }

  private static func exporters(
    _ reader: EnvironmentReader, _ name: String, _ allowed: [Exporter]
  ) throws(ConfigurationError) -> [Exporter]? {
    guard let words = reader.list(name) else { return nil }
    var found: [Exporter] = []
    for word in words where word != "none" {
      guard let exporter = Exporter(rawValue: word), allowed.contains(exporter) else {
        throw ConfigurationError(variable: name, problem: "'\(word)' is not one of \(allowed.map(\.rawValue).joined(separator: ", ")), none")
      }
      if !found.contains(exporter) { found.append(exporter) }
    }
    return found
  }

  private mutating func readPropagators(_ reader: EnvironmentReader) throws(ConfigurationError) {
    guard let words = reader.list("OTEL_PROPAGATORS") else { return }
    propagators = []
    for word in words {
      guard let name = PropagatorName(rawValue: word) else {
        let allowed = PropagatorName.allCases.map(\.rawValue).joined(separator: ", ")
        throw ConfigurationError(variable: "OTEL_PROPAGATORS", problem: "'\(word)' is not one of \(allowed)")
      }
      if name != .none, !propagators.contains(name) { propagators.append(name) }
    }
  }

  private mutating func readSampler(_ reader: EnvironmentReader) throws(ConfigurationError) {
    guard let name = reader.text("OTEL_TRACES_SAMPLER") else { return }
    let ratio = { () throws(ConfigurationError) -> Double in try reader.number("OTEL_TRACES_SAMPLER_ARG", in: 0...1) ?? 1 }
    switch name.lowercased() {
    case "always_on": sampler = .alwaysOn
    case "always_off": sampler = .alwaysOff
    case "traceidratio": sampler = .ratio(try ratio())
    case "parentbased_always_on": sampler = .parentBasedAlwaysOn
    case "parentbased_always_off": sampler = .parentBasedAlwaysOff
    case "parentbased_traceidratio": sampler = .parentBasedRatio(try ratio())
    case "xray": sampler = .xray
    case "honeycomb": sampler = .honeycomb(rate: try reader.integer("OTEL_TRACES_SAMPLER_ARG", in: 1...1_000_000) ?? 1)
    case "tail":
      let slow = try reader.integer("CAIRN_TAIL_SLOW_MS", in: 1...3_600_000) ?? 1_000
      sampler = .tail(rate: try reader.integer("OTEL_TRACES_SAMPLER_ARG", in: 0...1_000_000) ?? 10, slowMilliseconds: slow)
    default:
      let allowed =
        "always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio, xray, honeycomb, tail"
      throw ConfigurationError(variable: "OTEL_TRACES_SAMPLER", problem: "'\(name)' is not one of \(allowed)")
    }
  }

  private mutating func readBatches(_ reader: EnvironmentReader) throws(ConfigurationError) {
    spanBatches = try Self.batch(reader, "OTEL_BSP", spanBatches)
    logBatches = try Self.batch(reader, "OTEL_BLRP", logBatches)
  }

  private mutating func readMetrics(_ reader: EnvironmentReader) throws(ConfigurationError) {
    if let interval = try reader.milliseconds("OTEL_METRIC_EXPORT_INTERVAL") { metricInterval = max(interval, .milliseconds(100)) }
    metricExportTimeout = try reader.timeout("OTEL_METRIC_EXPORT_TIMEOUT") ?? metricExportTimeout
    temporality = try reader.word("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE") ?? temporality
    histogramAggregation = try reader.word("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION") ?? histogramAggregation
    exemplarFilter = try reader.word("OTEL_METRICS_EXEMPLAR_FILTER") ?? exemplarFilter
  }

  private static func batch(_ reader: EnvironmentReader, _ prefix: String, _ before: BatchSettings) throws(ConfigurationError) -> BatchSettings {
    var batch = before
    if let delay = try reader.milliseconds(prefix + "_SCHEDULE_DELAY") { batch.delay = max(delay, .milliseconds(5)) }
    if let timeout = try reader.timeout(prefix + "_EXPORT_TIMEOUT") { batch.exportTimeout = timeout }
    if let limit = try reader.integer(prefix + "_MAX_QUEUE_SIZE", in: 1...10_000_000) { batch.queueLimit = limit }
    // A batch of the usual size has not to be made smaller too by whoever makes the queue small.
    batch.batchLimit = try reader.integer(prefix + "_MAX_EXPORT_BATCH_SIZE", in: 1...1_000_000) ?? min(batch.batchLimit, batch.queueLimit)
    guard batch.batchLimit <= batch.queueLimit else {
      throw ConfigurationError(variable: prefix + "_MAX_EXPORT_BATCH_SIZE", problem: "\(batch.batchLimit) is more than the queue holds, \(batch.queueLimit)")
    }
    return batch
  }

  private mutating func readLimits(_ reader: EnvironmentReader) throws(ConfigurationError) {
    let counts = 0...1_000_000
    if let count = try reader.integer("OTEL_ATTRIBUTE_COUNT_LIMIT", in: counts) { (spanLimits.attributeCount, logLimits.attributeCount) = (count, count) }
    if let length = try reader.integer("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", in: counts) {
      (spanLimits.attributeValueLength, logLimits.attributeValueLength) = (length, length)
    }
    spanLimits.attributeCount = try reader.integer("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", in: counts) ?? spanLimits.attributeCount
    spanLimits.attributeValueLength = try reader.integer("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", in: counts) ?? spanLimits.attributeValueLength
    spanLimits.eventCount = try reader.integer("OTEL_SPAN_EVENT_COUNT_LIMIT", in: counts) ?? spanLimits.eventCount
    spanLimits.linkCount = try reader.integer("OTEL_SPAN_LINK_COUNT_LIMIT", in: counts) ?? spanLimits.linkCount
    spanLimits.attributeCountPerEvent = try reader.integer("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", in: counts) ?? spanLimits.attributeCountPerEvent
    spanLimits.attributeCountPerLink = try reader.integer("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", in: counts) ?? spanLimits.attributeCountPerLink
    logLimits.attributeCount = try reader.integer("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", in: counts) ?? logLimits.attributeCount
    logLimits.attributeValueLength = try reader.integer("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", in: counts) ?? logLimits.attributeValueLength
  }
}

/// The variables of this process.
public enum ProcessEnvironment {
  public static var variables: [String: String] {
    var found: [String: String] = [:]
    var entry = unsafe environ
    while let text = unsafe entry.pointee {
      let line = unsafe String(cString: text)
      if let equals = line.firstIndex(of: "=") { found[String(line[..<equals])] = String(line[line.index(after: equals)...]) }
      unsafe entry += 1
    }
    return found
  }
}
