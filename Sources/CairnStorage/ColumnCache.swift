// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import Synchronization

/// Columns of segments in scan form, kept up to a budget of bytes; what was not used for longest goes first.
///
/// Shared by all segments. A column larger than the budget is handed out and not kept.
final class ColumnCache: Sendable {
  struct Key: Hashable {
    var segment: UInt64
    var column: ColumnKey
  }

  private struct Entry {
    var column: ScanColumn
    var lastUse: UInt64
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var byteCount = 0
    var clock: UInt64 = 0
  }

  private let byteCountMax: Int
  private let state = Mutex(State())

  init(byteCountMax: Int) { self.byteCountMax = byteCountMax }

  /// The bytes held now.
  var byteCount: Int { state.withLock { $0.byteCount } }

  func column(_ key: Key) -> ScanColumn? {
    state.withLock { (state) in
      state.clock += 1
      state.entries[key]?.lastUse = state.clock
      return state.entries[key]?.column
    }
  }

  func insert(_ column: ScanColumn, _ key: Key) {
    guard column.byteCount <= byteCountMax else { return }
    state.withLock { (state) in
      state.clock += 1
      if let old = state.entries.updateValue(Entry(column: column, lastUse: state.clock), forKey: key) {
        state.byteCount -= old.column.byteCount
      }
      state.byteCount += column.byteCount
      if state.byteCount > byteCountMax { Self.evict(&state, to: byteCountMax / 8 * 7) }
    }
  }

  /// Forgets the columns of a segment that is gone.
  func remove(segment: UInt64) {
    state.withLock { (state) in
      for (key, entry) in state.entries where key.segment == segment {
        state.byteCount -= entry.column.byteCount
        state.entries[key] = nil
      }
    }
  }

  private static func evict(_ state: inout State, to target: Int) {
    for (key, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
      guard state.byteCount > target else { return }
      state.byteCount -= entry.column.byteCount
      state.entries[key] = nil
    }
  }
}
