// SPDX-License-Identifier: Apache-2.0
internal import Logging
internal import Synchronization
internal import Tracing

/// The pieces of a kit, put together from its settings.
struct KitParts {
  var tracer: TracerCore
  var logs: LogCore
  var metrics: KitMetricsFactory
  var workers: [any KitWorker]
  var rollbar: RollbarExporter?

  static func make(_ settings: KitSettings, transport: any HTTPTransport, clock: any Clock<Duration>) -> KitParts {
    let assembly = Assembly(settings: settings, transport: transport, clock: clock)
    return assembly.parts()
  }
}

/// Builds exporters and queues and remembers which of them have to run.
private final class Assembly {
  let settings: KitSettings
  let transport: any HTTPTransport
  let clock: any Clock<Duration>
  let warn: @Sendable (String) -> Void
  var workers: [any KitWorker] = []

  init(settings: KitSettings, transport: any HTTPTransport, clock: any Clock<Duration>) {
    self.settings = settings
    self.transport = transport
    self.clock = clock
    warn = WarningLog().warn
  }

  func parts() -> KitParts {
    let metrics = KitMetricsFactory(warn: warn)
    guard !settings.isDisabled else {
      let tracer = TracerCore(sampler: AlwaysOffSampler(), limits: settings.spanLimits, propagators: propagators(), sinks: [])
      return KitParts(tracer: tracer, logs: LogCore(level: .critical, limits: settings.logLimits, sinks: []), metrics: metrics, workers: [], rollbar: nil)
    }
    let rollbar = rollbarExporter()
    var spanSinks = settings.tracesExporters.compactMap(spanSink)
    var logSinks = settings.logsExporters.compactMap(logSink)
    if let rollbar {
      spanSinks.append(rollbar)
      logSinks.append(rollbar)
    }
    for exporter in settings.metricsExporters { addMetricReader(exporter, metrics) }
    if case .tail(let rate, let slowMilliseconds) = settings.sampler {
      var rules = TailRules()
      rules.rate = rate
      rules.slowNanoseconds = UInt64(slowMilliseconds) * 1_000_000
      spanSinks = [TailBuffer(rules: rules, sinks: spanSinks)]
    }
    let tracer = TracerCore(sampler: sampler(), limits: settings.spanLimits, propagators: propagators(), sinks: spanSinks)
    return KitParts(
      tracer: tracer, logs: LogCore(level: settings.logLevel, limits: settings.logLimits, sinks: logSinks), metrics: metrics, workers: workers,
      rollbar: rollbar)
  }

  private func sender(_ timeout: Duration) -> HTTPSender {
    HTTPSender(transport: transport, policy: RetryPolicy(timeout: timeout), clock: clock) {
      Int64(DefaultTracerClock.now.nanosecondsSinceEpoch / 1_000_000_000)
    }
  }

  private func queue<Item: Sendable>(
    _ name: String, _ batches: BatchSettings, _ export: @escaping @Sendable ([Item]) async -> Void
  ) -> BatchQueue<Item> {
    let queue = BatchQueue<Item>(name: name, settings: batches, warn: warn, export: export)
    workers.append(queue)
    return queue
  }

  private func spanSink(_ exporter: KitSettings.Exporter) -> (any SpanSink)? {
    let resource = settings.resource
    switch exporter {
    case .console: return ConsoleExporter()
    case .cloudwatch: return nil
    case .otlp:
      let otlp = OTLPExporter(settings: settings.otlpTraces, sender: sender(min(settings.otlpTraces.timeout, settings.spanBatches.exportTimeout)), warn: warn)
      let encoding = settings.otlpTraces.encoding
      return SpanQueueSink(
        queue: queue("otlp traces", settings.spanBatches) { spans in
          await otlp.send(OTLPWriter.spans(spans, resource: resource, encoding: encoding), itemCount: spans.count, signal: "traces")
        })
    case .xray:
      guard let socket = DaemonSocket(address: settings.xray.udpAddress) else {
        warn("xray: no daemon can be reached at '\(settings.xray.udpAddress)'")
        return nil
      }
      let writer = SegmentWriter(resource: resource)
      return SpanQueueSink(
        queue: queue("xray segments", settings.spanBatches) { spans in
          for span in spans { socket.send(writer.document(span)) }
        })
    }
  }

  private func logSink(_ exporter: KitSettings.Exporter) -> (any LogSink)? {
    let resource = settings.resource, limits = settings.logLimits
    switch exporter {
    case .console: return ConsoleExporter()
    case .xray: return nil
    case .otlp:
      let otlp = OTLPExporter(settings: settings.otlpLogs, sender: sender(min(settings.otlpLogs.timeout, settings.logBatches.exportTimeout)), warn: warn)
      let encoding = settings.otlpLogs.encoding
      return LogQueueSink(
        queue: queue("otlp logs", settings.logBatches) { records in
          await otlp.send(OTLPWriter.logs(records, resource: resource, limits: limits, encoding: encoding), itemCount: records.count, signal: "logs")
        })
    case .cloudwatch:
      guard let cloudWatch = settings.cloudWatch else { return nil }
      let exporter = CloudWatchExporter(settings: cloudWatch, sender: sender(settings.logBatches.exportTimeout), warn: warn)
      var batches = settings.logBatches
      batches.queueLimit = max(batches.queueLimit, CloudWatchExporter.batchCountMax)
      return LogQueueSink(queue: queue("cloudwatch logs", batches) { await exporter.export($0) })
    }
  }

  private func addMetricReader(_ exporter: KitSettings.Exporter, _ metrics: KitMetricsFactory) {
    let resource = settings.resource
    switch exporter {
    case .console:
      let console = ConsoleExporter()
      workers.append(MetricReader(factory: metrics, interval: settings.metricInterval, isDelta: settings.isDelta) { $0.forEach { console.accept($0) } })
    case .otlp:
      let otlp = OTLPExporter(settings: settings.otlpMetrics, sender: sender(settings.otlpMetrics.timeout), warn: warn)
      let encoding = settings.otlpMetrics.encoding
      workers.append(
        MetricReader(factory: metrics, interval: settings.metricInterval, isDelta: settings.isDelta) { readings in
          await otlp.send(OTLPWriter.metrics(readings, resource: resource, encoding: encoding), itemCount: readings.count, signal: "metrics")
        })
    case .xray, .cloudwatch: break
    }
  }

  private func rollbarExporter() -> RollbarExporter? {
    guard let rollbar = settings.rollbar else { return nil }
    let exporter = RollbarExporter(
      settings: rollbar, resource: settings.resource, sender: sender(.seconds(10)), batches: settings.logBatches, warn: warn)
    workers.append(exporter.queue)
    return exporter
  }

  private func propagators() -> [any Propagator] {
    settings.propagators.compactMap { name in
      switch name {
      case .tracecontext: TraceContextPropagator()
      case .baggage: BaggagePropagator()
      case .b3: B3Propagator(form: .single)
      case .b3multi: B3Propagator(form: .multiple)
      case .xray: XRayPropagator()
      case .none: nil
      }
    }
  }

  private func sampler() -> any Sampler {
    switch settings.sampler {
    case .alwaysOn, .tail: return AlwaysOnSampler()
    case .alwaysOff: return AlwaysOffSampler()
    case .ratio(let ratio): return RatioSampler(ratio: ratio)
    case .parentBasedAlwaysOn: return ParentBasedSampler(root: AlwaysOnSampler())
    case .parentBasedAlwaysOff: return ParentBasedSampler(root: AlwaysOffSampler())
    case .parentBasedRatio(let ratio): return ParentBasedSampler(root: RatioSampler(ratio: ratio))
    case .honeycomb(let rate): return ParentBasedSampler(root: HoneycombSampler(rate: rate))
    case .xray:
      let sampler = XRaySampler(resource: settings.resource, address: settings.xray.tcpAddress, sender: sender(.seconds(2)), warn: warn)
      workers.append(sampler)
      return ParentBasedSampler(root: sampler)
    }
  }
}

/// Tells what goes wrong inside the kit on standard error: each kind of trouble once a minute, with the number of times it came.
private final class WarningLog: Sendable {
  private static let interval: UInt64 = 60_000_000_000
  private let told = Mutex<[String: (unixNanoseconds: UInt64, count: Int)]>([:])

  var warn: @Sendable (String) -> Void { { self.tell($0) } }

  private func tell(_ text: String) {
    let now = DefaultTracerClock.now.nanosecondsSinceEpoch
    let kind = String(text.prefix { $0 != ":" })
    let repeats = told.withLock { told -> Int? in
      if let before = told[kind], now < before.unixNanoseconds + Self.interval {
        told[kind]?.count += 1
        return nil
      }
      defer { told[kind] = (now, 0) }
      return told[kind]?.count ?? 0
    }
    guard let repeats else { return }
    ConsoleExporter.toStandardError("cairn-kit: \(text)" + (repeats > 0 ? " (and \(repeats) times before)" : ""))
  }
}
