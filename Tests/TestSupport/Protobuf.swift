// SPDX-License-Identifier: Apache-2.0

/// Writes protobuf for tests, field by field.
public struct Protobuf: Sendable {
  public var bytes: [UInt8] = []

  public init() {}

  public init(_ build: (inout Protobuf) -> Void) { build(&self) }

  public mutating func rawVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  public mutating func varint(_ number: Int, _ value: UInt64) {
    rawVarint(UInt64(number) << 3)
    rawVarint(value)
  }

  public mutating func fixed64(_ number: Int, _ value: UInt64) {
    rawVarint(UInt64(number) << 3 | 1)
    for index in 0..<8 { bytes.append(UInt8(value >> UInt64(8 * index) & 0xff)) }
  }

  public mutating func double(_ number: Int, _ value: Double) { fixed64(number, value.bitPattern) }

  public mutating func fixed32(_ number: Int, _ value: UInt32) {
    rawVarint(UInt64(number) << 3 | 5)
    for index in 0..<4 { bytes.append(UInt8(value >> UInt32(8 * index) & 0xff)) }
  }

  public mutating func data(_ number: Int, _ value: [UInt8]) {
    rawVarint(UInt64(number) << 3 | 2)
    rawVarint(UInt64(value.count))
    bytes += value
  }

  public mutating func text(_ number: Int, _ value: String) { data(number, Array(value.utf8)) }

  public mutating func message(_ number: Int, _ build: (inout Protobuf) -> Void) { data(number, Protobuf(build).bytes) }

  /// Packed fixed64 or double words.
  public mutating func packed(_ number: Int, _ words: [UInt64]) {
    data(number, words.flatMap { word in (0..<8).map { UInt8(word >> UInt64(8 * $0) & 0xff) } })
  }
}

/// An attribute's value.
public indirect enum TestValue: Sendable {
  case none
  case string(String)
  case data([UInt8])
  case boolean(Bool)
  case integer(Int64)
  case double(Double)
  case array([TestValue])
  case map([(String, TestValue)])

  /// The AnyValue message.
  public var protobuf: [UInt8] {
    Protobuf { message in
      switch self {
      case .none: break
      case .string(let value): message.text(1, value)
      case .boolean(let value): message.varint(2, value ? 1 : 0)
      case .integer(let value): message.varint(3, UInt64(bitPattern: value))
      case .double(let value): message.double(4, value)
      case .array(let values): message.message(5) { for value in values { $0.data(1, value.protobuf) } }
      case .map(let pairs): message.message(6) { $0.attributes(1, pairs) }
      case .data(let value): message.data(7, value)
      }
    }.bytes
  }
}

extension Protobuf {
  /// KeyValue messages.
  public mutating func attributes(_ number: Int, _ pairs: [(String, TestValue)]) {
    for (key, value) in pairs {
      message(number) {
        $0.text(1, key)
        $0.data(2, value.protobuf)
      }
    }
  }

  /// A whole request of any signal: one resource, one scope, and the items.
  public static func request(
    resource: [(String, TestValue)] = [("service.name", .string("shop"))], scope: [(String, TestValue)] = [],
    scopeName: String = "", items: [Protobuf]
  ) -> [UInt8] {
    Protobuf { request in
      request.message(1) { outer in
        outer.message(1) { $0.attributes(1, resource) }
        outer.message(2) { inner in
          inner.message(1) {
            if !scopeName.isEmpty { $0.text(1, scopeName) }
            $0.attributes(3, scope)
          }
          for item in items { inner.data(2, item.bytes) }
        }
      }
    }.bytes
  }
}
