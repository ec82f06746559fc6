// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// How the entries of some dictionaries fit into one space of codes: equal texts have equal codes, whichever dictionary they are in.
///
/// A fit may rest on another and add a few dictionaries to it: what a head brings is then fitted to the sealed segments without hashing
/// these again. Codes of the base stay as they are, new texts get codes after them.
///
/// ```
/// base      1 ... n          its dictionaries
/// this      n + 1 ... m      the texts that only the added dictionaries have
/// ```
/// It does not keep the dictionaries: once a merge, a head that has grown or the cache of columns has let go of one, no question can bring
/// it again, and the fit is of no use.
final class DictionaryFit: @unchecked Sendable {
  // Proof for `@unchecked Sendable`: everything is written before `init` returns and never again.
  let base: DictionaryFit?
  /// Those of the base, then the added ones.
  private let dictionaries: [Known]
  /// The distinct texts in the order of codes, those of the base first.
  let texts: [ValueDictionary]
  let textCount: Int
  /// Whether all are dictionaries of trace ids, which are fitted as ids.
  let isIDs: Bool
  /// How many fits lie below each other.
  let depth: Int
  private let maps: [ObjectIdentifier: [UInt32]]
  private let words: ByteInterner
  private let ids: [TraceID: UInt32]

  /// The entries of the added dictionaries.
  let addedEntryCount: Int
  /// What this adds to memory: its own tables, without those of the base.
  let byteCount: Int

  /// A dictionary that somebody else keeps.
  private struct Known {
    weak var dictionary: ValueDictionary?
  }

  /// A search goes through all of these.
  static let depthMax = 6

  /// Cost: one hash an entry of the added dictionaries, and one search a fit below.
  init(_ added: [ValueDictionary], on base: DictionaryFit? = nil) {
    self.base = base
    dictionaries = (base?.dictionaries ?? []) + added.map { Known(dictionary: $0) }
    addedEntryCount = added.reduce(0) { $0 + $1.count }
    isIDs = base?.isIDs ?? Self.areIDs(added)
    depth = (base?.depth ?? 0) + 1
    var builder = Builder(base, entryCount: addedEntryCount)
    var maps: [ObjectIdentifier: [UInt32]] = [:]
    for dictionary in added { maps[ObjectIdentifier(dictionary)] = isIDs ? builder.fitIDs(dictionary) : builder.fitTexts(dictionary) }
    self.maps = maps
    let own = isIDs ? builder.idDictionary : builder.textDictionary
    texts = (base?.texts ?? []) + [own]
    textCount = (base?.textCount ?? 0) + own.count
    ids = builder.ids
    words = builder.takeWords()
    byteCount = own.byteCount + words.byteCount + ids.capacity * Self.idByteCount + (addedEntryCount + added.count) * 4
  }

  var dictionaryCount: Int { dictionaries.count }

  /// Whether all of its dictionaries are still there.
  var isOfUse: Bool { dictionaries.allSatisfy { $0.dictionary != nil } }

  /// Whether these dictionaries begin with those of the fit.
  func begins(_ others: [ValueDictionary]) -> Bool {
    dictionaries.count <= others.count && zip(dictionaries, others).allSatisfy { $0.dictionary === $1 }
  }

  /// Whether the first dictionaries of both are the same.
  func beginsLike(_ other: DictionaryFit) -> Bool { dictionaries.first?.dictionary === other.dictionaries.first?.dictionary }

  /// A place in the table of ids.
  private static let idByteCount = MemoryLayout<TraceID>.size + MemoryLayout<UInt32>.size

  static func areIDs(_ dictionaries: [ValueDictionary]) -> Bool {
    dictionaries.allSatisfy { if case .traceIDs = $0.entries { true } else { false } }
  }

  /// The codes of a dictionary's stored values, 0 first.
  func map(_ dictionary: ValueDictionary) -> [UInt32]? { maps[ObjectIdentifier(dictionary)] ?? base?.map(dictionary) }

  /// The code of a text, from 1 on, or nil.
  fileprivate func code(_ bytes: RawSpan, _ offset: Int, _ count: Int) -> UInt32? {
    if let base, let code = base.code(bytes, offset, count) { return code }
    return words.find(bytes, offset, count).map { $0 + 1 + UInt32(base?.textCount ?? 0) }
  }

  fileprivate func code(_ id: TraceID) -> UInt32? { base?.code(id) ?? ids[id] }

  /// What is added while dictionaries are fitted.
  private struct Builder: ~Copyable {
    let base: DictionaryFit?
    let first: UInt32
    var words: ByteInterner
    var ids: [TraceID: UInt32] = [:]
    var newIDs: [TraceID] = []

    init(_ base: DictionaryFit?, entryCount: Int) {
      self.base = base
      first = UInt32(base?.textCount ?? 0) + 1
      var slotCount = 64
      while slotCount < entryCount * 2 { slotCount *= 2 }
      words = ByteInterner(slotCount: base == nil ? slotCount : min(slotCount, 4096))
    }

    consuming func takeWords() -> ByteInterner { words }

    mutating func fitTexts(_ dictionary: ValueDictionary) -> [UInt32] {
      var map: [UInt32] = [0]
      map.reserveCapacity(dictionary.count + 1)
      switch dictionary.plainEntries {
      case .text(let bytes, let ends):
        let source = unsafe bytes.span.bytes
        var start = 0
        for end in ends {
          map.append(code(source, start, Int(end) - start))
          start = Int(end)
        }
      case .traceIDs(let ids, _):
        for id in ids {
          let hex = Array(id.hex.utf8)
          map.append(code(unsafe hex.span.bytes, 0, hex.count))
        }
      case .integers, .floats, .templated: break
      }
      return map
    }

    private mutating func code(_ bytes: RawSpan, _ offset: Int, _ count: Int) -> UInt32 {
      if let base, let code = base.code(bytes, offset, count) { return code }
      return words.intern(bytes, offset, count) + first
    }

    mutating func fitIDs(_ dictionary: ValueDictionary) -> [UInt32] {
      guard case .traceIDs(let entries, _) = dictionary.entries else { return [0] }
      var map: [UInt32] = [0]
      map.reserveCapacity(entries.count + 1)
      ids.reserveCapacity(ids.count + (base == nil ? entries.count : 0))
      for id in entries {
        if let code = base?.code(id) ?? ids[id] {
          map.append(code)
          continue
        }
        let code = first + UInt32(newIDs.count)
        newIDs.append(id)
        ids[id] = code
        map.append(code)
      }
      return map
    }

    /// Only shown, never looked up: the order of ids is not needed.
    var idDictionary: ValueDictionary { ValueDictionary(.traceIDs(newIDs, sorted: newIDs.indices.map { UInt32($0) })) }

    var textDictionary: ValueDictionary {
      var ends: [UInt32] = []
      ends.reserveCapacity(words.count)
      for code in 0..<words.count { ends.append(UInt32(words.bounds(code).upperBound)) }
      let bytes = words.withArena { (arena) in
        unsafe arena.withUnsafeBytes { (bytes) in unsafe [UInt8](bytes) }
      }
      return ValueDictionary(.text(bytes: bytes, ends: ends))
    }
  }
}
