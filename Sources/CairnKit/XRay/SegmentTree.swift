// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// What the exporter has to know of a span beside its document.
struct XRayMark: Sendable, Hashable {
  var trace: TraceID
  var id: UInt64
  /// 0 for none.
  var parent: UInt64
  var isSegment: Bool

  /// Which trace it belongs to and who called it, for a document that stands by itself.
  func writeTrace(to writer: inout WireBuffer) {
    writer.name("trace_id")
    writer.xrayString(trace)
    guard parent != 0 else { return }
    writer.name("parent_id")
    writer.hexString(parent)
  }
}

/// The documents of a batch: subsegments stand inside their parent's document where the parent is in the same batch, as X-Ray's own SDKs
/// send them, and alone where it is not (it was sent before, or has not ended yet) or where the whole would be too long.
///
/// A request's spans end one after the other, the outermost last, so that nearly all are together: one document a request.
struct SegmentTree {
  /// Deeper ones stand alone.
  private static let depthMax = 64
  /// `,"subsegments":[]`, `,` and `}`; and what a subsegment that stands alone has besides.
  private static let linkByteCount = 20
  static let aloneByteCount = 128

  private let batch: WireBatch<XRayMark>
  private let byteCountMax: Int
  /// By item: the first and the last inside it, the next beside it, and the bytes of the whole; -1 for none.
  private var firstChild: [Int]
  private var lastChild: [Int]
  private var nextSibling: [Int]
  private var byteCounts: [Int]
  /// Those that stand alone, in the order in which they ended.
  private var roots: [Int] = []

  init(_ batch: WireBatch<XRayMark>, byteCountMax: Int) {
    self.batch = batch
    self.byteCountMax = byteCountMax
    firstChild = [Int](repeating: -1, count: batch.count)
    lastChild = firstChild
    nextSibling = firstChild
    byteCounts = batch.items.indices.map { batch.range($0).count + Self.linkByteCount }
    let places = Places(batch)
    var heights = [Int](repeating: 0, count: batch.count)
    // A child ended before its parent, nearly always: from the first to the last, each whole is known before it goes into the next.
    for index in batch.items.indices {
      let mark = batch.items[index].mark
      guard !mark.isSegment, let parent = places.find(mark.parent, in: batch), parent > index, batch.items[parent].mark.trace == mark.trace,
        byteCounts[parent] + byteCounts[index] + Self.aloneByteCount <= byteCountMax, heights[index] < Self.depthMax
      else {
        roots.append(index)
        continue
      }
      if lastChild[parent] < 0 { firstChild[parent] = index } else { nextSibling[lastChild[parent]] = index }
      lastChild[parent] = index
      byteCounts[parent] += byteCounts[index]
      heights[parent] = max(heights[parent], heights[index] + 1)
    }
  }

  /// Where spans stand in their batch, by their ids: these are random, so that their own bits say where to look.
  private struct Places {
    /// A place in the batch, -1 for none; twice as many as spans, and a power of two.
    private var slots: [Int32]

    /// Nothing to look for where nobody has a parent to be found.
    init(_ batch: WireBatch<XRayMark>) {
      slots = [-1]
      guard batch.items.contains(where: { !$0.mark.isSegment }) else { return }
      slots = [Int32](repeating: -1, count: 1 << (Int.bitWidth - max(2 * batch.count - 1, 1).leadingZeroBitCount))
      for index in batch.items.indices.prefix(Int(Int32.max)) { slots[slot(batch.items[index].mark.id, batch)] = Int32(index) }
    }

    func find(_ id: UInt64, in batch: WireBatch<XRayMark>) -> Int? {
      let place = slots[slot(id, batch)]
      return place >= 0 ? Int(place) : nil
    }

    /// Where the id is, or where it would be. Half of the slots are free, so that the search ends.
    private func slot(_ id: UInt64, _ batch: WireBatch<XRayMark>) -> Int {
      let mask = slots.count - 1
      var slot = Int(truncatingIfNeeded: id) & mask
      while slots[slot] >= 0, batch.items[Int(slots[slot])].mark.id != id { slot = (slot + 1) & mask }
      return slot
    }
  }

  /// How many documents there are.
  var documentCount: Int { roots.count }

  /// No document is longer.
  func byteCountMax(_ document: Int) -> Int {
    let index = roots[document]
    return byteCounts[index] + (batch.items[index].mark.isSegment ? 0 : Self.aloneByteCount)
  }

  /// How many spans are in a document.
  func spanCount(_ document: Int) -> Int {
    var count = 0
    var waiting = [roots[document]]
    while let index = waiting.popLast() {
      count += 1
      var child = firstChild[index]
      while child >= 0 {
        waiting.append(child)
        child = nextSibling[child]
      }
    }
    return count
  }

  /// Adds a document to the end of the bytes.
  func write(_ document: Int, to bytes: inout WireBuffer) {
    let index = roots[document], mark = batch.items[index].mark
    bytes.append(batch.bytes, batch.range(index))
    bytes.needsComma = true
    if !mark.isSegment {
      bytes.member("type", "subsegment")
      mark.writeTrace(to: &bytes)
    }
    close(index, &bytes)
  }

  private func close(_ index: Int, _ bytes: inout WireBuffer) {
    var child = firstChild[index]
    if child >= 0 {
      bytes.name("subsegments")
      bytes.beginArray()
      while child >= 0 {
        bytes.separate()
        bytes.append(batch.bytes, batch.range(child))
        close(child, &bytes)
        child = nextSibling[child]
      }
      bytes.endArray()
    }
    bytes.endObject()
  }
}
