// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The warnings that the kit would have written.
final class Told: Sendable {
  private let kept = Mutex<[String]>([])

  var texts: [String] { kept.withLock { $0 } }
  var warn: @Sendable (String) -> Void { { text in self.kept.withLock { $0.append(text) } } }
}
