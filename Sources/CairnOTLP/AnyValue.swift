// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnFormats

/// The form and the place of an AnyValue's content; nothing is copied.
struct AnyValue {
  enum Form { case absent, string, boolean, integer, double, array, map, bytes }
  var form = Form.absent
  /// For the forms with a length.
  var range = 0..<0
  /// For boolean (0 or 1), integer and double (bits).
  var word: UInt64 = 0

  /// Reads the message in `range`; of several alternatives the last counts, as protobuf says of a oneof.
  init(_ bytes: RawSpan, _ message: Range<Int>) throws(DecodeError) {
    var position = message.lowerBound
    let end = message.upperBound
    while position < end {
      let tag = try readVarint(bytes, &position, end)
      switch tag {
      case 0x0A: try take(.string, bytes, &position, end)
      case 0x10:
        word = try readVarint(bytes, &position, end) == 0 ? 0 : 1
        form = .boolean
      case 0x18:
        word = try readVarint(bytes, &position, end)
        form = .integer
      case 0x21:
        guard end - position >= 8 else { throw DecodeError(.truncated, at: position) }
        word = loadWord(bytes, position)
        position += 8
        form = .double
      case 0x2A: try take(.array, bytes, &position, end)
      case 0x32: try take(.map, bytes, &position, end)
      case 0x3A: try take(.bytes, bytes, &position, end)
      default: try skipField(bytes, &position, end, tag: tag)
      }
    }
  }

  private mutating func take(_ form: Form, _ bytes: RawSpan, _ position: inout Int, _ end: Int) throws(DecodeError) {
    let count = try readLength(bytes, &position, end)
    self.form = form
    range = position..<position + count
    position += count
  }
}

/// Values nested deeper than this are refused.
let nestingMax = 64
/// Maps are flattened into dotted names down to here; what lies deeper is JSON text.
private let flattenDepthMax = 5
/// Longer text made of nested values is cut, as at Honeycomb.
let nestedByteCountMax = 65_535

/// Sets the fields of an array, a map or bytes under the given key.
func setNested(
  _ bytes: RawSpan, key: Range<Int>, _ any: AnyValue, _ batch: inout Batch, _ state: inout EventState
) throws(DecodeError) {
  try setNested(bytes, name: text(bytes, key), any, depth: 1, &batch, &state)
}

func setNested(
  _ bytes: RawSpan, name: String, _ any: AnyValue, depth: Int, _ batch: inout Batch, _ state: inout EventState
) throws(DecodeError) {
  switch any.form {
  case .absent: return
  case .map where depth <= flattenDepthMax:
    try setLeaves(bytes, name: name, any.range, depth: depth, &batch, &state)
  case .array, .map, .bytes:
    guard let column = batch.column(name, .string) else { throw DecodeError(.tooManyFields, at: any.range.lowerBound) }
    try setJSONText(bytes, any, column: column, depth: depth, &batch)
    state.ownColumnsSet |= batch.marks(column)
  case .string:
    guard let column = batch.column(name, .string) else { throw DecodeError(.tooManyFields, at: any.range.lowerBound) }
    try setText(column, bytes, any.range, &batch)
    state.ownColumnsSet |= batch.marks(column)
  case .boolean, .integer, .double:
    let kind: ColumnKind = any.form == .boolean ? .boolean : any.form == .integer ? .integer : .float
    guard let column = batch.column(name, kind) else { throw DecodeError(.tooManyFields, at: 0) }
    batch.setWord(column, any.word)
    state.ownColumnsSet |= batch.marks(column)
  }
}

private func setLeaves(
  _ bytes: RawSpan, name: String, _ list: Range<Int>, depth: Int, _ batch: inout Batch, _ state: inout EventState
) throws(DecodeError) {
  var position = list.lowerBound
  while position < list.upperBound {
    let tag = try readVarint(bytes, &position, list.upperBound)
    guard tag == 0x0A else { try skipField(bytes, &position, list.upperBound, tag: tag); continue }
    let count = try readLength(bytes, &position, list.upperBound)
    let pair = try readPair(bytes, position, position + count)
    position += count
    guard let key = pair.key, let value = pair.value, !key.isEmpty else { continue }
    try checkUTF8(bytes, key.lowerBound, key.count)
    state.fieldCount += 1
    guard state.fieldCount <= fieldCountMax else { return }
    guard name.utf8.count + 1 + key.count <= fieldNameByteCountMax else { state.hasLongName = true; continue }
    let leaf = name + "." + text(bytes, key)
    try setNested(bytes, name: leaf, AnyValue(bytes, value), depth: depth + 1, &batch, &state)
  }
}

/// Sets the value as JSON text.
func setJSONText(
  _ bytes: RawSpan, _ any: AnyValue, column: ColumnIndex, depth: Int, _ batch: inout Batch
) throws(DecodeError) {
  var json: [UInt8] = []
  try appendJSON(bytes, any, depth: depth, to: &json)
  if json.count > nestedByteCountMax { json.removeSubrange(cut(json)...) }
  unsafe batch.setText(column, json.span.bytes, 0, json.count)
}

/// Where to cut so that no character is halved.
private func cut(_ utf8: [UInt8]) -> Int {
  var end = nestedByteCountMax
  while end > 0, utf8[end] & 0xC0 == 0x80 { end -= 1 }
  return end
}

/// The value as JSON text: maps as objects, bytes as base64, not-a-number as null.
func appendJSON(_ bytes: RawSpan, _ any: AnyValue, depth: Int, to json: inout [UInt8]) throws(DecodeError) {
  guard depth <= nestingMax else { throw DecodeError(.tooDeep, at: any.range.lowerBound) }
  switch any.form {
  case .absent: json.append(contentsOf: Array("null".utf8))
  case .string:
    try checkUTF8(bytes, any.range.lowerBound, any.range.count)
    appendJSONString(bytes, any.range, to: &json)
  case .boolean: json.append(contentsOf: Array((any.word == 0 ? "false" : "true").utf8))
  case .integer: json.append(contentsOf: Array(String(Int64(bitPattern: any.word)).utf8))
  case .double:
    let number = Double(bitPattern: any.word)
    json.append(contentsOf: Array((number.isFinite ? FieldValue.float(number).text : "null").utf8))
  case .bytes:
    json.append(UInt8(ascii: "\""))
    Base64.append(bytes, any.range, to: &json)
    json.append(UInt8(ascii: "\""))
  case .array, .map: try appendJSONList(bytes, any, depth: depth, to: &json)
  }
}

private func appendJSONList(_ bytes: RawSpan, _ any: AnyValue, depth: Int, to json: inout [UInt8]) throws(DecodeError) {
  let isMap = any.form == .map
  json.append(UInt8(ascii: isMap ? "{" : "["))
  var position = any.range.lowerBound
  var isFirst = true
  while position < any.range.upperBound {
    let tag = try readVarint(bytes, &position, any.range.upperBound)
    guard tag == 0x0A else { try skipField(bytes, &position, any.range.upperBound, tag: tag); continue }
    let count = try readLength(bytes, &position, any.range.upperBound)
    var value = position..<position + count
    position += count
    if !isFirst { json.append(UInt8(ascii: ",")) }
    isFirst = false
    if isMap {
      let pair = try readPair(bytes, value.lowerBound, value.upperBound)
      let key = pair.key ?? 0..<0
      try checkUTF8(bytes, key.lowerBound, key.count)
      appendJSONString(bytes, key, to: &json)
      json.append(UInt8(ascii: ":"))
      value = pair.value ?? 0..<0
    }
    try appendJSON(bytes, AnyValue(bytes, value), depth: depth + 1, to: &json)
  }
  json.append(UInt8(ascii: isMap ? "}" : "]"))
}

func appendJSONString(_ bytes: RawSpan, _ range: Range<Int>, to json: inout [UInt8]) {
  let digits = Array("0123456789abcdef".utf8)
  json.append(UInt8(ascii: "\""))
  for offset in range {
    let byte = loadByte(bytes, offset)
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): json += [UInt8(ascii: "\\"), byte]
    case 10: json += Array("\\n".utf8)
    case 9: json += Array("\\t".utf8)
    case 13: json += Array("\\r".utf8)
    case 0..<32: json += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    default: json.append(byte)
    }
  }
  json.append(UInt8(ascii: "\""))
}
