// SPDX-License-Identifier: Apache-2.0
public import Logging

/// What the kit does, and where it sends to. `fromEnvironment` reads OpenTelemetry's variables and the vendors' own; a program may
/// change the result before it starts the kit.
public struct KitSettings: Sendable {
  public var isDisabled = false
  public var logLevel = Logger.Level.info
  public var spanLimits = RecordLimits()
  public var logLimits = RecordLimits()
  public var tracesExporters: [Exporter] = [.otlp]
  public var logsExporters: [Exporter] = [.otlp]
  public var metricsExporters: [Exporter] = [.otlp]
  public var otlpTraces = OTLPSettings(path: "/v1/traces")
  public var otlpLogs = OTLPSettings(path: "/v1/logs")
  public var otlpMetrics = OTLPSettings(path: "/v1/metrics")
  public var metricInterval = Duration.seconds(60)
  /// One export of metrics takes no longer, its tries together.
  public var metricExportTimeout = Duration.seconds(30)
  public var temporality = Temporality.cumulative
  public var histogramAggregation = HistogramAggregation.explicit
  public var exemplarFilter = ExemplarFilter.traceBased
  /// nil where no access token is known: errors go to no Rollbar.
  public var rollbar: RollbarSettings?
  public var xray = XRaySettings()
  public var cloudWatch: CloudWatchSettings?
  /// A stop waits no longer than this for what is still queued.
  public var shutdownTimeout = Duration.seconds(5)

  /// nil where no key is known. Spans go to Honeycomb by OTLP; this is for markers.
  public var honeycomb: HoneycombSettings?
  /// Attributes that spans take over from the baggage of their context, where a caller or `with` put them.
  public var sharedAttributes: [SharedAttributeName] = [SharedAttributeName("user.id")]
  /// The process's memory, processor time, threads, open files, and how late its event loops are.
  public var hasRuntimeMetrics = true

  var propagators: [PropagatorName] = [.tracecontext, .baggage]
  var sampler = SamplerChoice.parentBasedAlwaysOn
  var spanBatches = BatchSettings.spans
  var logBatches = BatchSettings.logs
  var resource = Resource()
  /// What was odd about the environment without being wrong; told when the kit starts.
  var warnings: [String] = []

  public init() {}

  /// Where a signal can go.
  public enum Exporter: String, Sendable, Hashable, CaseIterable {
    case otlp
    case console
    /// Traces: segment documents to the daemon.
    case xray
    /// Logs: PutLogEvents.
    case cloudwatch
  }

  enum PropagatorName: String, Sendable, CaseIterable {
    case tracecontext
    case baggage
    case b3
    case b3multi
    case xray
    case jaeger
    case none
  }

  enum SamplerChoice: Sendable, Hashable {
    case alwaysOn
    case alwaysOff
    case ratio(Double)
    case parentBasedAlwaysOn
    case parentBasedAlwaysOff
    case parentBasedRatio(Double)
    /// X-Ray's central rules, asked for at the daemon.
    case xray
    /// Honeycomb's deterministic sampler: one trace in so many.
    case honeycomb(rate: Int)
    /// Everything is recorded; whole traces are kept if they failed or were slow, and one in so many of the others.
    case tail(rate: Int, slowMilliseconds: Int)
  }
}

/// One signal's OTLP exporter.
public struct OTLPSettings: Sendable, Hashable {
  public var url: String
  public var headers: [Header] = []
  public var timeout = Duration.seconds(10)
  /// What is read from the environment packs nothing for a collector on this machine.
  public var compression = OTLPCompression.gzip
  var encoding = OTLPEncoding.protobuf
  public var certificate: String?
  public var clientCertificate: String?
  public var clientKey: String?

  /// A header of every request.
  public struct Header: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  init(path: String) { url = "http://localhost:4318" + path }
}

/// Where errors go, and what is said with them.
public struct RollbarSettings: Sendable, Hashable {
  public var accessToken: String
  /// The API's base, such as `https://api.rollbar.com/api/1/`.
  public var endpoint = "https://api.rollbar.com/api/1/"
  public var environment = "production"
  public var codeVersion: String?
  /// Fields whose names contain one of these are sent as asterisks.
  public var scrubbedNames = SecretNames.parts + ["cookie", "cvv", "ssn"]
  /// How many of the last log lines go with an item.
  public var telemetryCount = 20

  public init(accessToken: String) { self.accessToken = accessToken }
}

/// The X-Ray daemon.
public struct XRaySettings: Sendable, Hashable {
  /// For segments, by UDP.
  public var udpAddress = "127.0.0.1:2000"
  /// For sampling rules, by HTTP.
  public var tcpAddress = "127.0.0.1:2000"
  /// Set where segments go to X-Ray itself by PutTraceSegments, without a daemon.
  public var access: AWSAccess?

  public init() {}
}

/// The log group that lines go to.
public struct CloudWatchSettings: Sendable, Hashable {
  public var logGroup: String
  public var logStream: String
  public var retentionDays: Int?
  public var access: AWSAccess
  /// nil where lines that cannot be delivered are dropped.
  public var spill: SpillSettings?

  public init(logGroup: String, logStream: String, access: AWSAccess) {
    self.logGroup = logGroup
    self.logStream = logStream
    self.access = access
  }
}

/// A folder for lines that cannot be delivered now.
public struct SpillSettings: Sendable, Hashable {
  public var folder: String
  /// When the files hold more, the oldest go.
  public var byteCountMax = 64 * 1_024 * 1_024

  public init(folder: String) { self.folder = folder }
}

/// Honeycomb's API, for what is not OTLP.
public struct HoneycombSettings: Sendable, Hashable {
  public var apiKey: String
  public var endpoint = "https://api.honeycomb.io"
  /// Where markers go; nil for all datasets of the environment.
  public var dataset: String?

  public init(apiKey: String) { self.apiKey = apiKey }
}
