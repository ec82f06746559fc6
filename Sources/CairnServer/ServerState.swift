// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
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
  let ledger = DoorLedger()
  let telemetry = Telemetry()
  let desk: QuestionDesk
  let startedUnixMicroseconds: Int64
  let processID = Int(ProcessInfo.processInfo.processIdentifier)
  let results = ResultShelf()
  let logger = Logger(label: "cairn.server")
  private let life = Mutex(Life())

  private struct Life {
    var addresses: [ListenerRole: String] = [:]
    var isDraining = false
  }

  init(settings: Settings, parts: ServerParts, limits: WireLimits) {
    self.settings = settings
    self.parts = parts
    self.limits = limits
    held = HeldBytes(limit: limits.heldBytesMax)
    desk = QuestionDesk(telemetry: telemetry)
    startedUnixMicroseconds = parts.clock.unixNanoseconds() / 1000
  }

  var store: any CairnStore { parts.store }

  var nowUnixMicroseconds: Int64 { parts.clock.unixNanoseconds() / 1000 }

  /// The addresses that were bound; from now on the server is ready.
  func listening(_ addresses: [ListenerRole: String]) { life.withLock { $0.addresses = addresses } }

  var addresses: [ListenerRole: String] { life.withLock { $0.addresses } }

  /// True from the first moment of a stop: streams end by themselves then.
  var isDraining: Bool { life.withLock { $0.isDraining } }

  func drain() { life.withLock { $0.isDraining = true } }

  /// Reads the keys again if another process changed them.
  func refreshKeys() {
    do {
      try parts.catalog.refresh()
    } catch {
      logger.warning("keys could not be read again: \(error)")
    }
  }
}
