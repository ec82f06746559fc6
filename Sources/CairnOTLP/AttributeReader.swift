// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

// A KeyValue becomes a field:
//
//   KeyValue   1 key string   2 value AnyValue
//   AnyValue   1 string  2 bool  3 int64  4 double  5 ArrayValue{1 values}  6 KeyValueList{1 values}  7 bytes
//
//   string bool int64 double   the field's own type
//   KeyValueList               a field for each leaf, names joined with dots, to depth 5; deeper as JSON text
//   ArrayValue, bytes          JSON text; bytes as base64
//   no key or no value         nothing
//   a key of over 1,024 bytes  the item is rejected (names of leaves are counted in full)
//   sampleRate, SampleRate     no field: the event's weight (`EventState.sampleRate`)
//
// Source: opentelemetry-proto common.proto; Honeycomb's mapping of attributes.

/// What is gathered about the event being built beside its fields.
struct EventState {
  var fieldCount = 0
  /// From the attribute, else 0.
  var sampleRate: Int64 = 0
  /// The bits (`Batch.marks`) of the intake's own columns that an attribute has set: the attribute wins.
  var ownColumnsSet: UInt64 = 0
  var hasLongName = false

  /// The group of the row: without what an attribute of the row has in another type.
  @inline(__always)
  func group(_ group: GroupIndex, _ batch: inout Batch) -> GroupIndex {
    ownColumnsSet & Batch.twinMark == 0 ? group : batch.groupOfRow(group)
  }

  /// Why the item or group cannot be kept, or nil.
  var refusal: StaticText? {
    if fieldCount > fieldCountMax { return "more than 2,000 attributes" }
    return hasLongName ? "an attribute's name is longer than 1,024 bytes" : nil
  }
}

/// The wire tag with which the AnyValue of each kind begins.
@inline(__always)
private func isTag(_ tag: UInt8, of kind: ColumnKind) -> Bool {
  switch kind {
  case .string: tag == 0x0A
  case .boolean: tag == 0x10
  case .integer: tag == 0x18
  case .float: tag == 0x21
  case .duration, .traceID, .spanID: false
  }
}

/// Reads the KeyValue in `offset ..< end` into the row or group being built.
@inline(__always)
func readAttribute(
  _ bytes: RawSpan, _ offset: Int, _ end: Int, _ batch: inout Batch, _ state: inout EventState
) throws(DecodeError) {
  state.fieldCount &+= 1
  let predicted = batch.predictedColumn(bytes, offset, end) { (kind, position) in
    // The length of the AnyValue, its tag: values of up to 127 bytes have both at fixed places.
    // Longer ones are not predicted.
    guard position &+ 2 <= end else { return false }
    let second = loadByte(bytes, position &+ 1)
    if loadByte(bytes, position) < 0x80 { return isTag(second, of: kind) }
    return second < 0x80 && position &+ 2 < end && isTag(loadByte(bytes, position &+ 2), of: kind)
  }
  if let predicted {
    var position = offset &+ batch.prefixCount(predicted)
    let byteCount = try readLength(bytes, &position, end)
    if position &+ byteCount == end, try setScalar(bytes, position, end, predicted, &batch) {
      state.ownColumnsSet |= batch.marks(predicted)
      return
    }
  }
  try readUnexpectedAttribute(bytes, offset, end, &batch, &state)
}

/// Sets a scalar AnyValue that has only its one field; false, and nothing set, where it is anything else.
@inline(__always)
private func setScalar(
  _ bytes: RawSpan, _ offset: Int, _ end: Int, _ column: ColumnIndex, _ batch: inout Batch
) throws(DecodeError) -> Bool {
  guard offset < end else { return false }
  var position = offset &+ 1
  switch loadByte(bytes, offset) {
  case 0x0A:
    let count = try readLength(bytes, &position, end)
    guard position &+ count == end else { return false }
    try setText(column, bytes, position..<position &+ count, &batch)
  case 0x10:
    let word = try readVarint(bytes, &position, end)
    guard position == end else { return false }
    batch.setWord(column, word == 0 ? 0 : 1)
  case 0x18:
    let word = try readVarint(bytes, &position, end)
    guard position == end else { return false }
    batch.setWord(column, word)
  case 0x21:
    guard end &- position == 8 else { return false }
    batch.setWord(column, loadWord(bytes, position))
  default: return false
  }
  return true
}

/// Sets a text; throws where it is not UTF-8, and the column then does not know it.
@inline(__always)
func setText(
  _ column: ColumnIndex, _ bytes: RawSpan, _ range: Range<Int>, _ batch: inout Batch
) throws(DecodeError) {
  if batch.setText(column, bytes, range.lowerBound, range.count) { try checkNewText(column, bytes, range, &batch) }
}

@inline(never)
private func checkNewText(
  _ column: ColumnIndex, _ bytes: RawSpan, _ range: Range<Int>, _ batch: inout Batch
) throws(DecodeError) {
  do {
    try checkUTF8(bytes, range.lowerBound, range.count)
  } catch {
    batch.forgetNewText(column)
    throw error
  }
}

/// Throws unless the bytes are UTF-8.
func checkUTF8(_ bytes: RawSpan, _ offset: Int, _ count: Int) throws(DecodeError) {
  var index = offset
  let end = offset + count
  while index &+ 8 <= end, loadWord(bytes, index) & 0x8080_8080_8080_8080 == 0 { index &+= 8 }
  guard index < end else { return }
  let rest = unsafe bytes.extracting(index..<end).withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
  if rest == nil { throw DecodeError(.invalidUTF8, at: offset) }
}

/// An attribute that no earlier event led to: any order of fields, any value.
@inline(never)
private func readUnexpectedAttribute(
  _ bytes: RawSpan, _ offset: Int, _ end: Int, _ batch: inout Batch, _ state: inout EventState
) throws(DecodeError) {
  let pair = try readPair(bytes, offset, end)
  guard let key = pair.key, let value = pair.value, !key.isEmpty, !value.isEmpty else { return }
  if isSampleRateKey(bytes, key) {
    state.sampleRate = try sampleRate(bytes, value)
    return
  }
  try setField(bytes, key: key, value: value, &batch, &state)
}

/// The places of a KeyValue's key and value; the last of each counts.
func readPair(
  _ bytes: RawSpan, _ offset: Int, _ end: Int
) throws(DecodeError) -> (key: Range<Int>?, value: Range<Int>?) {
  var position = offset
  var key: Range<Int>?
  var value: Range<Int>?
  while position < end {
    let tag = try readVarint(bytes, &position, end)
    switch tag {
    case 0x0A, 0x12:
      let count = try readLength(bytes, &position, end)
      if tag == 0x0A { key = position..<position + count } else { value = position..<position + count }
      position += count
    default: try skipField(bytes, &position, end, tag: tag)
    }
  }
  return (key, value)
}

/// Sets one field from an AnyValue of any form.
private func setField(
  _ bytes: RawSpan, key: Range<Int>, value: Range<Int>, _ batch: inout Batch, _ state: inout EventState
) throws(DecodeError) {
  guard key.count <= fieldNameByteCountMax else { return state.hasLongName = true }
  try checkUTF8(bytes, key.lowerBound, key.count)
  let any = try AnyValue(bytes, value)
  let kind: ColumnKind
  switch any.form {
  case .absent: return
  case .string: kind = .string
  case .boolean: kind = .boolean
  case .integer: kind = .integer
  case .double: kind = .float
  case .array, .bytes, .map:
    return try setNested(bytes, key: key, any, &batch, &state)
  }
  guard let column = batch.column(bytes, key.lowerBound, key.count, kind) else {
    throw DecodeError(.tooManyFields, at: key.lowerBound)
  }
  batch.learn(column)
  state.ownColumnsSet |= batch.marks(column)
  if any.form == .string {
    try setText(column, bytes, any.range, &batch)
  } else {
    batch.setWord(column, any.word)
  }
}

private func isSampleRateKey(_ bytes: RawSpan, _ key: Range<Int>) -> Bool {
  guard key.count == 10 else { return false }
  let first = loadByte(bytes, key.lowerBound)
  guard first == UInt8(ascii: "s") || first == UInt8(ascii: "S") else { return false }
  return isText(bytes, key.lowerBound + 1..<key.upperBound, "ampleRate")
}

/// Rounded, at least 1; 1 for what is no number.
private func sampleRate(_ bytes: RawSpan, _ value: Range<Int>) throws(DecodeError) -> Int64 {
  let any = try AnyValue(bytes, value)
  switch any.form {
  case .integer: return max(1, Int64(bitPattern: any.word))
  case .double:
    let number = Double(bitPattern: any.word).rounded()
    return number >= 1 && number < 1e15 ? Int64(number) : 1
  case .string: return max(1, Int64(text(bytes, any.range)) ?? 1)
  default: return 1
  }
}

/// True if the bytes are exactly this text.
func isText(_ bytes: RawSpan, _ range: Range<Int>, _ text: StaticString) -> Bool {
  guard range.count == text.utf8CodeUnitCount else { return false }
  for index in 0..<range.count where unsafe loadByte(bytes, range.lowerBound + index) != text.utf8Start[index] { return false }
  return true
}

/// The bytes as a string, repaired where they are not UTF-8.
func text(_ bytes: RawSpan, _ range: Range<Int>) -> String {
  unsafe bytes.extracting(range).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
}
