// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
public import CairnCatalog
import CairnCloudWatch
public import CairnIssues
public import CairnPlan
import NIOCore
import NIOPosix
import Synchronization

/// Both ways of a store in one: what the server needs.
public typealias CairnStore = EventStore & IngestStore

/// What the server is made of; everything behind it is the caller's.
public struct ServerParts: Sendable {
  public var store: any CairnStore
  public var catalog: Catalog
  public var status: @Sendable () -> StoreStatus
  /// Wipes all events, for conformance suites; nil keeps the path a 404. Throws the reason in words where that does not work.
  public var reset: (@Sendable () async throws(ResetError) -> Void)?
  /// Takes the retention that calls have set for single datasets, in place of what it was told before.
  public var retain: (@Sendable ([DatasetDays]) -> Void)?
  public var clock = WallClock.system
  /// Where the store's decoders tell of occurrences.
  public var pendingOccurrences = PendingOccurrences()
  /// The versions of grouping that the store's decoders have in force.
  public var groupings = GroupingPlan()

  public init(store: any CairnStore, catalog: Catalog, status: @escaping @Sendable () -> StoreStatus = { StoreStatus() }) {
    self.store = store
    self.catalog = catalog
    self.status = status
  }
}

/// Why not everything could be wiped.
public struct ResetError: Error, Sendable, Hashable {
  public var reason: String

  public init(_ reason: String) { self.reason = reason }
}

/// The server: its listeners, its routes, and its life from the first bind to the last answer.
public final class CairnServer: Sendable {
  public static let version = "0.1.0"
  let state: ServerState
  let core: ServerCore
  private let keyWatch: Task<Void, Never>
  private let rounds: Rounds
  private let memoryRounds: Rounds
  private let catalogCopies: Task<Void, Never>
  private let itemWatch: Task<Void, Never>
  private let deliveryWatch: Task<Void, Never>
  private let listeners: [Listener]
  private let daemon: XRayDaemon
  private let group: MultiThreadedEventLoopGroup
  private let stopping: Mutex<Task<Void, Never>?> = Mutex(nil)

  private init(
    state: ServerState, core: ServerCore, listeners: [Listener], daemon: XRayDaemon, group: MultiThreadedEventLoopGroup
  ) {
    self.state = state
    self.daemon = daemon
    self.core = core
    keyWatch = Task {
      let watch = StateWatch(logger: state.logger)
      while !Task.isCancelled {
        watch.look(at: state.parts.status())
        try? await Task.sleep(for: .seconds(1))
        state.refreshKeys()
        state.logs.flush()
      }
    }
    let insights = InsightRunner(state: state)
    let alarms = MetricsDesk(state: state)
    let logs = LogsDesk(state: state)
    let anomalies = AnomalyWatch(desk: logs)
    let triggers = TriggerDesk(state: state)
    let objectives = SLODesk(state: state)
    rounds = Rounds(
      every: .seconds(5),
      [
        { await insights.tick() }, { await alarms.evaluateAlarms() }, { await triggers.tick() }, { await objectives.tick() },
        { await anomalies.tick(at: state.parts.clock.unixNanoseconds()) },
        { await logs.tellQuietMinutes(at: state.parts.clock.unixNanoseconds()) },
      ])
    memoryRounds = Rounds(every: FreeMemory.pause, [{ FreeMemory.giveBack() }])
    catalogCopies = Task { await CatalogCopies(catalog: state.parts.catalog, logger: state.logger).run() }
    itemWatch = Task { await state.tracker.run() }
    deliveryWatch = Task { await state.deliverer.run() }
    self.listeners = listeners
    self.group = group
  }

  /// Binds every listener and begins to serve. Refuses to be open to the network by accident.
  public static func start(
    _ settings: Settings, parts: ServerParts, limits: WireLimits = WireLimits()
  ) async throws(ServerError) -> CairnServer {
    let endpoints: [(ListenerRole, Endpoint)] = [
      (.http, settings.http), (.otlpHTTP, settings.otlpHTTP), (.otlpGRPC, settings.otlpGRPC), (.xray, settings.xray),
    ]
    let beyond = endpoints.map(\.1).filter { !$0.isLoopback }
    if !settings.xray.isLoopback, !settings.insecure { throw .openDatagrams(settings.xray.text) }
    if !beyond.isEmpty, !parts.catalog.hasKeys, !settings.insecure { throw .openToTheNetwork(beyond.map(\.text)) }
    let state = ServerState(settings: settings, parts: parts, limits: limits)
    do {
      try state.logs.load()
      try LogsDesk(state: state).endAbandonedExports()
    } catch {
      throw .badSetting("the catalog cannot be read: \(error.message)")
    }
    parts.retain?(state.logs.retention())
    let core = ServerCore(state: state, checksHost: beyond.isEmpty)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, min(4, System.coreCount)))
    await state.tracker.begin(tenants: parts.catalog.environments)
    var listeners: [Listener] = []
    do throws(ServerError) {
      for (role, endpoint) in endpoints where role != .xray {
        let wire = WireContext(service: core, limits: limits, held: state.held, connections: state.connections, role: role)
        listeners.append(try await Listener.bind(endpoint, wire: wire, group: group))
      }
      let wire = WireContext(service: core, limits: limits, held: state.held, connections: state.connections, role: .xray)
      let (listener, daemon) = try await bindDaemon(settings.xray, wire: wire, group: group, state: state)
      listeners.append(listener)
      state.listening(Dictionary(uniqueKeysWithValues: listeners.map { ($0.role, $0.address) }))
      return CairnServer(state: state, core: core, listeners: listeners, daemon: daemon, group: group)
    } catch {
      for listener in listeners { await listener.stopAccepting() }
      try? await group.shutdownGracefully()
      throw error
    }
  }

  /// Both halves of the X-Ray daemon at one port; where any port will do, several are tried until one is free for both.
  private static func bindDaemon(
    _ endpoint: Endpoint, wire: WireContext, group: MultiThreadedEventLoopGroup, state: ServerState
  ) async throws(ServerError) -> (Listener, XRayDaemon) {
    var attemptsLeft = endpoint.port == 0 ? 20 : 1
    while true {
      attemptsLeft -= 1
      let listener = try await Listener.bind(endpoint, wire: wire, group: group)
      do throws(ServerError) {
        let port = Endpoint(listener.address)?.port ?? endpoint.port
        return (listener, try await XRayDaemon.start(Endpoint(host: endpoint.host, port: port), state: state))
      } catch {
        await listener.stopAccepting()
        if attemptsLeft <= 0 { throw error }
      }
    }
  }

  /// The address that a listener really has.
  public func address(of role: ListenerRole) -> String { listeners.first { $0.role == role }?.address ?? "" }

  /// The address of every listener, in order.
  public var addresses: [(role: ListenerRole, address: String)] { listeners.map { ($0.role, $0.address) } }

  /// Takes nothing new, lets what runs finish for so long, then cuts the rest. Afterwards every accepted request was answered or lost
  /// its connection without an answer. A second call waits for the first.
  public func stop(within seconds: Int = 5) async {
    let task = stopping.withLock { stopping in
      let task = stopping ?? Task { await stopOnce(within: seconds) }
      stopping = task
      return task
    }
    await task.value
  }

  private func stopOnce(within seconds: Int) async {
    state.drain()
    keyWatch.cancel()
    rounds.stop()
    memoryRounds.stop()
    catalogCopies.cancel()
    for listener in listeners { await listener.stopAccepting() }
    await daemon.stop()
    let connections = state.connections
    connections.quiesce()
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await connections.waitUntilIdle() }
      tasks.addTask {
        try? await Task.sleep(for: .seconds(seconds))
        connections.closeAll()
      }
      await tasks.next()
      tasks.cancelAll()
    }
    state.logs.flush()
    await LogsDesk(state: state).tellQuietMinutes(at: .max)
    try? await group.shutdownGracefully()
    itemWatch.cancel()
    await itemWatch.value
    await state.tracker.finish()
    await state.alerts.settle()
    deliveryWatch.cancel()
    await deliveryWatch.value
  }
}
