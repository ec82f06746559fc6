// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import Synchronization

/// Remembers how dictionaries fit together: sealed segments keep theirs, so the next question over the same segments need not hash every
/// entry again, and what a head has is fitted to them alone.
///
/// Holds on to the dictionaries it knows, at most `codeCountMax` codes of them; the least recently used go first.
final class DictionaryCache: Sendable {
  static let codeCountMax = 1 << 23
  /// Smaller work is not worth a place.
  static let codeCountMin = 1 << 12

  private struct Entry: Sendable {
    var fit: DictionaryFit
    /// Some of its dictionaries are a head's: the next question will bring others.
    var isPassing: Bool
    var codeCount: Int
  }
  /// The most recently used last.
  private let entries = Mutex<[Entry]>([])

  /// The fit of these dictionaries, of which the first `sealedCount` are those of sealed pieces; made if it is not known.
  func fit(_ dictionaries: [ValueDictionary], sealedCount: Int) -> DictionaryFit {
    if let known = find(dictionaries) { return known }
    guard sealedCount < dictionaries.count, sealedCount > 0 else { return keep(sealed(dictionaries), isPassing: sealedCount == 0) }
    let list = Array(dictionaries[..<sealedCount])
    let base = find(list) ?? keep(sealed(list), isPassing: false)
    guard base.isIDs == DictionaryFit.areIDs(dictionaries) else { return keep(DictionaryFit(dictionaries), isPassing: true) }
    return keep(DictionaryFit(Array(dictionaries[sealedCount...]), on: base), isPassing: true)
  }

  /// The fit of dictionaries none of which will change: what the nearest known one lacks is added to it, while that is little.
  private func sealed(_ dictionaries: [ValueDictionary]) -> DictionaryFit {
    let isIDs = DictionaryFit.areIDs(dictionaries)
    let known = entries.withLock { (entries) in
      entries.lazy.filter { !$0.isPassing && $0.fit.isIDs == isIDs }.map(\.fit).filter { Self.starts(dictionaries, $0.dictionaries) }
        .max { $0.dictionaries.count < $1.dictionaries.count }
    }
    guard let known, known.depth < DictionaryFit.depthMax else { return DictionaryFit(dictionaries) }
    let added = Array(dictionaries[known.dictionaries.count...])
    let codeCount = added.reduce(0) { $0 + $1.count }
    return codeCount <= known.textCount ? DictionaryFit(added, on: known) : DictionaryFit(dictionaries)
  }

  private func find(_ dictionaries: [ValueDictionary]) -> DictionaryFit? {
    entries.withLock { (entries) in
      let found = entries.firstIndex {
        $0.fit.dictionaries.count == dictionaries.count && Self.starts(dictionaries, $0.fit.dictionaries)
      }
      guard let found else { return nil }
      let entry = entries.remove(at: found)
      entries.append(entry)
      return entry.fit
    }
  }

  private static func starts(_ dictionaries: [ValueDictionary], _ first: [ValueDictionary]) -> Bool {
    first.count <= dictionaries.count && zip(first, dictionaries).allSatisfy { $0 === $1 }
  }

  private func keep(_ fit: DictionaryFit, isPassing: Bool) -> DictionaryFit {
    let codeCount = fit.dictionaries.reduce(0) { $0 + $1.count } - (fit.base?.dictionaries.reduce(0) { $0 + $1.count } ?? 0)
    guard (fit.base != nil || codeCount >= Self.codeCountMin), codeCount <= Self.codeCountMax else { return fit }
    entries.withLock { (entries) in
      // A head's next snapshot takes the place of the one before.
      if isPassing, let base = fit.base { entries.removeAll { $0.isPassing && $0.fit.base === base } }
      entries.append(Entry(fit: fit, isPassing: isPassing, codeCount: codeCount))
      while entries.reduce(0, { $0 + $1.codeCount }) > Self.codeCountMax { entries.removeFirst() }
    }
    return fit
  }
}
