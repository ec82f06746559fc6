// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnFormats
import CairnOTLP
import CairnXRay
import Logging
import NIOCore
import TestSupport
import Tracing

@testable import CairnKit

private let memory = BodyMemory()
private let exporter = InMemoryExporter()
private let kit = Kit.testing(exporter)
private let resource = {
  var resource = Resource()
  resource.add("service.name", "fuzz")
  return resource
}()
private let segments = SegmentWriter(resource: resource)
private let intake = IntakeContext(environment: "fuzz", receivedUnixNanoseconds: 1_700_000_000_000_000_000)

/// Any bytes as values that a program sets, written in each form that the kit knows: what is written is read as what was set, and both of
/// OTLP's encodings mean the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzWire(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  var source = unsafe ValueSource(bytes: Array(UnsafeBufferPointer(start: start, count: count)))
  let size = Int(source.byte())
  var fields: [WireField] = []
  while !source.isEmpty, fields.count < 32 { fields.append(WireField(source.text(), source.value(0))) }
  checkJSON(.map(fields))
  checkNested(.map(fields))
  checkLines(fields)
  checkSpan(fields, byteCountMax: 2_000 + 64 * size)
  return 0
}

private func checkJSON(_ value: WireValue) {
  var bytes = WireBuffer()
  bytes.value(value)
  precondition(isSame(try? JSONValue(parsing: bytes.bytes), value), "JSON is read as what was written")
}

/// A document inside a string.
private func checkNested(_ value: WireValue) {
  var bytes = WireBuffer()
  bytes.byte(0x22)
  bytes.isNested = true
  bytes.value(value)
  bytes.isNested = false
  bytes.byte(0x22)
  guard let text = (try? JSONValue(parsing: bytes.bytes))?.string else { preconditionFailure("a nested document is a string") }
  precondition(isSame(try? JSONValue(parsing: Array(text.utf8)), value), "a nested document is read as what was written")
}

private func checkLines(_ fields: [WireField]) {
  let records = (0..<2).map { number in
    LogRecord(
      unixNanoseconds: 1_700_000_000_000_000_000, level: .info, message: fields.first?.name ?? "", label: "label \(number)", fields: fields,
      place: LogRecord.Place(file: "f", function: "f", line: 1))
  }
  let bodies = [OTLPEncoding.protobuf, .json].map { encoding in
    let batch = WireBatch<String>()
    for record in records { batch.append { OTLPWriter.write(record, to: &$0, RecordLimits(), encoding) } }
    let body = OTLPWriter.logs(batch, resource: resource, encoding: encoding, in: memory)
    return Array(body.readableBytesView)
  }
  var transcoded: [UInt8] = []
  let json = bodies[1]
  guard (try? unsafe transcodeLogsJSON(json.span.bytes, into: &transcoded)) != nil else { preconditionFailure("lines in JSON are read") }
  let read = [bodies[0], transcoded].map { body in
    var batch = Batch()
    guard (try? unsafe decodeLogs(body.span.bytes, intake, into: &batch)) != nil else { preconditionFailure("lines are read") }
    return rows(of: batch)
  }
  precondition(read[0] == read[1] && read[0].count == records.count, "lines mean the same in both encodings")
}

private func checkSpan(_ fields: [WireField], byteCountMax: Int) {
  let span = kit.tracer.startSpan(fields.first?.name ?? "", ofKind: fields.count % 2 == 0 ? .server : .client)
  for field in fields { span.attributes.set(field.name, value: field.value.attribute) }
  span.end()
  exporter.reset()
  guard let ended = span.recording?.ended else { preconditionFailure("a kit for tests records everything") }
  let read = [OTLPEncoding.protobuf, .json].map { encoding in
    let batch = WireBatch<Void>()
    batch.append { OTLPWriter.write(ended, to: &$0, encoding) }
    var body = Array(OTLPWriter.spans(batch, resource: resource, encoding: encoding, in: memory).readableBytesView)
    if encoding == .json {
      let json = body
      body = []
      guard (try? unsafe transcodeTracesJSON(json.span.bytes, into: &body)) != nil else { preconditionFailure("a span in JSON is read") }
    }
    var rowsOfBody = Batch()
    guard (try? unsafe decodeTraces(body.span.bytes, intake, into: &rowsOfBody)) != nil else { preconditionFailure("a span is read") }
    return rows(of: rowsOfBody)
  }
  precondition(read[0] == read[1] && read[0].count == 1, "a span means the same in both encodings")
  let batch = WireBatch<XRayMark>()
  batch.append { segments.write(ended, to: &$0, byteCountMax: byteCountMax - SegmentTree.aloneByteCount) }
  var document = WireBuffer()
  SegmentTree(batch, byteCountMax: byteCountMax).write(0, to: &document)
  guard (try? JSONValue(parsing: document.bytes)) != nil else { preconditionFailure("a document is JSON") }
  var body = SegmentBody()
  let written = document.bytes
  unsafe body.append(written.span.bytes)
  var segmentRows = Batch()
  let framed = body.bytes
  guard let verdict = try? unsafe decodeSegments(framed.span.bytes, intake, into: &segmentRows), verdict.rejectedCount == 0 else {
    preconditionFailure("a document is accepted")
  }
}

/// Numbers by their value, texts byte by byte.
private func isSame(_ read: JSONValue?, _ written: WireValue) -> Bool {
  switch (read, written) {
  case (.string(let text)?, .string(let own)): Array(text.utf8) == Array(own.utf8)
  case (.string(let text)?, .double(let own)): !own.isFinite && text == String(own)
  case (.integer(let number)?, .integer(let own)): number == own
  case (.integer(let number)?, .double(let own)): Double(number) == own
  case (.double(let number)?, .double(let own)): number == own
  case (.boolean(let flag)?, .boolean(let own)): flag == own
  case (.array(let values)?, .array(let own)): values.count == own.count && zip(values, own).allSatisfy { isSame($0, $1) }
  case (.object(let members)?, .map(let own)):
    members.count == own.count && zip(members, own).allSatisfy { Array($0.name.utf8) == Array($1.name.utf8) && isSame($0.value, $1.value) }
  default: false
  }
}

/// Takes values from the front of the input; at its end everything is empty.
private struct ValueSource {
  let bytes: [UInt8]
  private var place = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var isEmpty: Bool { place >= bytes.count }

  mutating func byte() -> UInt8 {
    guard place < bytes.count else { return 0 }
    defer { place += 1 }
    return bytes[place]
  }

  mutating func word() -> UInt64 { (0..<8).reduce(0) { word, _ in word << 8 | UInt64(byte()) } }

  mutating func text() -> String {
    let count = min(Int(byte()), bytes.count - place)
    defer { place += count }
    return String(decoding: bytes[place..<place + count], as: UTF8.self)
  }

  mutating func value(_ depth: Int) -> WireValue {
    switch byte() % (depth < 6 ? 8 : 5) {
    case 0: .string(text())
    case 1: .integer(Int64(truncatingIfNeeded: word()))
    case 2: .double(number(Double(bitPattern: word())))
    case 3: .double(Double(Int8(bitPattern: byte())) / 8)
    case 4: .boolean(byte() & 1 == 1)
    case 5: .array((0..<Int(byte() % 6)).map { _ in value(depth + 1) })
    case 6: .map((0..<Int(byte() % 6)).map { _ in WireField(text(), value(depth + 1)) })
    default: .string(String(repeating: text(), count: Int(byte())))
    }
  }

  /// No two numbers that are none are alike: one that is infinite stands for them.
  private func number(_ number: Double) -> Double { number.isNaN ? .infinity : number }
}
