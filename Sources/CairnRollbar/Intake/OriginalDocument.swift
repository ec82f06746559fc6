// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats

/// Makes a document that is too long to be kept whole shorter: the same tree with long texts and long lists cut in their middle.
enum OriginalDocument {
  /// A document up to this size is kept as it came.
  static let byteCountMax = 1 << 20
  private static let textLengths = [16_384, 1_024, 128]
  private static let listCounts = [500, 100, 20]

  /// The document under the bound; where even the hardest cut does not get there, an object that says so.
  static func shortened(_ bytes: RawSpan, _ range: Range<Int>) -> [UInt8] {
    var reader = JSONReader(depthMax: JSONReader.depthMaxLimit, at: range.lowerBound)
    let document = bytes.extracting(0..<range.upperBound)
    if let tree = try? JSONValue.read(try reader.next(document), &reader, document) {
      for (textLength, listCount) in zip(textLengths, listCounts) {
        let short = cut(tree, textLength, listCount).bytes
        if short.count <= byteCountMax { return short }
      }
    }
    return Array(#"{"cairn_note":"the document was too long to be kept"}"#.utf8)
  }

  private static func cut(_ value: JSONValue, _ textLength: Int, _ listCount: Int) -> JSONValue {
    switch value {
    case .string(let text):
      guard text.utf8.count > textLength else { return value }
      return .string(text.prefix(textLength / 2) + "…" + text.suffix(textLength / 2))
    case .array(let values):
      let kept = values.count <= listCount ? values : Array(values.prefix(listCount / 2) + values.suffix(listCount / 2))
      return .array(kept.map { cut($0, textLength, listCount) })
    case .object(let members):
      return .object(members.prefix(listCount * 2).map { JSONMember($0.name, cut($0.value, textLength, listCount)) })
    default: return value
    }
  }
}
