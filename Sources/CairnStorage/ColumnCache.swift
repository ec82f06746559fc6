// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import Synchronization

/// Columns of segments in scan form, and values of columns whose rows were not asked for, kept up to a budget of bytes; what was not used for
/// longest goes first.
///
/// Shared by all segments. A column larger than the budget is handed out and not kept.
final class ColumnCache: Sendable {
  struct Key: Hashable {
    var segment: UInt64
    var column: ColumnKey
  }

  private enum Held {
    case column(ScanColumn)
    case values(ValueDictionary)

    var byteCount: Int {
      switch self {
      case .column(let column): column.byteCount
      case .values(let dictionary): dictionary.byteCount
      }
    }
  }

  private struct Entry {
    var held: Held
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
    if case .column(let column)? = used(key) { column } else { nil }
  }

  /// The values of a column, whose rows may be there or not; nil too where it has none.
  func dictionary(_ key: Key) -> ValueDictionary? {
    switch used(key) {
    case .column(let column): if case .dictionary(let dictionary) = column.domain { dictionary } else { nil }
    case .values(let dictionary): dictionary
    case nil: nil
    }
  }

  private func used(_ key: Key) -> Held? {
    state.withLock { (state) in
      state.clock += 1
      state.entries[key]?.lastUse = state.clock
      return state.entries[key]?.held
    }
  }

  /// Takes the place of the column's values alone.
  func insert(_ column: ScanColumn, _ key: Key) { insert(.column(column), key) }

  func insert(_ dictionary: ValueDictionary, _ key: Key) {
    // Another reader may have read the whole column meanwhile.
    if column(key) == nil { insert(.values(dictionary), key) }
  }

  private func insert(_ held: Held, _ key: Key) {
    guard held.byteCount <= byteCountMax else { return }
    state.withLock { (state) in
      state.clock += 1
      if let old = state.entries.updateValue(Entry(held: held, lastUse: state.clock), forKey: key) { state.byteCount -= old.held.byteCount }
      state.byteCount += held.byteCount
      if state.byteCount > byteCountMax { Self.evict(&state, to: byteCountMax / 8 * 7) }
    }
  }

  /// Forgets the columns of a segment that is gone.
  func remove(segment: UInt64) {
    state.withLock { (state) in
      for (key, entry) in state.entries where key.segment == segment {
        state.byteCount -= entry.held.byteCount
        state.entries[key] = nil
      }
    }
  }

  private static func evict(_ state: inout State, to target: Int) {
    for (key, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
      guard state.byteCount > target else { return }
      state.byteCount -= entry.held.byteCount
      state.entries[key] = nil
    }
  }
}
