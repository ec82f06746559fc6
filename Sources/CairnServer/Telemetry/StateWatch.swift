// SPDX-License-Identifier: Apache-2.0
import Logging
import Synchronization

/// Writes to the log when ingest stops, slows down or goes on again, and each place that is found damaged, once.
final class StateWatch: Sendable {
  private struct Seen {
    var reason: String?
    var state = "accepting"
    var damaged: Set<StoreStatus.Quarantined> = []
  }
  private let seen = Mutex(Seen())
  private let logger: Logger
  /// The places that are told one by one; then only their number is.
  private static let damagedMax = 100

  init(logger: Logger) { self.logger = logger }

  /// Compares with what was seen before. To be called about once a second.
  func look(at status: StoreStatus) {
    let (lines, warnings) = seen.withLock { (seen) in news(status, &seen) }
    for line in lines { logger.notice("\(line)") }
    for warning in warnings { logger.error("\(warning)") }
  }

  private func news(_ status: StoreStatus, _ seen: inout Seen) -> (lines: [String], warnings: [String]) {
    var lines: [String] = []
    var warnings: [String] = []
    // Numbers within a reason change all the time, such as those of free space.
    let reason = status.ingestReason.map { $0.filter { !$0.isNumber } }
    if status.ingestState != seen.state || reason != seen.reason {
      if let words = status.ingestReason {
        warnings.append("ingest is \(status.ingestState): \(words)")
      } else {
        lines.append("ingest goes on")
      }
      (seen.state, seen.reason) = (status.ingestState, reason)
    }
    for place in status.quarantined where seen.damaged.count < Self.damagedMax && seen.damaged.insert(place).inserted {
      warnings.append("damaged: \(place.file) at byte \(place.offset), \(place.rowCount) rows: \(place.reason)")
    }
    return (lines, warnings)
  }
}
