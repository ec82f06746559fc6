// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch

/// The rows that an Insights query has found: as they are while it works, packed once it has finished.
///
/// ```
/// packed   row …       row    count of texts, pointer, texts
///                      text   byte count + 1 (0 for none), bytes; numbers in four bytes, least first
/// ```
struct InsightsRows: Sendable {
  private enum Form: Sendable {
    case live([InsightsTask.ResultRow])
    case packed(PackedBytes)
  }
  private let form: Form
  let count: Int
  /// What the rows take in memory; of live ones an estimate.
  let heldByteCount: Int

  init() { self.init(live: []) }

  init(live rows: [InsightsTask.ResultRow]) {
    form = .live(rows)
    count = rows.count
    heldByteCount = rows.reduce(0) { $0 + $1.texts.reduce(96) { $0 + 48 + ($1?.utf8.count ?? 0) } }
  }

  init(packing rows: [InsightsTask.ResultRow]) {
    var bytes: [UInt8] = []
    func append(_ number: Int) {
      for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
    func append(_ text: String?) {
      guard let text else { return append(0) }
      append(text.utf8.count + 1)
      bytes.append(contentsOf: text.utf8)
    }
    for row in rows {
      append(row.texts.count)
      append(row.pointer)
      for text in row.texts { append(text) }
    }
    let packed = PackedBytes(bytes)
    form = .packed(packed)
    count = rows.count
    heldByteCount = packed.heldByteCount
  }

  /// All rows; unpacks them.
  var rows: [InsightsTask.ResultRow] {
    switch form {
    case .live(let rows): return rows
    case .packed(let packed):
      let bytes = packed.bytes
      var offset = 0
      func number() -> Int {
        let value = (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
        offset += 4
        return value
      }
      func text() -> String? {
        let length = number() - 1
        guard length >= 0 else { return nil }
        offset += length
        return String(decoding: bytes[(offset - length)..<offset], as: UTF8.self)
      }
      return (0..<count).map { (_) in
        let textCount = number()
        let pointer = text()
        return InsightsTask.ResultRow(texts: (0..<textCount).map { _ in text() }, pointer: pointer)
      }
    }
  }
}
