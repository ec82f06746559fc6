// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import Instrumentation

/// Names and values that travel with a request to whatever it calls, such as the user's id. Order is kept; a name is there once.
public struct Baggage: Sendable, Hashable {
  /// W3C's bounds for what is passed on.
  public static let entryCountMax = 64
  public static let byteCountMax = 8_192

  public private(set) var entries: [Entry] = []

  /// A name with its value, decoded, and its properties as they came.
  public struct Entry: Sendable, Hashable {
    public var name: String
    public var value: String
    public var properties = ""
  }

  public init() {}

  public var isEmpty: Bool { entries.isEmpty }

  /// Setting nil takes the name away.
  public subscript(_ name: String) -> String? {
    get { entries.first { $0.name == name }?.value }
    set { if let newValue { append(Entry(name: name, value: newValue)) } else { entries.removeAll { $0.name == name } } }
  }

  mutating func append(_ entry: Entry) {
    if !entries.isEmpty { entries.removeAll { $0.name == entry.name } }
    entries.append(entry)
  }
}

/// W3C Baggage: `baggage: name=value;property, …`, values percent-encoded.
struct BaggagePropagator: Propagator {
  func extract(from header: (String) -> String?, into context: inout InstrumentationContext) {
    guard let text = header("baggage"), text.utf8.count <= Baggage.byteCountMax else { return }
    var baggage = context.baggage
    for member in text.split(separator: ",").prefix(Baggage.entryCountMax) {
      let parts = member.split(separator: ";", maxSplits: 1)
      guard let first = parts.first, let equals = first.firstIndex(of: "=") else { continue }
      let name = trimmed(first[..<equals])
      guard !name.isEmpty, name.utf8.allSatisfy(isTokenByte), let value = percentDecoded(trimmed(first[first.index(after: equals)...])) else { continue }
      let properties = parts.count > 1 ? trimmed(parts[1]) : ""
      baggage.append(.init(name: String(name), value: value, properties: isPrintable(properties) ? String(properties) : ""))
    }
    context.baggage = baggage
  }

  func headers(of context: InstrumentationContext) -> [(name: String, value: String)] {
    var members: [String] = []
    var byteCount = 0
    // From the last, which this program set: a caller's many do not displace it.
    for entry in context.baggage.entries.reversed() where !entry.name.isEmpty && entry.name.utf8.allSatisfy(isTokenByte) {
      guard members.count < Baggage.entryCountMax else { break }
      let member = "\(entry.name)=\(percentEncoded(entry.value))" + (entry.properties.isEmpty ? "" : ";\(entry.properties)")
      let cost = member.utf8.count + (members.isEmpty ? 0 : 1)
      guard byteCount + cost <= Baggage.byteCountMax else { continue }
      members.append(member)
      byteCount += cost
    }
    return members.isEmpty ? [] : [("baggage", members.reversed().joined(separator: ","))]
  }
}

private func trimmed(_ text: Substring) -> Substring {
  var rest = text
  while let first = rest.utf8.first, first == 0x20 || first == 0x09 { rest = rest.dropFirst() }
  while let last = rest.utf8.last, last == 0x20 || last == 0x09 { rest = rest.dropLast() }
  return rest
}

/// RFC 7230's token characters.
func isTokenByte(_ byte: UInt8) -> Bool {
  switch byte {
  case 48...57, 65...90, 97...122: true
  case 0x21, 0x23, 0x24, 0x25, 0x26, 0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e, 0x5f, 0x60, 0x7c, 0x7e: true
  default: false
  }
}
