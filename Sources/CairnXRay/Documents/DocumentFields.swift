// SPDX-License-Identifier: Apache-2.0
public import CairnColumns

/// Fields of a document in the order in which they came, which is that of their names. Of a name that comes again (with a value of
/// another type) the last is kept, where the two follow each other.
///
/// A list, since a document has few of them and is made more often than it is asked: a look takes O(fields).
public struct DocumentFields: Sendable, Hashable, RandomAccessCollection, ExpressibleByDictionaryLiteral {
  /// One field.
  public struct Entry: Sendable, Hashable {
    public var key: String
    public var value: FieldValue
  }
  private var entries: [Entry] = []

  public init() {}

  public init(dictionaryLiteral elements: (String, FieldValue)...) {
    for (key, value) in elements { set(key, value) }
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { entries.count }
  public subscript(position: Int) -> Entry { entries[position] }

  /// Makes room for so many fields.
  mutating func reserve(_ count: Int) { entries.reserveCapacity(count) }

  /// Adds the fields of another whose names are not there.
  mutating func add(_ others: DocumentFields) {
    guard !others.isEmpty else { return }
    let known = Set(entries.map(\.key))
    entries += others.entries.filter { !known.contains($0.key) }
    entries.sort { $0.key < $1.key }
  }

  /// The value of a field, or nil.
  public subscript(key: String) -> FieldValue? { entries.first { $0.key == key }?.value }

  /// Adds a field, or replaces the one that came just before.
  public mutating func set(_ key: String, _ value: FieldValue) {
    if let last = entries.last, last.key == key {
      entries[entries.count - 1].value = value
    } else {
      entries.append(Entry(key: key, value: value))
    }
  }
}
