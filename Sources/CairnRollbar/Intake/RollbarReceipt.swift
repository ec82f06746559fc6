// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
internal import CairnFormats

/// What the door must know of a body before the store has it: who sends it, and what the answer names.
public struct RollbarReceipt: Sendable, Hashable {
  /// The token inside the body; empty where it has none.
  public var accessToken = ""
  /// `data.uuid`, or the one that is made where there is none.
  public var uuid = ""
  /// The uuid is made of the item's bytes.
  public var isUUIDMade = false
  public var platform = ""
  public var isObject = false

  /// What notifiers send first: reads until it has the token and the uuid, and not the body behind them. Then neither the platform nor the
  /// grammar of the rest is known. nil where the item is not in that order, so that all of it has to be read.
  public init?(beginningOf bytes: RawSpan, needsToken: Bool) {
    var reader = JSONReader(depthMax: 4)
    do throws(DecodeError) {
      guard try reader.next(bytes) == .objectStart else { return nil }
      isObject = true
      while case .key(let name) = try reader.next(bytes) {
        if reader.matches(name, bytes, "access_token") {
          accessToken = try Self.text(&reader, bytes) ?? ""
        } else if reader.matches(name, bytes, "data") {
          guard !needsToken || !accessToken.isEmpty, try readUUID(&reader, bytes) else { return nil }
          return
        } else {
          return nil
        }
      }
      return nil
    } catch {
      return nil
    }
  }

  /// Reads `data` up to its uuid; false where a long member comes first.
  private mutating func readUUID(_ reader: inout JSONReader, _ bytes: RawSpan) throws(DecodeError) -> Bool {
    guard try reader.next(bytes) == .objectStart else { return false }
    while case .key(let name) = try reader.next(bytes) {
      if reader.matches(name, bytes, "uuid") {
        uuid = try Self.text(&reader, bytes) ?? ""
        return !uuid.isEmpty
      }
      if reader.matches(name, bytes, "body") || reader.matches(name, bytes, "platform") { return false }
      try reader.skipValue(bytes)
    }
    return false
  }

  /// Reads an item's envelope. Throws where the bytes are no JSON document.
  public init(_ bytes: RawSpan, receivedUnixNanoseconds: Int64) throws(DecodeError) {
    var reader = JSONReader(depthMax: JSONReader.depthMaxLimit)
    guard try reader.next(bytes) == .objectStart else {
      reader.reset()
      try reader.skipValue(bytes)
      _ = try reader.next(bytes)
      return
    }
    isObject = true
    while case .key(let name) = try reader.next(bytes) {
      if reader.matches(name, bytes, "access_token") {
        accessToken = try Self.text(&reader, bytes) ?? ""
      } else if reader.matches(name, bytes, "data") {
        try readData(&reader, bytes, receivedUnixNanoseconds)
      } else {
        try reader.skipValue(bytes)
      }
    }
    _ = try reader.next(bytes)
  }

  private mutating func readData(_ reader: inout JSONReader, _ bytes: RawSpan, _ received: Int64) throws(DecodeError) {
    let token = try reader.next(bytes)
    let start = reader.tokenOffset
    guard token == .objectStart else {
      if token == .arrayStart { try reader.skipRest(bytes) }
      return
    }
    while case .key(let name) = try reader.next(bytes) {
      if reader.matches(name, bytes, "uuid") {
        uuid = try Self.text(&reader, bytes) ?? ""
      } else if reader.matches(name, bytes, "platform") {
        platform = try Self.text(&reader, bytes) ?? ""
      } else {
        try reader.skipValue(bytes)
      }
    }
    guard uuid.isEmpty else { return }
    uuid = madeUUID(bytes, start..<reader.offset, receivedUnixNanoseconds: received)
    isUUIDMade = true
  }

  private static func text(_ reader: inout JSONReader, _ bytes: RawSpan) throws(DecodeError) -> String? {
    switch try reader.next(bytes) {
    case .string(let text): return reader.string(text, bytes)
    case .integer(let number): return String(number)
    case .objectStart, .arrayStart:
      try reader.skipRest(bytes)
      return nil
    default: return nil
    }
  }
}
