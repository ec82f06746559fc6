// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// A `LogRecord`'s own fields: numbers, and the places of the rest.
struct LogHead {
  var time: UInt64 = 0
  var observedTime: UInt64 = 0
  var severityNumber: UInt64 = 0
  var flags: UInt64 = 0
  var severityText = 0..<0
  var eventName = 0..<0
  var traceID = 0..<0
  var spanID = 0..<0
  var body: Range<Int>?

  var unixNanoseconds: UInt64 { time != 0 ? time : observedTime }

  /// One pass over the record; `attribute` gets the place of each attribute.
  @inline(__always)
  init(
    _ bytes: RawSpan, _ message: Range<Int>, attribute: (Range<Int>) throws(DecodeError) -> Void
  ) throws(DecodeError) {
    var position = message.lowerBound
    let end = message.upperBound
    while position < end {
      let tag = try readVarint(bytes, &position, end)
      switch tag {
      case 0x1A, 0x2A, 0x32, 0x4A, 0x52, 0x62:
        let count = try readLength(bytes, &position, end)
        let range = position..<position &+ count
        if tag == 0x32 { try attribute(range) } else { take(tag, range) }
        position &+= count
      case 0x09, 0x59:
        guard end &- position >= 8 else { throw DecodeError(.truncated, at: position) }
        if tag == 0x09 { time = loadWord(bytes, position) } else { observedTime = loadWord(bytes, position) }
        position &+= 8
      case 0x45:
        guard end &- position >= 4 else { throw DecodeError(.truncated, at: position) }
        flags = UInt64(loadHalf(bytes, position))
        position &+= 4
      case 0x10: severityNumber = try readVarint(bytes, &position, end)
      default: try skipField(bytes, &position, end, tag: tag)
      }
    }
  }

  private mutating func take(_ tag: UInt64, _ range: Range<Int>) {
    switch tag {
    case 0x1A: severityText = range
    case 0x2A: body = range
    case 0x4A: traceID = range
    case 0x52: spanID = range
    default: eventName = range
    }
  }
}
