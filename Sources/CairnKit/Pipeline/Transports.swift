// SPDX-License-Identifier: Apache-2.0

/// The clients that exporters send by: one for all vendors, and one more for each signal of OTLP that has certificates of its own.
struct Transports: Sendable {
  let shared: any HTTPTransport
  private let bySignal: [OTLPSignal: any HTTPTransport]

  /// Reads the certificates.
  init(_ settings: KitSettings) throws(ConfigurationError) {
    shared = ClientTransport(tls: nil)
    var made: [TLSFiles: any HTTPTransport] = [:]
    var bySignal: [OTLPSignal: any HTTPTransport] = [:]
    for signal in OTLPSignal.allCases {
      let own = settings.otlp(signal)
      if own.encoding == .grpc {
        bySignal[signal] = try Self.grpc(own, signal)
        continue
      }
      guard let files = own.tlsFiles else { continue }
      let transport = if let known = made[files] { known } else { ClientTransport(tls: try files.configuration(signal)) as any HTTPTransport }
      made[files] = transport
      bySignal[signal] = transport
    }
    self.bySignal = bySignal
  }

  /// The same for all.
  init(_ transport: any HTTPTransport) {
    shared = transport
    bySignal = [:]
  }

  func transport(of signal: OTLPSignal) -> any HTTPTransport { bySignal[signal] ?? shared }

  func close() async {
    for transport in bySignal.values { await transport.close() }
    await shared.close()
  }

  private static func grpc(_ settings: OTLPSettings, _ signal: OTLPSignal) throws(ConfigurationError) -> any HTTPTransport {
    #if GRPC
      try GRPCTransport(url: settings.url, tls: settings.tlsFiles?.configuration(signal))
    #else
      // Whoever made the settings was told so already.
      throw KitSettings.withoutGRPC("OTEL_EXPORTER_OTLP_\(signal.variableName)_PROTOCOL")
    #endif
  }
}

/// What OTLP tells apart.
enum OTLPSignal: String, Sendable, CaseIterable {
  case traces
  case logs
  case metrics

  /// As it stands in the names of variables.
  var variableName: String {
    switch self {
    case .traces: "TRACES"
    case .logs: "LOGS"
    case .metrics: "METRICS"
    }
  }

  /// The path of a request over gRPC.
  var grpcPath: String {
    switch self {
    case .traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    case .logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
    case .metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
    }
  }
}

extension KitSettings {
  func otlp(_ signal: OTLPSignal) -> OTLPSettings {
    switch signal {
    case .traces: otlpTraces
    case .logs: otlpLogs
    case .metrics: otlpMetrics
    }
  }
}
