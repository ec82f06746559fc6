// SPDX-License-Identifier: Apache-2.0
internal import Logging
internal import Tracing

/// The pieces of a kit, put together from its settings.
struct KitParts {
  var tracer: TracerCore
  var logs: LogCore
  var metrics: KitMetricsFactory
  var workers: [any KitWorker] = []
  var rollbar: RollbarExporter?
  var markers: HoneycombMarkers?
  var losses = LossCounter()
  /// Called in turn when the kit stops, before its queues are closed: what is on its way to them arrives.
  var closers: [@Sendable () -> Void] = []
  /// Opens when the kit stops.
  var closing = Gate()

  static func make(_ settings: KitSettings, transports: Transports, clock: any Clock<Duration>) -> KitParts {
    let assembly = Assembly(settings: settings, transports: transports, clock: clock)
    return assembly.parts()
  }
}

/// Builds exporters and queues and remembers which of them have to run.
private final class Assembly {
  let settings: KitSettings
  let transports: Transports
  let clock: any Clock<Duration>
  let warn: @Sendable (String) -> Void
  let losses = LossCounter()
  let closing = Gate()
  var workers: [any KitWorker] = []
  var closers: [@Sendable () -> Void] = []
  /// What all queues of spans, and all of lines, are written from.
  let spans: Gathering<EndedSpan>
  let lines: Gathering<LogRecord>

  init(settings: KitSettings, transports: Transports, clock: any Clock<Duration>) {
    self.settings = settings
    self.transports = transports
    self.clock = clock
    warn = WarningLog().warn
    spans = Gathering(batchLimit: settings.spanBatches.batchLimit)
    lines = Gathering(batchLimit: settings.logBatches.batchLimit)
    closers = [spans.close, lines.close]
    settings.warnings.forEach(warn)
  }

  func parts() -> KitParts {
    let metrics = KitMetricsFactory(
      aggregation: settings.histogramAggregation, filter: settings.exemplarFilter, loss: losses.loss("metric series"), warn: warn)
    guard !settings.isDisabled else {
      let tracer = TracerCore(sampler: AlwaysOffSampler(), limits: settings.spanLimits, propagators: propagators(), sinks: [], isDisabled: true)
      return KitParts(tracer: tracer, logs: LogCore(level: .critical, limits: settings.logLimits, sinks: []), metrics: metrics)
    }
    let rollbar = rollbarExporter()
    var spanSinks = settings.tracesExporters.compactMap(spanSink)
    var logSinks = settings.logsExporters.compactMap(logSink)
    if !spans.isEmpty { spanSinks.append(spans) }
    if !lines.isEmpty { logSinks.append(lines) }
    if let rollbar { logSinks.append(rollbar) }
    addMetricReaders(metrics)
    if case .tail(let rate, let slowMilliseconds) = settings.sampler {
      var rules = TailRules()
      rules.rate = rate
      rules.slowNanoseconds = UInt64(slowMilliseconds) * 1_000_000
      let buffer = TailBuffer(rules: rules, sinks: spanSinks)
      spanSinks = [buffer]
      closers.insert(buffer.close, at: 0)
    }
    let tracer = TracerCore(
      sampler: sampler(), limits: settings.spanLimits, propagators: propagators(), sinks: spanSinks, shared: settings.sharedAttributes,
      errorSink: rollbar)
    return KitParts(
      tracer: tracer, logs: LogCore(level: settings.logLevel, limits: settings.logLimits, sinks: logSinks), metrics: metrics, workers: workers,
      rollbar: rollbar, markers: settings.honeycomb.map { HoneycombMarkers(settings: $0, sender: sender(.seconds(10)), warn: warn) },
      losses: losses, closers: closers, closing: closing)
  }

  private func sender(_ timeout: Duration, _ transport: (any HTTPTransport)? = nil) -> HTTPSender {
    HTTPSender(transport: transport ?? transports.shared, policy: RetryPolicy(timeout: timeout), clock: clock, closing: closing) {
      Int64(DefaultTracerClock.now.nanosecondsSinceEpoch / 1_000_000_000)
    }
  }

  /// A queue that is filled from a gathering; what is done with an item is a closure of the caller's, who knows the kind of queue: code for
  /// any kind costs more than the writing.
  private func queue<Item: Sendable, Mark: Sendable>(
    _ name: String, _ batches: BatchSettings, from gathering: Gathering<Item>, by sender: HTTPSender?,
    keep: @escaping @Sendable (WireBatch<Mark>) -> Int = { $0.count }, _ export: @escaping @Sendable (WireBatch<Mark>) async -> Void
  ) -> BatchQueue<WireBatch<Mark>> {
    let gather: @Sendable () -> Void = { [weak gathering] in gathering?.write() }
    let queue = BatchQueue<WireBatch<Mark>>(
      name: name, settings: batches, warn: warn, losses: losses, gather: gather, ready: { await sender?.untilAllowed() }, keep: keep, export: export)
    workers.append(queue)
    return queue
  }

  private func otlp(_ signal: OTLPSignal, exportTimeout: Duration) -> OTLPExporter {
    let own = settings.otlp(signal)
    return OTLPExporter(
      settings: own, signal: signal, sender: sender(min(own.timeout, exportTimeout), transports.transport(of: signal)),
      loss: losses.loss("otlp \(signal.rawValue)"), warn: warn)
  }

  private func spanSink(_ exporter: KitSettings.Exporter) -> (any SpanSink)? {
    let resource = settings.resource
    switch exporter {
    case .console: return ConsoleExporter()
    case .cloudwatch: break
    case .otlp:
      let otlp = otlp(.traces, exportTimeout: settings.spanBatches.exportTimeout), encoding = otlp.settings.encoding, memory = BodyMemory()
      let queue: BatchQueue<WireBatch<Void>> = queue("otlp traces", settings.spanBatches, from: spans, by: otlp.sender) { batch in
        await otlp.send(OTLPWriter.spans(batch, resource: resource, encoding: encoding, in: memory), itemCount: batch.count)
      }
      spans.add({ ended in queue.offer(ended) { span, batch in batch.append { OTLPWriter.write(span, to: &$0, encoding) } } }, wake: queue.wake)
    case .xray: writeSegments()
    }
    return nil
  }

  private func writeSegments() {
    let writer = SegmentWriter(resource: settings.resource), loss = losses.loss("xray segments"), warn = self.warn
    if let access = settings.xray.access {
      let exporter = XRayAPIExporter(access: access, sender: sender(settings.spanBatches.exportTimeout), loss: loss, warn: warn)
      let queue: BatchQueue<WireBatch<XRayMark>> = queue("xray segments", settings.spanBatches, from: spans, by: exporter.sender) { await exporter.export($0) }
      return write(segmentsTo: queue, writer, XRayAPIExporter.documentByteCountMax)
    }
    let clock = self.clock, address = settings.xray.udpAddress
    let daemon = Daemon(address: address) { Int64(DefaultTracerClock.now.nanosecondsSinceEpoch / 1_000_000_000) }
    let queue: BatchQueue<WireBatch<XRayMark>> = queue("xray segments", settings.spanBatches, from: spans, by: nil) { batch in
      let socket = await daemon.socket()
      let lost = await socket?.send(SegmentTree(batch, byteCountMax: DaemonSocket.documentByteCountMax)) { try? await clock.sleep(for: .milliseconds(1)) }
      guard lost != 0 else { return }
      daemon.doubt()
      let count = lost ?? batch.count
      guard loss.add(count) == count else { return }
      let problem = socket == nil ? "nobody knows where the daemon at '\(address)' is" : "documents could not be handed to the daemon at '\(address)'"
      warn("xray segments: \(problem); what is lost is counted, and the name is looked up again now and then")
    }
    write(segmentsTo: queue, writer, DaemonSocket.documentByteCountMax)
  }

  private func write(segmentsTo queue: BatchQueue<WireBatch<XRayMark>>, _ writer: SegmentWriter, _ byteCountMax: Int) {
    let byteCountMax = byteCountMax - SegmentTree.aloneByteCount
    spans.add({ ended in queue.offer(ended) { span, batch in batch.append { writer.write(span, to: &$0, byteCountMax: byteCountMax) } } }, wake: queue.wake)
  }

  private func logSink(_ exporter: KitSettings.Exporter) -> (any LogSink)? {
    let resource = settings.resource, limits = settings.logLimits
    switch exporter {
    case .console: return ConsoleExporter()
    case .xray: break
    case .otlp:
      let otlp = otlp(.logs, exportTimeout: settings.logBatches.exportTimeout), encoding = otlp.settings.encoding, memory = BodyMemory()
      let queue: BatchQueue<WireBatch<String>> = queue("otlp logs", settings.logBatches, from: lines, by: otlp.sender) { batch in
        await otlp.send(OTLPWriter.logs(batch, resource: resource, encoding: encoding, in: memory), itemCount: batch.count)
      }
      lines.add({ records in queue.offer(records) { record, batch in batch.append { OTLPWriter.write(record, to: &$0, limits, encoding) } } }, wake: queue.wake)
    case .cloudwatch:
      guard let cloudWatch = settings.cloudWatch else { break }
      let exporter = CloudWatchExporter(
        settings: cloudWatch, sender: sender(cloudWatch.spill == nil ? settings.logBatches.exportTimeout : CloudWatchExporter.spillPatience),
        spill: cloudWatch.spill.map { SpillFolder(settings: $0, warn: warn) }, loss: losses.loss("cloudwatch logs"), warn: warn)
      var batches = settings.logBatches
      batches.queueLimit = max(batches.queueLimit, CloudWatchExporter.batchCountMax)
      let queue: BatchQueue<WireBatch<CloudWatchExporter.Mark>> = queue("cloudwatch logs", batches, from: lines, by: exporter.sender, keep: exporter.keep) { await exporter.export($0) }
      lines.add({ records in queue.offer(records) { record, batch in batch.append { CloudWatchExporter.write(record, to: &$0) } } }, wake: queue.wake)
    }
    return nil
  }

  private func addMetricReaders(_ metrics: KitMetricsFactory) {
    guard !settings.metricsExporters.isEmpty else { return }
    if settings.hasRuntimeMetrics { workers.append(RuntimeMetrics(factory: metrics, losses: losses)) }
    // One reader for all: a difference is read once.
    let exports = settings.metricsExporters.compactMap(metricExport)
    let reader = MetricReader(factory: metrics, interval: settings.metricInterval, temporality: settings.temporality) { readings in
      await withTaskGroup { group in for export in exports { group.addTask { await export(readings) } } }
    }
    workers.append(reader)
  }

  private func metricExport(_ exporter: KitSettings.Exporter) -> (@Sendable ([MetricReading]) async -> Void)? {
    switch exporter {
    case .console:
      let console = ConsoleExporter()
      return { readings in readings.forEach { console.accept($0) } }
    case .otlp:
      let resource = settings.resource, otlp = otlp(.metrics, exportTimeout: settings.metricExportTimeout), memory = BodyMemory()
      return { readings in
        await otlp.send(
          OTLPWriter.metrics(readings, resource: resource, encoding: otlp.settings.encoding, in: memory), itemCount: readings.count)
      }
    case .xray, .cloudwatch: return nil
    }
  }

  private func rollbarExporter() -> RollbarExporter? {
    guard let rollbar = settings.rollbar else { return nil }
    let exporter = RollbarExporter(
      settings: rollbar, resource: settings.resource, sender: sender(.seconds(10)), batches: settings.logBatches, losses: losses, warn: warn)
    workers.append(exporter)
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
      case .jaeger: JaegerPropagator()
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
    case .honeycomb(let rate): return HoneycombSampler(rate: rate)
    case .xray:
      let sampler = XRaySampler(resource: settings.resource, address: settings.xray.tcpAddress, sender: sender(.seconds(2)), warn: warn)
      workers.append(sampler)
      return ParentBasedSampler(root: sampler)
    }
  }
}
