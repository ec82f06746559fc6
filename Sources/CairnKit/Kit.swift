// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import CoreMetrics
public import Logging
public import ServiceLifecycle
internal import Synchronization
internal import Tracing

/// Instrumentation of one program: a tracer, a log handler and a metrics factory, and the exporters behind them.
///
/// ```
/// let kit = try Kit.bootstrap()                 // reads OTEL_* and the vendors' variables
/// let app = Application(router: router, services: [kit])
/// ```
/// The kit never stands in the program's way: queues are bounded, what does not fit is dropped and counted, and a collector that is
/// dead or slow costs memory for one queue and nothing else. It is a `Service`: run it beside the others, so that it sends what is left
/// when they have stopped.
public final class Kit: Service, Sendable {
  public let tracer: KitTracer
  public let metrics: KitMetricsFactory
  let settings: KitSettings
  let logCore: LogCore
  let workers: [any KitWorker]
  let rollbar: RollbarExporter?
  private let transport: (any HTTPTransport)?
  private let clock: any Clock<Duration>

  init(parts: KitParts, settings: KitSettings, transport: (any HTTPTransport)?, clock: any Clock<Duration>) {
    tracer = KitTracer(core: parts.tracer)
    logCore = parts.logs
    metrics = parts.metrics
    workers = parts.workers
    rollbar = parts.rollbar
    self.settings = settings
    self.transport = transport
    self.clock = clock
  }

  /// Makes a kit and installs it: from now on swift-log, swift-metrics and swift-distributed-tracing go through it. Once a process.
  ///
  /// - Throws: `ConfigurationError`, naming the variable and what it may be.
  public static func bootstrap(_ settings: KitSettings? = nil) throws(ConfigurationError) -> Kit {
    let settings = if let settings { settings } else { try KitSettings.fromEnvironment() }
    let kit = try Kit(settings)
    guard !settings.isDisabled else { return kit }
    LoggingSystem.bootstrap({ label, provider in kit.logHandler(label: label, metadataProvider: provider) }, metadataProvider: nil)
    MetricsSystem.bootstrap(kit.metrics)
    InstrumentationSystem.bootstrap(kit.tracer)
    return kit
  }

  /// A kit that is not installed anywhere.
  public convenience init(_ settings: KitSettings) throws(ConfigurationError) {
    let transport = try ClientTransport(
      trustRoots: settings.otlpTraces.certificate, clientCertificate: settings.otlpTraces.clientCertificate,
      clientKey: settings.otlpTraces.clientKey)
    self.init(settings, transport: transport, clock: ContinuousClock())
  }

  convenience init(_ settings: KitSettings, transport: any HTTPTransport, clock: any Clock<Duration>) {
    let parts = KitParts.make(settings, transport: transport, clock: clock)
    self.init(parts: parts, settings: settings, transport: transport, clock: clock)
  }

  /// A kit for tests: everything is kept in `memory`, nothing is sent, nothing has to run.
  public static func testing(_ memory: InMemoryExporter, logLevel: Logger.Level = .trace) -> Kit {
    var settings = KitSettings()
    settings.logLevel = logLevel
    let warn: @Sendable (String) -> Void = { _ in }
    let propagators: [any Propagator] = [TraceContextPropagator(), BaggagePropagator()]
    let parts = KitParts(
      tracer: TracerCore(sampler: AlwaysOnSampler(), limits: settings.spanLimits, propagators: propagators, sinks: [memory]),
      logs: LogCore(level: logLevel, limits: settings.logLimits, sinks: [memory]), metrics: KitMetricsFactory(warn: warn), workers: [], rollbar: nil)
    return Kit(parts: parts, settings: settings, transport: nil, clock: ContinuousClock())
  }

  /// A log handler, for programs that install several.
  public func logHandler(label: String, metadataProvider: Logger.MetadataProvider? = nil) -> KitLogHandler {
    KitLogHandler(label: label, core: logCore, metadataProvider: metadataProvider)
  }

  /// Exports until the program stops, then sends what is left, for at most `shutdownTimeout`.
  public func run() async throws {
    let workers = self.workers, clock = self.clock
    await cancelWhenGracefulShutdown {
      await withTaskGroup { group in
        for worker in workers { group.addTask { await worker.run(clock) } }
        // Without a worker there is still a service that waits for the end.
        group.addTask { try? await clock.sleep(for: .seconds(1 << 31)) }
      }
    }
    await shutDown()
  }

  /// Sends what is queued now; returns when it is sent or `shutdownTimeout` has passed.
  public func flush() async {
    let workers = self.workers
    await atMost(settings.shutdownTimeout) {
      await withTaskGroup { group in
        for worker in workers { group.addTask { await worker.drain() } }
      }
    }
  }

  private func shutDown() async {
    for worker in workers { worker.close() }
    await flush()
    await transport?.close()
  }

  /// Runs the work and leaves it when the time is up.
  private func atMost(_ duration: Duration, _ work: @escaping @Sendable () async -> Void) async {
    let clock = self.clock
    // In a task of its own: the service's own task is cancelled by now, and what is left must still be sent.
    await Task {
      await withTaskGroup { group in
        group.addTask { await work() }
        group.addTask { try? await clock.sleep(for: duration) }
        await group.next()
        group.cancelAll()
      }
    }.value
  }
}
