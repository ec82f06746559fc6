// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// Gives the entries of several dictionaries of text and ids one space of codes: equal texts get equal codes.
///
/// With one dictionary its own codes stay as they are. Cost otherwise: one hash an entry.
struct DictionaryUnifier {
  /// The distinct texts in the order of codes.
  private(set) var texts: [ValueDictionary] = []
  private(set) var textCount = 0
  private var maps: [ObjectIdentifier: [UInt32]] = [:]

  init(_ columns: [[ScanColumn]], _ cache: DictionaryCache) {
    var dictionaries: [ValueDictionary] = []
    for column in columns.joined() {
      guard case .dictionary(let dictionary) = column.domain, Self.isText(dictionary) else { continue }
      if !dictionaries.contains(where: { $0 === dictionary }) { dictionaries.append(dictionary) }
    }
    if dictionaries.count <= 1 {
      texts = dictionaries
    } else if let known = cache.find(dictionaries) {
      (texts, maps) = known
    } else {
      unify(dictionaries)
      cache.keep(dictionaries, texts, maps)
    }
    textCount = texts.reduce(0) { $0 + $1.count }
  }

  /// How the stored values of a column with this dictionary become codes.
  func form(_ dictionary: ValueDictionary) -> KeyDomain.Column.Form {
    maps[ObjectIdentifier(dictionary)].map { .mapped($0) } ?? .identity
  }

  private static func isText(_ dictionary: ValueDictionary) -> Bool {
    switch dictionary.entries {
    case .text, .traceIDs: true
    case .integers, .floats: false
    }
  }

  private mutating func unify(_ dictionaries: [ValueDictionary]) {
    let isAllIDs = dictionaries.allSatisfy { if case .traceIDs = $0.entries { true } else { false } }
    if isAllIDs { unifyIDs(dictionaries) } else { unifyTexts(dictionaries) }
  }

  private mutating func unifyIDs(_ dictionaries: [ValueDictionary]) {
    var codes: [TraceID: UInt32] = [:]
    codes.reserveCapacity(dictionaries.reduce(0) { $0 + $1.count })
    var all: [TraceID] = []
    for dictionary in dictionaries {
      guard case .traceIDs(let ids, _) = dictionary.entries else { continue }
      var map: [UInt32] = [0]
      map.reserveCapacity(ids.count + 1)
      for id in ids {
        let code = codes[id] ?? UInt32(all.count + 1)
        if Int(code) > all.count {
          all.append(id)
          codes[id] = code
        }
        map.append(code)
      }
      maps[ObjectIdentifier(dictionary)] = map
    }
    // Only shown, never looked up: the order of ids is not needed.
    texts = [ValueDictionary(.traceIDs(all, sorted: all.indices.map { UInt32($0) }))]
  }

  private mutating func unifyTexts(_ dictionaries: [ValueDictionary]) {
    let entryCount = dictionaries.reduce(0) { $0 + $1.count }
    var slotCount = 1024
    while slotCount < entryCount * 2 { slotCount *= 2 }
    var interner = ByteInterner(slotCount: slotCount)
    for dictionary in dictionaries {
      var map: [UInt32] = [0]
      map.reserveCapacity(dictionary.count + 1)
      switch dictionary.entries {
      case .text(let bytes, let ends):
        let source = unsafe bytes.span.bytes
        var start = 0
        for end in ends {
          map.append(interner.intern(source, start, Int(end) - start) + 1)
          start = Int(end)
        }
      case .traceIDs(let ids, _): for id in ids { map.append(interner.intern(id.hex) + 1) }
      case .integers, .floats: break
      }
      maps[ObjectIdentifier(dictionary)] = map
    }
    texts = [Self.dictionary(interner)]
  }

  private static func dictionary(_ interner: borrowing ByteInterner) -> ValueDictionary {
    var ends: [UInt32] = []
    ends.reserveCapacity(interner.count)
    for code in 0..<interner.count { ends.append(UInt32(interner.bounds(code).upperBound)) }
    let bytes = interner.withArena { (arena) in
      unsafe arena.withUnsafeBytes { (bytes) in unsafe [UInt8](bytes) }
    }
    return ValueDictionary(.text(bytes: bytes, ends: ends))
  }
}

/// A span id as it is shown: the stored word has the id's bytes in the order of memory.
func spanIDText(_ bits: UInt64) -> String { hexText(bits.byteSwapped) }
