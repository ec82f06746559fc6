// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import Synchronization

extension EventArchive {
  /// The bytes on disk of every column over all segments, by name: what `cairn fsck` and the benchmarks report.
  public func columnSizes() -> [(name: String, byteCount: Int)] {
    var sizes: [String: Int] = [:]
    for segment in state.withLock({ $0.segments }) {
      for entry in segment.footer.columns { sizes["\(entry.key.name) (\(entry.key.kind))", default: 0] += entry.byteCount }
    }
    return sizes.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
  }
}
