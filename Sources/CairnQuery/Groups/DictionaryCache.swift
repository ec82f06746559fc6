// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import Synchronization

/// Remembers how dictionaries fit together: sealed segments keep theirs, so the next question over the same segments need not hash every
/// entry again, and what a head has is fitted to them alone.
///
/// Keeps what it made of dictionaries within `byteCountMax`, the least recently used go first, and only as long as these are there: each
/// merge and each state of a head brings others. Those of a head are of use until the head has grown: they have a smaller bound of their
/// own, so that a server whose questions meet heads alone does not keep every state that they were in.
final class DictionaryCache: Sendable {
  static let byteCountMax = 384 << 20
  static let passingByteCountMax = 48 << 20
  /// Smaller work is not worth a place.
  static let codeCountMin = 1 << 12

  private struct Entry: Sendable {
    var fit: DictionaryFit
    /// Some of its dictionaries are a head's: the next question will bring others.
    var isPassing: Bool
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
      entries.lazy.filter { !$0.isPassing && $0.fit.isIDs == isIDs }.map(\.fit).filter { $0.begins(dictionaries) }
        .max { $0.dictionaryCount < $1.dictionaryCount }
    }
    guard let known, known.depth < DictionaryFit.depthMax else { return DictionaryFit(dictionaries) }
    let added = Array(dictionaries[known.dictionaryCount...])
    let codeCount = added.reduce(0) { $0 + $1.count }
    return codeCount <= known.textCount ? DictionaryFit(added, on: known) : DictionaryFit(dictionaries)
  }

  private func find(_ dictionaries: [ValueDictionary]) -> DictionaryFit? {
    entries.withLock { (entries) in
      let found = entries.firstIndex { $0.fit.dictionaryCount == dictionaries.count && $0.fit.begins(dictionaries) }
      guard let found else { return nil }
      let entry = entries.remove(at: found)
      entries.append(entry)
      return entry.fit
    }
  }

  /// What is held, in bytes.
  var byteCount: Int { entries.withLock { $0.reduce(0) { $0 + $1.fit.byteCount } } }

  private func keep(_ fit: DictionaryFit, isPassing: Bool) -> DictionaryFit {
    let bound = isPassing ? Self.passingByteCountMax : Self.byteCountMax
    guard fit.base != nil || fit.addedEntryCount >= Self.codeCountMin, fit.byteCount <= bound else { return fit }
    entries.withLock { (entries) in
      entries.removeAll { !$0.fit.isOfUse }
      // A head's next snapshot takes the place of the one before.
      if isPassing { entries.removeAll { $0.isPassing && Self.isBefore($0.fit, fit) } }
      entries.append(Entry(fit: fit, isPassing: isPassing))
      Self.trim(&entries, to: Self.passingByteCountMax) { $0.isPassing }
      Self.trim(&entries, to: Self.byteCountMax) { _ in true }
    }
    return fit
  }

  /// Whether a head's fit is an earlier state of another: it rests on the same segments, or begins with the same part of the head.
  private static func isBefore(_ known: DictionaryFit, _ fit: DictionaryFit) -> Bool {
    if let base = fit.base { return known.base === base }
    return known.base == nil && known.beginsLike(fit)
  }

  /// Drops the oldest of a kind until the rest is within a bound.
  private static func trim(_ entries: inout [Entry], to byteCountMax: Int, _ isMeant: (Entry) -> Bool) {
    var byteCount = entries.reduce(0) { $0 + (isMeant($1) ? $1.fit.byteCount : 0) }
    while byteCount > byteCountMax, let oldest = entries.firstIndex(where: isMeant) { byteCount -= entries.remove(at: oldest).fit.byteCount }
  }
}
