// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

// Texts of several segments as one dictionary. Few texts are gathered as they come. Where they are many, as whole payloads are, they are
// known by two hashes in a first reading and put to their places in a second one, which compares those that are said to be the same:
// the joined texts are in memory once, beside those of one input.

extension PieceMerger {
  func mergeTexts(_ key: ColumnKey) throws(StorageError) -> FlatColumn {
    var joined = ByteInterner(slotCount: 1024, arenaByteCount: 1 << 16)
    var stored = [UInt32](repeating: 0, count: rowCount)
    var byteCount = 0
    for index in inputs.indices {
      guard let texts = try texts(key, index) else { continue }
      byteCount += texts.bytes.count
      if byteCount > textByteCountWhole { return try mergeManyTexts(key) }
      var renumbered: [UInt32] = [0]
      renumbered.reserveCapacity(texts.ends.count + 1)
      for entry in texts.ends.indices {
        let range = ValueDictionary.range(texts.ends, entry)
        renumbered.append(unsafe joined.intern(texts.bytes.span.bytes, range.lowerBound, range.count) + 1)
      }
      scatter(texts.column, index, into: &stored) { renumbered[Int($0)] }
    }
    let kept = renumberByFirstRow(&stored, entryCount: joined.count)
    return .coded(key, .dictionary(ValueDictionary(joined.texts(kept))), stored: stored)
  }

  private struct Texts {
    var column: ScanColumn
    var bytes: [UInt8]
    var ends: [UInt32]
  }

  private func texts(_ key: ColumnKey, _ input: Int) throws(StorageError) -> Texts? {
    guard let column = try Self.whole(inputs[input], key), case .dictionary(let dictionary) = column.domain,
      case .text(let bytes, let ends) = dictionary.plainEntries
    else { return nil }
    return Texts(column: column, bytes: bytes, ends: ends)
  }

  /// A text by two hashes with seeds of this process.
  private struct TextName: Hashable {
    var first: UInt64
    var second: UInt64
    private static let seed = UInt64.random(in: .min ... .max)

    init(_ bytes: RawSpan, _ range: Range<Int>) {
      first = hashBytes(bytes, range.lowerBound, range.count, seed: Self.seed)
      second = hashBytes(bytes, range.lowerBound, range.count, seed: ~Self.seed)
    }
  }

  private func mergeManyTexts(_ key: ColumnKey) throws(StorageError) -> FlatColumn {
    var codes: [TextName: UInt32] = [:]
    var lengths: [Int] = []
    var sizes = [Int](repeating: 0, count: inputs.count)
    var stored = [UInt32](repeating: 0, count: rowCount)
    for index in inputs.indices {
      guard let texts = try texts(key, index) else { continue }
      sizes[index] = texts.bytes.count
      if sizes.reduce(0, +) > textByteCountMax, let largest = sizes.indices.max(by: { sizes[$0] < sizes[$1] }) {
        throw StorageError("merge", path: inputs[largest].path, .tooLarge("its column \(key.name) has \(sizes[largest]) bytes of text"))
      }
      var renumbered: [UInt32] = [0]
      renumbered.reserveCapacity(texts.ends.count + 1)
      for entry in texts.ends.indices {
        let range = ValueDictionary.range(texts.ends, entry)
        let name = unsafe TextName(texts.bytes.span.bytes, range)
        if codes[name] == nil {
          lengths.append(range.count)
          codes[name] = UInt32(lengths.count)
        }
        renumbered.append(codes[name] ?? 0)
      }
      scatter(texts.column, index, into: &stored) { renumbered[Int($0)] }
    }
    let kept = renumberByFirstRow(&stored, entryCount: lengths.count)
    var starts = [Int](repeating: -1, count: lengths.count)
    var ends: [UInt32] = []
    ends.reserveCapacity(kept.count)
    var byteCount = 0
    for entry in kept {
      starts[Int(entry)] = byteCount
      byteCount += lengths[Int(entry)]
      ends.append(UInt32(byteCount))
    }
    let bytes = try placed(key, codes, starts: starts, byteCount: byteCount)
    return .coded(key, .dictionary(ValueDictionary(.text(bytes: bytes, ends: ends))), stored: stored)
  }

  /// Every text at its start; two that differ and have one name would be damage, and stop the merge.
  private func placed(
    _ key: ColumnKey, _ codes: [TextName: UInt32], starts: [Int], byteCount: Int
  ) throws(StorageError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var isPlaced = [Bool](repeating: false, count: starts.count)
    for index in inputs.indices {
      guard let texts = try texts(key, index) else { continue }
      for entry in texts.ends.indices {
        let range = ValueDictionary.range(texts.ends, entry)
        let code = unsafe Int(codes[TextName(texts.bytes.span.bytes, range)] ?? 0) - 1
        guard code >= 0, starts[code] >= 0 else { continue }
        let place = starts[code]..<(starts[code] + range.count)
        if isPlaced[code] {
          guard bytes[place] == texts.bytes[range] else {
            throw StorageError("merge", path: inputs[index].path, .damaged("two texts of column \(key.name) have one name"))
          }
        } else {
          bytes.replaceSubrange(place, with: texts.bytes[range])
          isPlaced[code] = true
        }
      }
    }
    return bytes
  }
}
