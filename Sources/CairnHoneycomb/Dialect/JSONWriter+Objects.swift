// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

extension JSONWriter {
  /// A member that is an array of objects, whose members the closure writes.
  mutating func objects<Item>(_ name: String, _ items: [Item], _ body: (Item, inout JSONWriter) -> Void) {
    key(name)
    beginArray()
    for item in items {
      beginObject()
      body(item, &self)
      endObject()
    }
    endArray()
  }
}
