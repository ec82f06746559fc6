// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnColumns
internal import CairnFormats

/// Decodes `LogBatch`'s grammar into rows of `batch`: a row a line (see `LogField`).
///
/// Throws where the bytes are not such a batch; the caller then takes the batch back to its mark. Cost: one pass over the text, a second
/// over lines that are JSON.
public func decodeLogBatch(
  _ bytes: RawSpan, _ context: IntakeContext, into batch: inout Batch
) throws(DecodeError) -> IntakeVerdict {
  var reader = try LogBatchReader(bytes)
  let group = try reader.makeGroup(bytes, context, &batch)
  var lines = LineReader(try LineColumns(&batch))
  var verdict = IntakeVerdict()
  var sequence = reader.sequence
  while let event = try reader.next(bytes) {
    if context.refusal(unixMilliseconds: event.timeUnixMilliseconds) {
      verdict.reject("the event's time is not one that is kept")
    } else {
      lines.read(bytes.extracting(event.message), sequence: sequence, &batch)
      batch.appendRow(timeUnixNanoseconds: event.timeUnixMilliseconds &* 1_000_000, group: group)
      verdict.acceptedCount += 1
    }
    sequence &+= 1
  }
  return verdict
}

extension IntakeContext {
  /// True for a time that the store does not keep, or that is not one.
  fileprivate func refusal(unixMilliseconds: Int64) -> Bool {
    let (nanoseconds, overflow) = unixMilliseconds.multipliedReportingOverflow(by: 1_000_000)
    return overflow || nanoseconds < earliestUnixNanoseconds || nanoseconds > latestUnixNanoseconds
  }
}

/// Walks an encoded batch: its head first, then its events.
struct LogBatchReader {
  struct LogEvent {
    var timeUnixMilliseconds: Int64
    var message: Range<Int>
  }
  let group, stream, entity: Range<Int>
  let sequence: Int64
  let count: Int
  private var index = 0
  private var time: Int64 = 0
  private var timePosition: Int
  private var lengthPosition: Int
  private var textPosition: Int

  init(_ bytes: RawSpan) throws(DecodeError) {
    let end = bytes.byteCount
    guard end > 0, loadByte(bytes, 0) == 1 else { throw DecodeError(.value("a batch of another version"), at: 0) }
    var position = 1
    group = try Self.text(bytes, &position)
    stream = try Self.text(bytes, &position)
    entity = try Self.text(bytes, &position)
    sequence = Int64(bitPattern: try readVarint(bytes, &position, end))
    let count = try readVarint(bytes, &position, end)
    guard count <= UInt64(end - position) else { throw DecodeError(.badLength, at: position) }
    self.count = Int(count)
    timePosition = position
    for _ in 0..<self.count { _ = try readVarint(bytes, &position, end) }
    lengthPosition = position
    for _ in 0..<self.count { _ = try readVarint(bytes, &position, end) }
    textPosition = position
  }

  private static func text(_ bytes: RawSpan, _ position: inout Int) throws(DecodeError) -> Range<Int> {
    let count = try readLength(bytes, &position, bytes.byteCount)
    position += count
    return position - count..<position
  }

  mutating func next(_ bytes: RawSpan) throws(DecodeError) -> LogEvent? {
    guard index < count else {
      guard textPosition == bytes.byteCount else { throw DecodeError(.badLength, at: textPosition) }
      return nil
    }
    index &+= 1
    let end = bytes.byteCount
    let zigzag = try readVarint(bytes, &timePosition, end)
    time = time &+ (Int64(bitPattern: zigzag &>> 1) ^ -Int64(bitPattern: zigzag & 1))
    let length = try readVarint(bytes, &lengthPosition, end)
    guard length <= UInt64(end &- textPosition) else { throw DecodeError(.badLength, at: textPosition) }
    let start = textPosition
    textPosition &+= Int(length)
    return LogEvent(timeUnixMilliseconds: time, message: start..<textPosition)
  }

  /// Finds or makes the group of events that all lines of the batch's stream share.
  func makeGroup(_ bytes: RawSpan, _ context: IntakeContext, _ batch: inout Batch) throws(DecodeError) -> GroupIndex {
    var key = Array("lines\0\(context.environment)\0".utf8)
    for part in [group, stream, entity] {
      key.append(contentsOf: string(bytes, part).utf8)
      key.append(0)
    }
    if let known = unsafe batch.group(knownBy: key.span.bytes, 0, key.count) { return known }
    unsafe batch.beginGroup(knownBy: key.span.bytes, 0, key.count)
    batch.set(FieldName.signalType, text: "log")
    batch.set(FieldName.logStream, text: string(bytes, stream))
    setEntity(bytes, &batch)
    return batch.endGroup(environment: context.environment, dataset: string(bytes, group))
  }

  /// `@entity.KeyAttributes.Name` and the like, as Logs Insights names them.
  private func setEntity(_ bytes: RawSpan, _ batch: inout Batch) {
    guard !entity.isEmpty, let value = try? JSONValue(parsing: bytes.extracting(entity)) else { return }
    for (member, name) in [("keyAttributes", "KeyAttributes"), ("attributes", "Attributes")] {
      for attribute in value[member]?.members ?? [] where attribute.name.utf8.count < 512 {
        if let text = attribute.value.string { batch.set("@entity.\(name).\(attribute.name)", text: text) }
      }
    }
  }

  private func string(_ bytes: RawSpan, _ range: Range<Int>) -> String {
    unsafe bytes.extracting(range).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
  }
}
