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
  let markers: HoneycombMarkers?
  private let losses: LossCounter
  private let closers: [@Sendable () -> Void]
  private let closing: Gate
  private let transports: Transports?
  private let clock: any Clock<Duration>

  init(parts: KitParts, settings: KitSettings, transports: Transports?, clock: any Clock<Duration>) {
    tracer = KitTracer(core: parts.tracer)
    logCore = parts.logs
    metrics = parts.metrics
    workers = parts.workers
    rollbar = parts.rollbar
    markers = parts.markers
    losses = parts.losses
    closers = parts.closers
    closing = parts.closing
    self.settings = settings
    self.transports = transports
    self.clock = clock
  }

  /// Makes a kit and installs it: from now on swift-log, swift-metrics and swift-distributed-tracing go through it. Once a process. Of one
  /// that is switched off (`OTEL_SDK_DISABLED`) the tracer alone is installed, so that a caller's context goes on to whom the program calls.
  ///
  /// - Throws: `ConfigurationError`, naming the variable and what it may be.
  public static func bootstrap(_ settings: KitSettings? = nil) throws(ConfigurationError) -> Kit {
    let settings = if let settings { settings } else { try KitSettings.fromEnvironment() }
    let kit = try Kit(settings)
    InstrumentationSystem.bootstrap(kit.tracer)
    guard !settings.isDisabled else { return kit }
    LoggingSystem.bootstrap({ label, provider in kit.logHandler(label: label, metadataProvider: provider) }, metadataProvider: nil)
    MetricsSystem.bootstrap(kit.metrics)
    return kit
  }

  /// A kit that is not installed anywhere.
  public convenience init(_ settings: KitSettings) throws(ConfigurationError) {
    self.init(settings, transports: try Transports(settings), clock: ContinuousClock())
  }

  convenience init(_ settings: KitSettings, transports: Transports, clock: any Clock<Duration>) {
    let settings = settings.bounded
    let parts = KitParts.make(settings, transports: transports, clock: clock)
    self.init(parts: parts, settings: settings, transports: transports, clock: clock)
  }

  /// A kit for tests: everything is kept in `memory`, nothing is sent, nothing has to run.
  public static func testing(_ memory: InMemoryExporter, logLevel: Logger.Level = .trace) -> Kit {
    var settings = KitSettings()
    settings.logLevel = logLevel
    let warn: @Sendable (String) -> Void = { _ in }
    let propagators: [any Propagator] = [TraceContextPropagator(), BaggagePropagator()]
    let tracer = TracerCore(
      sampler: AlwaysOnSampler(), limits: settings.spanLimits, propagators: propagators, sinks: [memory], shared: settings.sharedAttributes)
    let metrics = KitMetricsFactory(warn: warn)
    memory.watch(metrics)
    let parts = KitParts(tracer: tracer, logs: LogCore(level: logLevel, limits: settings.logLimits, sinks: [memory]), metrics: metrics)
    return Kit(parts: parts, settings: settings, transports: nil, clock: ContinuousClock())
  }

  /// A log handler, for programs that install several.
  public func logHandler(label: String, metadataProvider: Logger.MetadataProvider? = nil) -> KitLogHandler {
    KitLogHandler(label: label, core: logCore, metadataProvider: metadataProvider)
  }

  /// How many spans, lines, items and documents did not arrive so far, by the queue that lost them; empty where all is well.
  public var lostCounts: [String: Int] { losses.counts }

  /// Exports until the program stops, then sends what is left, for at most `shutdownTimeout`.
  public func run() async throws {
    let workers = self.workers, clock = self.clock
    // In a task of its own: a stop of this one must not cut off what is under way.
    let pump = Task {
      await withTaskGroup { group in
        for worker in workers { group.addTask { await worker.run(clock) } }
      }
    }
    let stopped = Gate()
    await withTaskCancellationHandler {
      await withGracefulShutdownHandler { await stopped.wait() } onGracefulShutdown: { stopped.open() }
    } onCancel: { stopped.open() }
    // Also in its own: this task may be cancelled by now, and then nothing in it waits any more.
    await Task { await self.shutDown(pump) }.value
  }

  /// Sends what is queued now; returns when it is sent or `shutdownTimeout` has passed.
  public func flush() async {
    let workers = self.workers
    await atMost(settings.shutdownTimeout, clock) {
      await withTaskGroup { group in
        for worker in workers { group.addTask { await worker.drain() } }
      }
    }
  }

  /// Throws away what waits in the queues: benchmarks measure the way into them, again and again.
  package func discardQueued() { for worker in workers { worker.discard() } }

  /// Each queue sends what it holds, once: who does not answer now will not answer later. What is cut off then still counts what it
  /// loses, and keeps what it can.
  private func shutDown(_ pump: Task<Void, Never>) async {
    closing.open()
    for close in closers { close() }
    for worker in workers { worker.close() }
    await atMost(settings.shutdownTimeout, clock) {
      await withTaskCancellationHandler { await pump.value } onCancel: { pump.cancel() }
    }
    await atMost(Self.countTimeout, ContinuousClock()) { await pump.value }
    let transports = self.transports
    await atMost(Self.closeTimeout, ContinuousClock()) { await transports?.close() }
  }

  /// Writing what is left into a folder takes no longer, on a disk that is there.
  private static let countTimeout = Duration.seconds(2)
  /// Connections that do not close in time are left to the end of the process.
  private static let closeTimeout = Duration.milliseconds(500)
}
