// SPDX-License-Identifier: Apache-2.0

/// A member's name and value in one call.
extension JSONWriter {
  /// A text.
  public mutating func member(_ name: String, _ value: String) {
    key(name)
    string(value)
  }

  /// An integer.
  public mutating func member(_ name: String, _ value: Int64) {
    key(name)
    integer(value)
  }

  /// An integer.
  public mutating func member(_ name: String, _ value: Int) {
    key(name)
    integer(value)
  }

  /// A number as `double` writes it.
  public mutating func member(_ name: String, _ value: Double) {
    key(name)
    double(value)
  }

  /// true or false.
  public mutating func member(_ name: String, _ value: Bool) {
    key(name)
    boolean(value)
  }

  /// The text, or null.
  public mutating func member(_ name: String, orNull value: String?) {
    key(name)
    if let value { string(value) } else { null() }
  }

  /// The number, or null.
  public mutating func member(_ name: String, orNull value: Double?) {
    key(name)
    if let value { double(value) } else { null() }
  }

  /// A whole tree.
  public mutating func member(_ name: String, _ value: JSONValue) {
    key(name)
    self.value(value)
  }

  /// An array of texts.
  public mutating func member(_ name: String, _ values: [String]) {
    key(name)
    beginArray()
    for value in values { string(value) }
    endArray()
  }

  /// A whole tree.
  ///
  /// Recurses once a level, so the tree is one that was parsed (and so is bounded) or was made by hand.
  public mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .boolean(let value): boolean(value)
    case .integer(let value): integer(value)
    case .double(let value): double(value)
    case .string(let text): string(text)
    case .array(let values):
      beginArray()
      for value in values { self.value(value) }
      endArray()
    case .object(let members):
      beginObject()
      for member in members { self.member(member.name, member.value) }
      endObject()
    }
  }
}
