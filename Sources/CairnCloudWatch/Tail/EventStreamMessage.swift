// SPDX-License-Identifier: Apache-2.0

/// A message of AWS's event stream encoding, as `application/vnd.amazon.eventstream` carries it.
///
/// ```
/// total length 4 | headers' length 4 | CRC-32 of these 8 | headers | payload | CRC-32 of all before
/// header: name length 1 | name | type 1 (7: text) | length 2 | text           all numbers big-endian
/// ```
/// Source: the event stream chapter of Smithy's AWS specification. A message is at most 16 MiB.
public struct EventStreamMessage: Sendable, Hashable {
  public var headers: [(name: String, value: String)]
  public var payload: [UInt8]

  /// A message of these headers, whose names are at most 255 and whose values at most 65,535 bytes long.
  public init(headers: [(name: String, value: String)], payload: [UInt8]) {
    self.headers = headers
    self.payload = payload
  }

  /// An event with a JSON payload.
  public static func event(_ type: String, _ payload: [UInt8]) -> EventStreamMessage {
    EventStreamMessage(
      headers: [(":event-type", type), (":content-type", "application/json"), (":message-type", "event")], payload: payload)
  }

  /// An error that ends the stream.
  public static func exception(_ type: String, _ payload: [UInt8]) -> EventStreamMessage {
    EventStreamMessage(
      headers: [(":exception-type", type), (":content-type", "application/json"), (":message-type", "exception")], payload: payload)
  }

  /// The bytes on the wire.
  public var bytes: [UInt8] {
    var encoded: [UInt8] = []
    for header in headers {
      let name = Array(header.name.utf8.prefix(255))
      let value = Array(header.value.utf8.prefix(65_535))
      encoded.append(UInt8(name.count))
      encoded += name
      encoded.append(7)
      encoded.append(UInt8(value.count >> 8))
      encoded.append(UInt8(truncatingIfNeeded: value.count))
      encoded += value
    }
    var message: [UInt8] = []
    message.reserveCapacity(16 + encoded.count + payload.count)
    Self.append(UInt32(truncatingIfNeeded: 16 + encoded.count + payload.count), to: &message)
    Self.append(UInt32(truncatingIfNeeded: encoded.count), to: &message)
    Self.append(Self.checksum(message), to: &message)
    message += encoded
    message += payload
    Self.append(Self.checksum(message), to: &message)
    return message
  }

  private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
    for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  private static let table: [UInt32] = (0..<256).map { (byte) in
    var value = UInt32(byte)
    for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
    return value
  }

  /// CRC-32 as of zlib and Ethernet.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    let table = Self.table
    var value: UInt32 = 0xffff_ffff
    for byte in bytes { value = value >> 8 ^ table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] }
    return ~value
  }

  public static func == (left: EventStreamMessage, right: EventStreamMessage) -> Bool {
    left.headers.elementsEqual(right.headers, by: ==) && left.payload == right.payload
  }

  public func hash(into hasher: inout Hasher) {
    for header in headers { hasher.combine(header.value) }
    hasher.combine(payload)
  }
}
