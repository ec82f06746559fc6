// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// How many items one queue or exporter has lost: dropped because the queue was full, refused, or given up.
final class Loss: Sendable {
  let name: String
  private let total = Atomic<Int>(0)

  init(name: String) { self.name = name }

  var count: Int { total.load(ordering: .relaxed) }

  /// Costs one atomic addition.
  @discardableResult
  func add(_ count: Int) -> Int { total.wrappingAdd(count, ordering: .relaxed).newValue }
}

/// All that did not arrive, by name.
final class LossCounter: Sendable {
  private let losses = Mutex<[Loss]>([])

  /// The one of that name. Names are the kit's own queues: few, and no input of anybody.
  func loss(_ name: String) -> Loss {
    losses.withLock { losses in
      if let known = losses.first(where: { $0.name == name }) { return known }
      let made = Loss(name: name)
      losses.append(made)
      return made
    }
  }

  /// Those that have lost something.
  var counts: [String: Int] {
    losses.withLock { losses in Dictionary(losses.map { ($0.name, $0.count) }.filter { $0.1 > 0 }) { $1 } }
  }
}
