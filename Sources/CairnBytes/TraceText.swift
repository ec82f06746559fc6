// SPDX-License-Identifier: Apache-2.0

/// Finds a trace id in free text: `1-58406520-a006649127e371903a2de979` (X-Ray, with or without `Root=`), `00-<32>-<16>-01` (W3C), or 32 hex
/// digits behind `trace_id`, `traceId` or the like.
public enum TraceText {
  /// Lines are searched this far.
  public static let byteCountMax = 4_096

  /// True where a field of this dotted name, whose `lastWord` is `word`, promises a trace id (`traceId`, `dd.trace_id`, `traceparent`), in any case and with any of `_-@`.
  public static func isTraceName(_ path: [UInt8], word: String) -> Bool {
    switch word {
    case "traceid", "xraytraceid", "xamzntraceid", "traceparent", "oteltraceid", "awstraceid": true
    case "id": path.dropLast(3).elementsEqual("trace".utf8)
    default: false
    }
  }

  /// The same for the id of a span.
  public static func isSpanName(_ path: [UInt8], word: String) -> Bool {
    switch word {
    case "spanid", "otelspanid": true
    case "id": path.dropLast(3).elementsEqual("span".utf8)
    default: false
    }
  }

  /// The last part of a dotted name in small letters without `_-@`; empty where it is long.
  public static func lastWord(_ path: [UInt8]) -> String {
    let start = path.lastIndex(of: 0x2e).map { $0 + 1 } ?? 0
    guard path.count - start <= 24 else { return "" }
    var word: [UInt8] = []
    for byte in path[start...] where byte != 0x5f && byte != 0x2d && byte != 0x40 { word.append(byte | 0x20) }
    return String(decoding: word, as: UTF8.self)
  }

  /// What a field that promises a trace id has: the id itself in any of its forms, or a text that names it.
  public static func id(_ text: String) -> TraceID? { TraceID(text) ?? find(in: text) }

  public static func find(in text: String) -> TraceID? {
    var text = text
    return text.withUTF8 { (utf8) in unsafe find(in: RawSpan(_unsafeElements: utf8)) }
  }

  public static func find(in line: RawSpan) -> TraceID? {
    let end = min(line.byteCount, byteCountMax)
    var position = 0
    while position &+ 34 <= end {
      // A dash may belong to either form with dashes, an I or i to the end of `traceId` and `trace_id`.
      switch loadByte(line, position) {
      case 0x2d: if let id = dashed(line, position, end) { return id }
      case 0x64: if let id = named(line, position, end) { return id }
      default: break
      }
      position &+= 1
    }
    return nil
  }

  /// `position` is at the first dash of an id.
  private static func dashed(_ line: RawSpan, _ position: Int, _ end: Int) -> TraceID? {
    guard position >= 1 else { return nil }
    if loadByte(line, position &- 1) == 0x31, position < 2 || !isHex(line, position &- 2), position &+ 34 <= end {
      guard loadByte(line, position &+ 9) == 0x2d, position &+ 34 == end || !isHex(line, position &+ 34) else { return nil }
      guard let first = hex(line, position &+ 1, 8), let second = hex(line, position &+ 10, 8),
        let low = hex(line, position &+ 18, 16)
      else { return nil }
      return TraceID(high: first << 32 | second, low: low)
    }
    guard position >= 2, loadByte(line, position &- 1) == 0x30, loadByte(line, position &- 2) == 0x30, position &+ 53 <= end,
      loadByte(line, position &+ 33) == 0x2d, loadByte(line, position &+ 50) == 0x2d,
      let high = hex(line, position &+ 1, 16), let low = hex(line, position &+ 17, 16), hex(line, position &+ 34, 16) != nil
    else { return nil }
    return TraceID(high: high, low: low)
  }

  /// `position` is at a `d`, perhaps the last letter of a name for trace ids.
  private static func named(_ line: RawSpan, _ position: Int, _ end: Int) -> TraceID? {
    guard position >= 6, loadByte(line, position &- 1) | 0x20 == 0x69 else { return nil }
    var start = position &- 2
    if loadByte(line, start) == 0x5f || loadByte(line, start) == 0x2e || loadByte(line, start) == 0x2d { start &-= 1 }
    guard start >= 4 else { return nil }
    let word: [UInt8] = [0x65, 0x63, 0x61, 0x72, 0x74]
    for index in 0..<5 where loadByte(line, start &- index) | 0x20 != word[index] { return nil }
    var digits = position &+ 1
    while digits < end, digits < position &+ 5, !isHex(line, digits) { digits &+= 1 }
    guard digits > position &+ 1, digits &+ 32 <= end, digits &+ 32 == end || !isHex(line, digits &+ 32) else { return nil }
    guard let high = hex(line, digits, 16), let low = hex(line, digits &+ 16, 16) else { return nil }
    return TraceID(high: high, low: low)
  }

  @inline(__always) private static func isHex(_ line: RawSpan, _ position: Int) -> Bool {
    hexNibble(loadByte(line, position)) != nil
  }

  private static func hex(_ line: RawSpan, _ start: Int, _ count: Int) -> UInt64? {
    var value: UInt64 = 0
    for index in 0..<count {
      guard let nibble = hexNibble(loadByte(line, start &+ index)) else { return nil }
      value = value << 4 | UInt64(nibble)
    }
    return value
  }
}
