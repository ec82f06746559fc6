// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// Gives the entries of the text and id dictionaries of a field one space of codes: equal texts get equal codes.
///
/// With one dictionary its own codes stay as they are.
struct DictionaryUnifier {
  /// The distinct texts in the order of codes.
  let texts: [ValueDictionary]
  let textCount: Int
  private let fit: DictionaryFit?

  /// `columns` by piece; `isSealed` tells of which pieces the dictionaries will still be there for the next question.
  init(_ columns: [[ScanColumn]], isSealed: [Bool], _ cache: DictionaryCache) {
    var dictionaries: [ValueDictionary] = []
    var sealedCount = 0
    for (piece, list) in columns.enumerated() {
      for column in list {
        guard case .dictionary(let dictionary) = column.domain, Self.isText(dictionary) else { continue }
        if dictionaries.contains(where: { $0 === dictionary }) { continue }
        if isSealed[piece], sealedCount == dictionaries.count { sealedCount += 1 }
        dictionaries.append(dictionary)
      }
    }
    fit = dictionaries.count <= 1 ? nil : cache.fit(dictionaries, sealedCount: sealedCount)
    texts = fit?.texts ?? dictionaries
    textCount = texts.reduce(0) { $0 + $1.count }
  }

  /// How the stored values of a column with this dictionary become codes.
  func form(_ dictionary: ValueDictionary) -> KeyDomain.Column.Form { fit?.map(dictionary).map { .mapped($0) } ?? .identity }

  private static func isText(_ dictionary: ValueDictionary) -> Bool {
    switch dictionary.entries {
    case .text, .templated, .traceIDs: true
    case .integers, .floats: false
    }
  }
}

/// A span id as it is shown: the stored word has the id's bytes in the order of memory.
func spanIDText(_ bits: UInt64) -> String { hexText(bits.byteSwapped) }
