// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
internal import Synchronization

/// The distinct values of a column, by entry index: entry e belongs to code e + 1.
///
/// Text entries lie end to end in one run of bytes with their offsets beside it, so that a substring is searched for in all of them at
/// once. No entry occurs twice. Immutable, read from any thread.
public final class ValueDictionary: Sendable {
  /// What the entries are.
  public enum Entries: Sendable {
    /// UTF-8; entry e is `bytes[ends[e - 1] ..< ends[e]]`.
    case text(bytes: [UInt8], ends: [UInt32])
    case integers([Int64])
    case floats([Double])
    /// UTF-8, as templates and what fills their slots.
    case templated(TemplatedText)
    /// In the order of codes; `sorted` lists the entries by ascending id.
    case traceIDs([TraceID], sorted: [UInt32])
  }
  public let entries: Entries
  public let count: Int
  /// The last question about all entries and what it came to.
  private let answer = Mutex<(question: [UInt8], flags: [UInt8])?>(nil)
  /// Fewer entries are sooner asked again.
  private static let rememberedCountMin = 1 << 12

  public init(_ entries: Entries) {
    self.entries = entries
    switch entries {
    case .text(_, let ends): count = ends.count
    case .templated(let text): count = text.count
    case .integers(let values): count = values.count
    case .floats(let values): count = values.count
    case .traceIDs(let ids, let sorted):
      precondition(ids.count == sorted.count, "a trace dictionary lists each entry once")
      count = ids.count
    }
  }

  /// The bytes of a text entry within the run of bytes.
  @inlinable public static func range(_ ends: [UInt32], _ entry: Int) -> Range<Int> {
    (entry == 0 ? 0 : Int(ends[entry &- 1]))..<Int(ends[entry])
  }

  /// The value of an entry as it is shown.
  public func value(_ entry: Int) -> FieldValue {
    switch entries {
    case .text(let bytes, let ends): .string(String(decoding: bytes[Self.range(ends, entry)], as: UTF8.self))
    case .templated(let text): .string(Self.string(text, entry))
    case .integers(let values): .integer(values[entry])
    case .floats(let values): .float(values[entry])
    case .traceIDs(let ids, _): .string(ids[entry].hex)
    }
  }

  private static func string(_ text: TemplatedText, _ entry: Int) -> String {
    var bytes: [UInt8] = []
    text.append(entry, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What a question about every entry comes to, a byte for each code: remembered until another is asked, as the pages of one answer ask
  /// the same. Takes as many bytes as there are codes.
  public func flags(for question: [UInt8], _ make: () -> [UInt8]) -> [UInt8] {
    guard count >= Self.rememberedCountMin else { return make() }
    if let known = answer.withLock({ $0?.question == question ? $0?.flags : nil }) { return known }
    let made = make()
    answer.withLock { $0 = (question, made) }
    return made
  }

  /// The same entries with text end to end: for readers that need all of it at once. O(bytes) where it is templated.
  public var plainEntries: Entries {
    guard case .templated(let text) = entries else { return entries }
    let plain = text.text(ofRuns: 0..<text.runCount)
    return .text(bytes: plain.bytes, ends: plain.ends)
  }

  /// The entry of a trace id, by binary search; nil where the column has no such id.
  public func entry(of id: TraceID) -> Int? {
    guard case .traceIDs(let ids, let sorted) = entries else { return nil }
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if ids[Int(sorted[middle])] < id { low = middle + 1 } else { high = middle }
    }
    guard low < sorted.count, ids[Int(sorted[low])] == id else { return nil }
    return Int(sorted[low])
  }

  /// About how many bytes the entries take in memory.
  public var byteCount: Int {
    switch entries {
    case .text(let bytes, let ends): bytes.count + ends.count * 4
    case .templated(let text): text.byteCount
    case .integers(let values): values.count * 8
    case .floats(let values): values.count * 8
    case .traceIDs(let ids, _): ids.count * 20
    }
  }
}
