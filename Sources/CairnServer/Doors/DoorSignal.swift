// SPDX-License-Identifier: Apache-2.0
import CairnHoneycomb
import CairnPlan
import CairnRollbar

/// A way in, as the page of doors lists it.
enum Door: String, Sendable, Hashable, CaseIterable {
  case otlpHTTP = "otlp-http"
  case otlpGRPC = "otlp-grpc"
  case xrayDaemon = "xray-daemon"
  case xrayAPI = "xray-api"
  case rollbar
  case cloudWatch = "cloudwatch"
  case honeycomb

  var title: String {
    switch self {
    case .otlpHTTP: "OpenTelemetry over HTTP"
    case .otlpGRPC: "OpenTelemetry over gRPC"
    case .xrayDaemon: "AWS X-Ray daemon"
    case .xrayAPI: "AWS X-Ray API"
    case .rollbar: "Rollbar"
    case .cloudWatch: "AWS CloudWatch"
    case .honeycomb: "Honeycomb events"
    }
  }

  /// The listener that SDKs find without being told.
  var listener: ListenerRole {
    switch self {
    case .otlpHTTP: .otlpHTTP
    case .otlpGRPC: .otlpGRPC
    case .xrayDaemon: .xray
    case .xrayAPI: .http
    case .rollbar, .cloudWatch, .honeycomb: .http
    }
  }

  /// What comes in by it.
  var signals: [Signal] {
    switch self {
    case .xrayDaemon, .xrayAPI: [.traces]
    case .otlpHTTP, .otlpGRPC: Signal.otlp
    case .rollbar: [.errors]
    case .cloudWatch: [.logs, .metrics]
    case .honeycomb: [.events]
    }
  }
}

/// What comes in by a door: the three signals of OTLP, and what other vendors send.
enum Signal: String, Sendable, Hashable, CaseIterable {
  case traces
  case logs
  case metrics
  case errors
  case events

  static let otlp: [Signal] = [.traces, .logs, .metrics]

  var path: String {
    switch self {
    case .traces, .logs, .metrics: "/v1/\(rawValue)"
    case .errors: "/api/1/item/"
    case .events: "/1/batch"
    }
  }

  /// The path of the Export call in gRPC.
  var grpcPath: String {
    let (package, service) =
      switch self {
      case .traces: ("trace", "TraceService")
      case .logs: ("logs", "LogsService")
      case .metrics: ("metrics", "MetricsService")
      case .errors, .events: (rawValue, "")
      }
    return "/opentelemetry.proto.collector.\(package).v1.\(service)/Export"
  }

  var protobufFormat: RequestFormat {
    switch self {
    case .traces: .otlpTracesProtobuf
    case .logs: .otlpLogsProtobuf
    case .metrics: .otlpMetricsProtobuf
    case .errors: .rollbarItem
    case .events: .honeycombEvents
    }
  }

  var jsonFormat: RequestFormat {
    switch self {
    case .traces: .otlpTracesJSON
    case .logs: .otlpLogsJSON
    case .metrics: .otlpMetricsJSON
    case .errors: .rollbarItem
    case .events: .honeycombEvents
    }
  }

  /// The JSON name of the count in `partialSuccess`.
  var rejectedName: String {
    switch self {
    case .traces: "rejectedSpans"
    case .logs: "rejectedLogRecords"
    case .metrics: "rejectedDataPoints"
    case .errors: "rejectedItems"
    case .events: "rejectedEvents"
    }
  }
}

/// A signal at a door: what arrivals are counted by.
struct DoorSignal: Sendable, Hashable {
  var door: Door
  var signal: Signal

  init(_ door: Door, _ signal: Signal) {
    self.door = door
    self.signal = signal
  }

  /// Where it comes in: a path, or AWS's operation.
  var path: String {
    guard door == .cloudWatch else { return signal.path }
    return signal == .metrics ? "PutMetricData" : "PutLogEvents"
  }
}
