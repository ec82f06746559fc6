// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// A naming rule made ready for all pieces of a question.
struct GraphNamingRule: Sendable {
  let filters: [PieceFilter]
  let names: KeyDomain
  let types: KeyDomain?
  let rule: ServiceGraphRules.Naming

  init(_ rule: ServiceGraphRules.Naming, _ pieces: [OpenPiece], _ cache: DictionaryCache) {
    filters = pieces.map { PieceFilter(rule.filter, $0) }
    names = rule.names == [FieldName.dataset] ? KeyDomain(FieldName.dataset, pieces, cache) : Self.domain(rule.names, pieces, cache)
    types = rule.types.isEmpty ? nil : Self.domain(rule.types, pieces, cache)
    self.rule = rule
  }

  /// Only columns of text: numbers name nothing.
  private static func domain(_ names: [String], _ pieces: [OpenPiece], _ cache: DictionaryCache) -> KeyDomain {
    let columns = pieces.map { (piece) in
      names.flatMap { piece.columns(named: $0) }.filter { (column) in
        guard case .dictionary(let dictionary) = column.domain else { return false }
        switch dictionary.entries {
        case .text, .templated: return column.presentCount > 0
        case .integers, .floats, .traceIDs: return false
        }
      }
    }
    return KeyDomain(columns: columns, isSealed: pieces.map(\.piece.isSealed), cache)
  }
}

/// Gives the rows of slices the number of an identity, numbering identities as they come; 0 where no rule gives a name.
struct GraphNamer: Sendable {
  private struct Reader: Sendable {
    var names: KeyReader
    var types: KeyReader?
  }
  private let rules: [GraphNamingRule]
  private var readers: [Reader]
  private var known: [UInt64: UInt32] = [:]
  private var byIdentity: [ServiceGraphAnswer.Identity: UInt32] = [:]
  /// Identity n has the number n + 1.
  private(set) var identities: [ServiceGraphAnswer.Identity] = []
  private var chosen = Selection()
  private var bits = Bits()
  private var nameCodes = [UInt32](repeating: 0, count: blockRowCount)
  private var typeCodes = [UInt32](repeating: 0, count: blockRowCount)
  private static let identityCountMax = 1 << 16

  init(_ rules: [GraphNamingRule]) {
    self.rules = rules
    readers = rules.map { Reader(names: KeyReader($0.names), types: $0.types.map { KeyReader($0) }) }
  }

  /// Writes the number of each row of `wanted` into `numbers`, by row inside the block; the others are left as they are.
  mutating func name(_ slice: Slice, _ wanted: Bits, into numbers: inout [UInt32]) throws(QueryError) {
    var left = wanted
    for index in rules.indices where !left.isEmpty {
      let filter = rules[index].filters[slice.piece]
      switch filter.verdict(slice) {
      case .none: continue
      case .all: bits = left
      case .some:
        filter.evaluate(slice, &bits)
        bits.formIntersection(left)
      }
      if bits.isEmpty { continue }
      chosen.select(bits, slice.rows)
      readers[index].names.read(slice, chosen, into: &nameCodes)
      if rules[index].types == nil {
        for position in 0..<chosen.count { typeCodes[position] = 0 }
      } else {
        readers[index].types?.read(slice, chosen, into: &typeCodes)
      }
      try assign(index, into: &numbers, &left)
    }
  }

  private mutating func assign(_ index: Int, into numbers: inout [UInt32], _ left: inout Bits) throws(QueryError) {
    var last: (key: UInt64, number: UInt32) = (.max, 0)
    for position in 0..<chosen.count where nameCodes[position] != 0 {
      let key = UInt64(index) << 56 | UInt64(typeCodes[position]) << 32 | UInt64(nameCodes[position])
      if key != last.key { last = (key, try number(key, index, nameCodes[position], typeCodes[position])) }
      guard last.number != 0 else { continue }
      let row = chosen.row(position)
      numbers[row] = last.number
      left.words[row >> 6] &= ~(1 << UInt64(row & 63))
    }
  }

  private mutating func number(_ key: UInt64, _ index: Int, _ name: UInt32, _ type: UInt32) throws(QueryError) -> UInt32 {
    if let number = known[key] { return number }
    let rule = rules[index]
    let texts = (rule.names.value(.code(name))?.text ?? "", rule.types?.value(.code(type))?.text)
    guard let identity = rule.rule.identity(name: texts.0, type: texts.1) else {
      known[key] = 0
      return 0
    }
    let number = byIdentity[identity] ?? UInt32(identities.count + 1)
    if Int(number) > identities.count {
      guard identities.count < Self.identityCountMax else {
        throw .overBudget("more than \(Self.identityCountMax) services and called names; narrow the time or the filter")
      }
      identities.append(identity)
      byIdentity[identity] = number
    }
    known[key] = number
    return number
  }
}
