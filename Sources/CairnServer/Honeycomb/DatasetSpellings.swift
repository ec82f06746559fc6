// SPDX-License-Identifier: Apache-2.0
import CairnPlan
import Synchronization

/// Under which name the events of a dataset are kept: names that differ in case alone are one dataset to Honeycomb, written as it came
/// first. Any thread may call.
final class DatasetSpellings: Sendable {
  private struct Known {
    /// By environment and name as it was sent.
    var names: [[String]: String] = [:]
    /// By environment and name in lower case: what has been promised to events that may not be in the store yet.
    var firsts: [[String]: String] = [:]
  }

  /// Beyond so many spellings they are looked up anew.
  private static let countMax = 10_000
  private let known = Mutex(Known())

  func reset() { known.withLock { $0 = Known() } }

  /// The spelling to keep events by. The store is asked once for each; where it cannot answer, the name stays as it is.
  func spelling(of name: String, _ environment: String, in store: any EventStore) async -> String {
    let place = [environment, name]
    if let one = known.withLock({ $0.names[place] }) { return one }
    guard let datasets = try? await store.datasets(environment: environment) else { return name }
    let plain = name.lowercased()
    let alike = datasets.map(\.name).filter { $0.lowercased() == plain }
    return known.withLock { (known) in
      if known.names.count >= Self.countMax { known = Known() }
      let first = alike.contains(name) ? name : alike.first ?? known.firsts[[environment, plain]] ?? name
      known.names[place] = first
      if known.firsts[[environment, plain]] == nil { known.firsts[[environment, plain]] = first }
      return first
    }
  }
}
