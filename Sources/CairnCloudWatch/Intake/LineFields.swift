// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnFormats

/// The leaves of a line that is one JSON object, by their dotted paths: `a.b` for members, `a.0` for elements.
///
/// First the whole line is read, then values are set: a line that turns out to be no JSON has no fields. Names longer than
/// `fieldNameByteCountMax` and leaves beyond `LineReader.leafCountMax` are left out; null is no value.
struct LineFields: ~Copyable {
  private struct Leaf {
    var name: Range<Int>
    var value: JSONToken
  }
  private struct Level {
    /// What of `path` belongs to the containers outside.
    var pathCount: Int
    /// The index of the next element; -1 in an object.
    var index: Int
  }
  private var reader = JSONReader(depthMax: 64)
  private var leaves: [Leaf] = []
  private var names: [UInt8] = []
  private var path: [UInt8] = []
  private var levels: [Level] = []

  /// Reads a line; false where it is not one JSON object.
  mutating func collect(_ line: RawSpan) -> Bool {
    var start = 0
    while start < line.byteCount, loadByte(line, start) <= 0x20 { start &+= 1 }
    guard start < line.byteCount, loadByte(line, start) == 0x7b else { return false }
    reader.reset(at: start)
    leaves.removeAll(keepingCapacity: true)
    names.removeAll(keepingCapacity: true)
    path.removeAll(keepingCapacity: true)
    levels.removeAll(keepingCapacity: true)
    do throws(DecodeError) {
      while try step(line) {}
      return true
    } catch {
      return false
    }
  }

  private mutating func step(_ line: RawSpan) throws(DecodeError) -> Bool {
    let token = try reader.next(line)
    switch token {
    case .key(let name):
      path.removeSubrange((levels.last?.pathCount ?? 0)...)
      separate()
      reader.withUTF8(name, line) { (utf8) in
        unsafe utf8.withUnsafeBytes { unsafe path.append(contentsOf: $0) }
      }
    case .objectStart, .arrayStart:
      beginElement()
      levels.append(Level(pathCount: path.count, index: token == .arrayStart ? 0 : -1))
    case .objectEnd, .arrayEnd: _ = levels.popLast()
    case .end: return false
    case .null: beginElement()
    case .string, .integer, .unsigned, .double, .boolean:
      beginElement()
      guard leaves.count < LineReader.leafCountMax, path.count <= fieldNameByteCountMax, !path.isEmpty else { return true }
      leaves.append(Leaf(name: names.count..<names.count + path.count, value: token))
      names.append(contentsOf: path)
    }
    return true
  }

  /// In an array, an element's index is the end of its path.
  private mutating func beginElement() {
    guard let level = levels.last, level.index >= 0 else { return }
    levels[levels.count - 1].index += 1
    path.removeSubrange(level.pathCount...)
    separate()
    path.append(contentsOf: String(level.index).utf8)
  }

  private mutating func separate() { if !path.isEmpty { path.append(0x2e) } }

  /// Sets the leaves of the line read last, and notes what they tell of its trace, level and exception.
  mutating func set(_ line: RawSpan, _ batch: inout Batch, _ found: inout LineFindings) {
    for leaf in leaves {
      let name = Array(names[leaf.name])
      note(leaf, name, line, &found)
      let kept = LogField.isReserved(name) ? name + LogField.suffix : name
      switch leaf.value {
      case .string(let text):
        guard let column = column(kept, .string, &batch) else { continue }
        reader.withUTF8(text, line) { (utf8) in
          batch.setText(column, utf8, 0, utf8.byteCount)
          return ()
        }
      case .integer(let value):
        if let column = column(kept, .integer, &batch) { batch.setWord(column, UInt64(bitPattern: value)) }
      case .unsigned(let value):
        if let column = column(kept, .float, &batch) { batch.setWord(column, Double(value).bitPattern) }
      case .double(let value):
        if let column = column(kept, .float, &batch) { batch.setWord(column, value.bitPattern) }
      case .boolean(let value):
        if let column = column(kept, .boolean, &batch) { batch.setWord(column, value ? 1 : 0) }
      default: continue
      }
    }
  }

  /// The column for a leaf; nil where the row has a value of that name already (the first of repeated names counts) or there are too many.
  private func column(_ name: [UInt8], _ kind: ColumnKind, _ batch: inout Batch) -> ColumnIndex? {
    let before = batch.columnCount
    guard before < LineReader.columnCountMax else { return nil }
    guard let column = unsafe batch.column(name.span.bytes, 0, name.count, kind) else { return nil }
    return before == batch.columnCount && batch.isSet(column) ? nil : column
  }

  private mutating func note(_ leaf: Leaf, _ name: [UInt8], _ line: RawSpan, _ found: inout LineFindings) {
    switch leaf.value {
    case .string(let text):
      let word = TraceText.lastWord(name)
      found.thrown.take(name, word) { reader.string(text, line) }
      guard let meaning = LeafMeaning(name, word: word) else { return }
      let value = reader.string(text, line)
      switch meaning {
      case .level: found.level = found.level ?? SeverityLevel(word: value)
      case .trace: found.traceID = found.traceID ?? TraceText.id(value)
      case .span: found.spanID = found.spanID ?? (value.utf8.count == 16 ? parseHex(Array(value.utf8)[...]) : nil)
      case .stack: found.stackTrace = found.stackTrace ?? StackTrace.find(in: value)
      case .severityNumber: return
      }
    case .integer(let value):
      switch LeafMeaning(name, word: TraceText.lastWord(name)) {
      case .level: found.level = found.level ?? SeverityLevel(number: value)
      case .severityNumber: found.level = found.level ?? SeverityLevel(severityNumber: value)
      default: return
      }
    default: return
    }
  }
}

/// What the last part of a leaf's path promises.
enum LeafMeaning {
  case level
  /// OpenTelemetry's, from 1 to 24.
  case severityNumber
  case trace
  case span
  case stack

  /// `word` is the path's last part in small letters.
  init?(_ path: [UInt8], word: String) {
    if TraceText.isTraceName(path, word: word) {
      self = .trace
      return
    }
    if TraceText.isSpanName(path, word: word) {
      self = .span
      return
    }
    switch word {
    case "level", "severity", "levelname", "lvl", "loglevel", "severitytext": self = .level
    case "severitynumber": self = .severityNumber
    case "stack", "stacktrace", "exception", "excinfo", "traceback", "exctext", "error", "err", "errorstack": self = .stack
    default: return nil
    }
  }
}
