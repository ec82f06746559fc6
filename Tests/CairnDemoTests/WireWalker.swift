// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnDemo

/// One field of a message.
enum WireField: Equatable {
  case number(Int, UInt64)
  case word(Int, UInt64)
  case half(Int, UInt32)
  case data(Int, ArraySlice<UInt8>)
}

/// The fields of a protobuf message; throws where a byte is out of place.
func fields(_ message: ArraySlice<UInt8>) throws -> [WireField] {
  let body = Array(message)
  let bytes = unsafe body.span.bytes
  var found: [WireField] = []
  var position = 0
  while position < body.count {
    let tag = try readVarint(bytes, &position, body.count)
    let number = Int(tag >> 3)
    switch tag & 7 {
    case 0: found.append(.number(number, try readVarint(bytes, &position, body.count)))
    case 1:
      try advance(&position, by: 8, body.count)
      found.append(.word(number, loadWord(bytes, position - 8)))
    case 2:
      let count = try readLength(bytes, &position, body.count)
      found.append(.data(number, body[position..<position + count]))
      position += count
    case 5:
      try advance(&position, by: 4, body.count)
      found.append(.half(number, loadHalf(bytes, position - 4)))
    default: throw DecodeError(.badTag, at: position)
    }
  }
  return found
}

extension [WireField] {
  func messages(_ number: Int) -> [ArraySlice<UInt8>] {
    compactMap { if case .data(number, let bytes) = $0 { bytes } else { nil } }
  }

  func text(_ number: Int) -> String { messages(number).last.map { String(decoding: $0, as: UTF8.self) } ?? "" }

  func word(_ number: Int) -> UInt64 {
    for case .word(number, let value) in self { return value }
    return 0
  }

  func number(_ number: Int) -> UInt64 {
    for case .number(number, let value) in self { return value }
    return 0
  }

  /// KeyValue messages as text by key.
  func attributes(_ number: Int) throws -> [String: String] {
    var found: [String: String] = [:]
    for message in messages(number) {
      let pair = try fields(message)
      guard let value = try pair.messages(2).first.map(fields)?.first else { continue }
      switch value {
      case .data(_, let bytes): found[pair.text(1)] = String(decoding: bytes, as: UTF8.self)
      case .number(2, let truth): found[pair.text(1)] = truth == 1 ? "true" : "false"
      case .number(_, let word): found[pair.text(1)] = String(Int64(bitPattern: word))
      case .word(_, let bits): found[pair.text(1)] = String(Double(bitPattern: bits))
      case .half: break
      }
    }
    return found
  }
}

/// A span read back, its resource's attributes among its own.
struct WalkedSpan {
  var trace: ArraySlice<UInt8>
  var id: ArraySlice<UInt8>
  var parent: ArraySlice<UInt8>
  var name: String
  var kind: UInt64
  var start: UInt64
  var end: UInt64
  var isError: Bool
  var attributes: [String: String]
  var eventNames: [String]
  var stacktraces: [String]
  var links: [(trace: ArraySlice<UInt8>, span: ArraySlice<UInt8>)]

  var milliseconds: Double { Double(end - start) / 1e6 }
  var isAsync: Bool { kind == 5 }
  var isCohort: Bool { attributes["app.version"] == "1.4.2" && attributes["cloud.region"] == "ca-central-1" }

  init(_ message: ArraySlice<UInt8>, resource: [String: String]) throws {
    let own = try fields(message)
    trace = own.messages(1).first ?? []
    id = own.messages(2).first ?? []
    parent = own.messages(4).first ?? []
    name = own.text(5)
    kind = own.number(6)
    (start, end) = (own.word(7), own.word(8))
    attributes = try resource.merging(own.attributes(9)) { $1 }
    let events = try own.messages(11).map(fields)
    eventNames = events.map { $0.text(2) }
    stacktraces = try events.compactMap { try $0.attributes(3)["exception.stacktrace"] }
    links = try own.messages(13).map(fields).map { ($0.messages(1).first ?? [], $0.messages(2).first ?? []) }
    isError = try own.messages(15).first.map(fields)?.number(3) == 2
  }
}

/// The items of a body with the attributes of the resource that each came from.
func items(_ body: DemoBody) throws -> [(resource: [String: String], item: ArraySlice<UInt8>)] {
  var found: [(resource: [String: String], item: ArraySlice<UInt8>)] = []
  for group in try fields(body.bytes[...]).messages(1).map(fields) {
    let resource = try group.messages(1).first.map(fields)?.attributes(1) ?? [:]
    for scope in try group.messages(2).map(fields) { found += scope.messages(2).map { (resource, $0) } }
  }
  return found
}

func spans(_ bodies: [DemoBody]) throws -> [WalkedSpan] {
  try bodies.filter { $0.signal == .traces }.flatMap(items).map { try WalkedSpan($0.item, resource: $0.resource) }
}

/// All that `seconds` of traffic send.
func traffic(seed: UInt64, rate: Double, seconds: Int, start: Int64 = 1_795_392_000) -> [DemoBody] {
  var traffic = DemoTraffic(seed: seed, requestsPerSecond: rate, startUnixSecond: start)
  var bodies: [DemoBody] = []
  for _ in 0..<seconds { bodies += traffic.nextSecond() }
  return bodies + traffic.flush()
}
