// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// How long the log records of one dataset of one environment are kept: set while the server runs, beats the settings. What else the dataset
/// holds goes by the settings alone.
public struct DatasetRetention: Sendable, Hashable {
  struct Key: Sendable, Hashable {
    var environment: String
    var dataset: String
  }
  var key: Key
  var days: Int

  public init(environment: String, dataset: String, days: Int) {
    key = Key(environment: environment, dataset: dataset)
    self.days = days
  }
}

extension EventArchive {
  /// Takes effect with the next look at retention, about once a second; replaces what was said before.
  public func retain(_ datasets: [DatasetRetention]) {
    let table = Dictionary(datasets.map { ($0.key, $0.days) }) { _, last in last }
    retentions.withLock { $0 = table }
  }
}
