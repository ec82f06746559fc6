// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import Synchronization

/// Remembers how dictionaries were unified: sealed segments keep theirs, so the next question over the same segments need not hash every
/// entry again.
///
/// Holds on to the dictionaries it knows, at most `codeCountMax` codes of them; the least recently used go first.
final class DictionaryCache: Sendable {
  static let codeCountMax = 1 << 22
  /// Smaller work is not worth a place.
  static let codeCountMin = 1 << 12

  private struct Entry: Sendable {
    var dictionaries: [ValueDictionary]
    var texts: [ValueDictionary]
    var maps: [ObjectIdentifier: [UInt32]]
    var codeCount: Int
  }
  /// The most recently used last.
  private let entries = Mutex<[Entry]>([])

  /// What `keep` was given for the same dictionaries in the same order.
  func find(_ dictionaries: [ValueDictionary]) -> (texts: [ValueDictionary], maps: [ObjectIdentifier: [UInt32]])? {
    entries.withLock { (entries) in
      let found = entries.firstIndex { (entry) in
        entry.dictionaries.count == dictionaries.count && zip(entry.dictionaries, dictionaries).allSatisfy { $0 === $1 }
      }
      guard let found else { return nil }
      let entry = entries.remove(at: found)
      entries.append(entry)
      return (entry.texts, entry.maps)
    }
  }

  func keep(_ dictionaries: [ValueDictionary], _ texts: [ValueDictionary], _ maps: [ObjectIdentifier: [UInt32]]) {
    let codeCount = dictionaries.reduce(0) { $0 + $1.count }
    guard codeCount >= Self.codeCountMin, codeCount <= Self.codeCountMax else { return }
    entries.withLock { (entries) in
      entries.append(Entry(dictionaries: dictionaries, texts: texts, maps: maps, codeCount: codeCount))
      while entries.reduce(0, { $0 + $1.codeCount }) > Self.codeCountMax { entries.removeFirst() }
    }
  }
}
