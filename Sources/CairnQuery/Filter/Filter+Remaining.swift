// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

// Which parts of a filter a piece's dictionaries leave: whoever looks for an id finds it in one piece and one column, and need not read the
// rows of all others. Only parts that ask for equality are looked at; they cost a pass over the distinct values.

extension Filter {
  /// The same for the events of one piece, without the parts that none of its events can meet; nil where none can pass at all.
  func remaining(in piece: any Piece) -> Filter? {
    switch self {
    case .all(let parts):
      var kept: [Filter] = []
      for part in parts {
        guard let left = part.remaining(in: piece) else { return nil }
        kept.append(left)
      }
      return .all(kept)
    case .any(let parts):
      let kept = parts.compactMap { $0.remaining(in: piece) }
      return kept.isEmpty ? nil : kept.count == 1 ? kept[0] : .any(kept)
    case .compare(let column, .equal, let value):
      return Self.mayHave(.compare(.equal, value), [value], column, piece) ? self : nil
    case .oneOf(let column, let values):
      return Self.mayHave(.oneOf(values), values, column, piece) ? self : nil
    case .not, .compare, .text, .matches, .exists: return self
    }
  }

  /// Asks for equality somewhere outside a negation, so that dictionaries may tell.
  var asksForValues: Bool {
    switch self {
    case .all(let parts), .any(let parts): parts.contains(where: \.asksForValues)
    case .compare(_, .equal, .string), .oneOf: true
    case .not, .compare, .text, .matches, .exists: false
    }
  }

  /// False where the values of the column tell that none is among the wanted ones.
  private static func mayHave(_ test: FieldTest, _ wanted: [FieldValue], _ name: String, _ piece: any Piece) -> Bool {
    // What is worked out of other columns has no values of its own.
    guard storedNames(name) == [ExactText(name)], wanted.allSatisfy({ $0.type == .string }) else { return true }
    let isWord = wanted.allSatisfy { Number($0) == nil && $0.text != "true" && $0.text != "false" }
    for key in OpenPiece.keys(named: ExactText(name), in: piece.columns) {
      switch key.kind {
      case .integer, .float, .boolean, .duration: if isWord { continue } else { return true }
      case .traceID, .spanID: return true
      case .string:
        guard let dictionary = piece.dictionary(key), case .text = dictionary.entries else { return true }
        if EntryTable.make(test, dictionary).contains(1) { return true }
      }
    }
    return false
  }
}
