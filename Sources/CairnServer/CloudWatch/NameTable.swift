// SPDX-License-Identifier: Apache-2.0

/// A name that equals those of the same bytes, as the store and the catalog compare them: to a `String`, the composed and the decomposed `é`
/// are one.
struct ByteName: Sendable, Hashable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

  func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }
}

/// A dictionary by `ByteName`. Cost: as a dictionary's.
struct NameTable<Value: Sendable>: Sendable, Sequence, ExpressibleByDictionaryLiteral {
  typealias Element = (key: String, value: Value)
  private var table: [ByteName: Value]

  init(dictionaryLiteral elements: (String, Value)...) { table = Dictionary(elements.map { (ByteName($0.0), $0.1) }) { $1 } }

  var count: Int { table.count }
  var isEmpty: Bool { table.isEmpty }
  var keys: [String] { table.keys.map(\.text) }
  var values: [Value] { Array(table.values) }

  subscript(name: String) -> Value? {
    get { table[ByteName(name)] }
    // In place: a setter would copy what hangs on the value.
    _modify { yield &table[ByteName(name)] }
  }

  func makeIterator() -> AnyIterator<Element> {
    var entries = table.makeIterator()
    return AnyIterator { entries.next().map { ($0.key.text, $0.value) } }
  }
}
