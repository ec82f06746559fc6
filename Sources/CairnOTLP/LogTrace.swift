// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// The trace that a `LogRecord` without a trace id of its own names in an attribute (`trace_id`, `dd.trace_id`, `traceparent`), a member of its body or the
/// body's text: loggers that know nothing of OpenTelemetry write it there, and collectors read lines from files.
struct LogTrace {
  private(set) var traceID: TraceID
  /// 0 for none.
  private(set) var spanID: UInt64 = 0

  /// nil where nothing names a trace. Cost: one more pass over the record.
  init?(_ bytes: RawSpan, _ message: Range<Int>, body: Range<Int>?) throws(DecodeError) {
    var found = Finding()
    _ = try LogHead(bytes, message) { (attribute) throws(DecodeError) in try found.take(bytes, attribute) }
    if found.traceID == nil, let body {
      let any = try AnyValue(bytes, body)
      switch any.form {
      case .string: found.traceID = TraceText.find(in: bytes.extracting(any.range))
      case .map:
        var position = any.range.lowerBound
        while let member = try nextMessage(bytes, &position, any.range.upperBound, tag: 0x0A) { try found.take(bytes, member) }
      default: break
      }
    }
    guard let traceID = found.traceID, !traceID.isZero else { return nil }
    self.traceID = traceID
    spanID = found.spanID
  }

  private struct Finding {
    var traceID: TraceID?
    var spanID: UInt64 = 0
    /// Of a value: longer ones are no ids.
    private static let valueByteCountMax = 256

    mutating func take(_ bytes: RawSpan, _ keyValue: Range<Int>) throws(DecodeError) {
      let pair = try readPair(bytes, keyValue.lowerBound, keyValue.upperBound)
      guard let key = pair.key, let value = pair.value else { return }
      // All such names end in `d`, or `t`: most others cost nothing.
      guard let last = key.last, loadByte(bytes, last) | 0x20 == 0x64 || loadByte(bytes, last) | 0x20 == 0x74, key.count <= 128 else { return }
      let name = key.map { loadByte(bytes, $0) }
      let word = TraceText.lastWord(name)
      let isTrace = traceID == nil && TraceText.isTraceName(name, word: word)
      guard isTrace || TraceText.isSpanName(name, word: word) else { return }
      let any = try AnyValue(bytes, value)
      guard any.form == .string, any.range.count <= Self.valueByteCountMax else { return }
      let text = String(decoding: any.range.map { loadByte(bytes, $0) }, as: UTF8.self)
      if isTrace { traceID = TraceText.id(text) } else if text.utf8.count == 16 { spanID = parseHex(Array(text.utf8)[...]) ?? 0 }
    }
  }
}
