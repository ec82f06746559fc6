// SPDX-License-Identifier: Apache-2.0
internal import Synchronization
internal import Tracing

/// Tells what goes wrong inside the kit on standard error: each kind of trouble once a minute, with the number of times it came.
final class WarningLog: Sendable {
  private static let interval: UInt64 = 60_000_000_000
  private let told = Mutex<[String: (unixNanoseconds: UInt64, count: Int)]>([:])

  var warn: @Sendable (String) -> Void { { self.tell($0) } }

  /// What stands before the first colon is the kind.
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
