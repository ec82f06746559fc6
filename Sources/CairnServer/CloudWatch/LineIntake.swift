// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import Synchronization

/// What a group's lines go through on their way in, made ready once for many batches.
struct LineIntake: Sendable {
  /// Changes what must not be kept; before the journal.
  func mask(_ batch: inout LogBatch) {}

  /// Hands lines that are acknowledged to what hangs on them.
  func observe(_ batch: LogBatch, _ desk: LogsDesk, _ call: LogsCall) {}
}

extension LogsDesk {
  /// The group's intake; made where a change has dropped it.
  func intake(_ environment: String, _ group: String) -> LineIntake {
    if let known = registry.group(environment, group)?.intake { return known }
    let made = LineIntake()
    registry.state.withLock { $0.tenants[environment]?.groups[group]?.intake = made }
    return made
  }
}
