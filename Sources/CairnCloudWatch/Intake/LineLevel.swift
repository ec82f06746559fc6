// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

extension SeverityLevel {
  /// The numbers of pino and bunyan: 10 to 60.
  init?(number: Int64) {
    guard number >= 10, number <= 60, number % 10 == 0 else { return nil }
    self.init(rawValue: UInt8(number / 10 - 1))
  }

  /// A level named near the start of a line: a word of capitals (`ERROR`, `[WARN]`), or `level=error`.
  static func find(in line: RawSpan) -> SeverityLevel? {
    let end = min(line.byteCount, 160)
    var position = 0
    while position < end {
      let byte = loadByte(line, position)
      guard isLetter(byte) else {
        position &+= 1
        continue
      }
      var stop = position &+ 1
      while stop < end, isLetter(loadByte(line, stop)) { stop &+= 1 }
      let count = stop &- position
      if count >= 4, count <= 8, stop < line.byteCount || count == stop &- position {
        if byte < 0x60 {
          if let level = level(line, position, count) { return level }
        } else if count == 5, stop < end, loadByte(line, stop) == 0x3d, isWord(line, position, "level") {
          return named(line, stop &+ 1, end)
        }
      }
      position = stop
    }
    return nil
  }

  private static func named(_ line: RawSpan, _ start: Int, _ end: Int) -> SeverityLevel? {
    var from = start
    if from < end, loadByte(line, from) == 0x22 { from &+= 1 }
    var word = ""
    while from < end, isLetter(loadByte(line, from)), word.utf8.count < 12 {
      word.unicodeScalars.append(Unicode.Scalar(loadByte(line, from)))
      from &+= 1
    }
    return SeverityLevel(word: word)
  }

  private static func level(_ line: RawSpan, _ start: Int, _ count: Int) -> SeverityLevel? {
    switch count {
    case 4:
      if isWord(line, start, "INFO") { return .info }
      return isWord(line, start, "WARN") ? .warn : nil
    case 5:
      if isWord(line, start, "ERROR") { return .error }
      if isWord(line, start, "DEBUG") { return .debug }
      if isWord(line, start, "FATAL") { return .fatal }
      if isWord(line, start, "TRACE") { return .trace }
      return isWord(line, start, "PANIC") ? .fatal : nil
    case 6:
      if isWord(line, start, "SEVERE") { return .error }
      return isWord(line, start, "NOTICE") ? .info : nil
    case 7: return isWord(line, start, "WARNING") ? .warn : nil
    case 8: return isWord(line, start, "CRITICAL") ? .fatal : nil
    default: return nil
    }
  }

  private static func isWord(_ line: RawSpan, _ start: Int, _ word: StaticString) -> Bool {
    for index in 0..<word.utf8CodeUnitCount where unsafe loadByte(line, start &+ index) != word.utf8Start[index] { return false }
    return true
  }

  @inline(__always) private static func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a }
}
