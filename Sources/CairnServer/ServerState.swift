// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnCatalog
import CairnIssues
import CairnPlan
import FoundationEssentials
import Logging
import Synchronization

/// What all routes share: the parts, the books, and where the server is in its life.
final class ServerState: Sendable {
  let settings: Settings
  let parts: ServerParts
  let limits: WireLimits
  let held: HeldBytes
  let spareBuffers = SpareBuffers()
  let connections: Connections
  let ledger = DoorLedger()
  let telemetry = Telemetry()
  let desk: QuestionDesk
  let startedUnixMicroseconds: Int64
  let processID = Int(ProcessInfo.processInfo.processIdentifier)
  let results = ResultShelf()
  let logs: LogRegistry
  let sampling: SamplingDesk
  let datagrams = DatagramBooks()
  let retrievals = RetrievalShelf()
  let book: IssueBook
  let tracker: ItemTracker
  let alerts: AlertDesk
  let tokenWindows = TokenWindows()
  let queryJobs = QueryJobs()
  let groupingRules = GroupingRules()
  let sourceMaps: SourceMapShelf
  let insights = InsightsShelf()
  let tailSeats = TailSeats()
  let triggers = TriggerBook()
  let slos = SLOBook()
  /// What is kept of the catalog's shelves for those who read them again and again.
  let shelves: ShelfKeeper
  let formulas: FormulaBook
  /// The store with formula columns: whatever names one is answered as if it were stored.
  let store: any CairnStore
  /// The one way out for what rules, subscriptions and alarms tell.
  let deliverer: Deliverer
  let logger = Logger(label: "cairn.server")
  private let life = Mutex(Life())
  private let resets = Mutex<[@Sendable () -> Void]>([])

  private struct Life {
    var addresses: [ListenerRole: String] = [:]
    var isDraining = false
  }

  init(settings: Settings, parts: ServerParts, limits: WireLimits) {
    self.settings = settings
    self.parts = parts
    self.limits = limits
    held = HeldBytes(limit: limits.heldBytesMax)
    connections = Connections(limit: OpenFiles.connectionCountMax(limits.connectionCountMax))
    desk = QuestionDesk(telemetry: telemetry)
    let shelves = ShelfKeeper(catalog: parts.catalog)
    self.shelves = shelves
    let formulas = FormulaBook(shelves: shelves)
    self.formulas = formulas
    store = FormulaStore(base: parts.store, book: formulas)
    logs = LogRegistry(catalog: parts.catalog)
    let deliverer = Self.makeDeliverer(settings, parts)
    self.deliverer = deliverer
    let sourceMaps = SourceMapShelf(catalog: parts.catalog)
    self.sourceMaps = sourceMaps
    let logs = logs
    resets.withLock {
      $0.append {
        logs.reset()
        deliverer.reset()
        sourceMaps.reset()
      }
    }
    sampling = SamplingDesk(catalog: parts.catalog, clock: parts.clock)
    let book = IssueBook(catalog: parts.catalog, groupingVersion: parts.groupings.current.name)
    self.book = book
    let alerts = AlertDesk(store: parts.store, book: book, settings: settings, clock: parts.clock, deliverer: deliverer)
    self.alerts = alerts
    tracker = ItemTracker(
      store: parts.store, book: book, pending: parts.pendingOccurrences, clock: parts.clock, listen: { alerts.take($0) })
    startedUnixMicroseconds = parts.clock.unixNanoseconds() / 1000
  }

  private static func makeDeliverer(_ settings: Settings, _ parts: ServerParts) -> Deliverer {
    let relay = settings.smtp.isEmpty
      ? nil
      : try? MailRelay(address: settings.smtp, security: settings.smtpSecurity, user: settings.smtpUser, password: settings.smtpPassword)
    let sender = Sender(
      guardian: AddressGuard(allowedHosts: Set(settings.webhookHosts)), relay: relay, authorities: settings.deliveryAuthorities)
    let clock = parts.clock
    return Deliverer(sender: sender, shelf: CatalogShelf(catalog: parts.catalog), now: { clock.unixNanoseconds() / 1_000_000 })
  }

  var nowUnixMicroseconds: Int64 { parts.clock.unixNanoseconds() / 1000 }

  /// The addresses that were bound; from now on the server is ready.
  func listening(_ addresses: [ListenerRole: String]) { life.withLock { $0.addresses = addresses } }

  var addresses: [ListenerRole: String] { life.withLock { $0.addresses } }

  /// True from the first moment of a stop: streams end by themselves then.
  var isDraining: Bool { life.withLock { $0.isDraining } }

  func drain() { life.withLock { $0.isDraining = true } }

  /// Has the closure called whenever everything is wiped: for whatever is kept in memory beside the store and the catalog.
  func onReset(_ body: @escaping @Sendable () -> Void) { resets.withLock { $0.append(body) } }

  /// Empties the catalog, but for its keys, and whatever is kept in memory. The store has been emptied before.
  func reset() throws(Refusal) {
    do throws(CatalogError) { try parts.catalog.removeEverything() } catch { throw Refusal(error) }
    ledger.reset()
    results.reset()
    sampling.reset()
    book.reset()
    queryJobs.reset()
    _ = parts.pendingOccurrences.take()
    insights.reset()
    triggers.reset()
    slos.reset()
    for body in resets.withLock({ $0 }) { body() }
  }

  /// Reads the keys again if another process changed them.
  func refreshKeys() {
    do {
      try parts.catalog.refresh()
    } catch {
      logger.warning("keys could not be read again: \(error)")
    }
  }
}
