// SPDX-License-Identifier: Apache-2.0

/// Items as their bytes, one behind the other, written while what they tell of is at hand: nothing else of them is kept.
///
/// `Mark` is what the exporter has to know of each beside its bytes.
// Proof for `@unchecked Sendable`: a batch belongs to the queue, behind its lock, or to the one export that took it.
final class WireBatch<Mark: Sendable>: BatchContent, @unchecked Sendable {
  /// Memory beyond this is given back when a batch was sent.
  private static var keptByteCountMax: Int { 1 << 20 }

  struct Item: Sendable {
    /// Behind its last byte.
    var end: Int
    var mark: Mark
  }

  // Proof for `unchecked`: whoever changes the batch has it alone, as above, and the closure of `append` gets the bytes, not the batch.
  // To check it whenever a byte is looked at costs a tenth of the writing.
  @exclusivity(unchecked) private var written = WireBuffer()
  @exclusivity(unchecked) private var marked: [Item] = []

  init() {}

  var bytes: WireBuffer {
    _read { yield unsafe written }
  }

  var items: [Item] {
    _read { yield unsafe marked }
  }

  var count: Int { items.count }

  /// Adds an item, which the closure writes.
  func append(_ write: (inout WireBuffer) -> Mark) {
    let mark = unsafe write(&written)
    unsafe marked.append(Item(end: written.count, mark: mark))
  }

  /// Where the bytes of an item stand.
  func range(_ index: Int) -> Range<Int> { (index > 0 ? items[index - 1].end : 0)..<items[index].end }

  func removeAll() {
    unsafe marked.removeAll(keepingCapacity: true)
    if bytes.capacity > Self.keptByteCountMax { unsafe written = WireBuffer() } else { unsafe written.removeAll() }
  }
}
