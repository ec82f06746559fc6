// SPDX-License-Identifier: Apache-2.0

/// An internet address, as the IP functions of Insights read it: four decimal numbers, or RFC 4291's groups of hexadecimal digits.
struct InsightsAddress: Sendable, Hashable {
  /// The address from its most significant byte; 4 or 16.
  let bytes: [UInt8]

  var isV4: Bool { bytes.count == 4 }

  init?(_ text: String) {
    guard let bytes = text.utf8.contains(0x3a) ? Self.sixteen(text) : Self.four(text) else { return nil }
    self.bytes = bytes
  }

  /// True if the address lies in `address/prefix`; false where that is no subnet of its family.
  func isIn(_ subnet: String) -> Bool {
    let parts = subnet.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let base = InsightsAddress(String(parts[0])), base.bytes.count == bytes.count,
      let prefix = Int(parts[1]), (0...bytes.count * 8).contains(prefix)
    else { return false }
    for bit in 0..<prefix where (bytes[bit / 8] ^ base.bytes[bit / 8]) >> UInt8(7 - bit % 8) & 1 == 1 { return false }
    return true
  }

  private static func four(_ text: String) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let byte = UInt8(part) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  private static func sixteen(_ text: String) -> [UInt8]? {
    let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
    guard halves.count <= 2, let head = groups(halves[0], isTail: halves.count == 1) else { return nil }
    guard halves.count == 2 else { return head.count == 16 ? head : nil }
    guard let tail = groups(halves[1], isTail: true), head.count + tail.count <= 14 else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  private static func groups(_ text: Substring, isTail: Bool) -> [UInt8]? {
    if text.isEmpty { return [] }
    var bytes: [UInt8] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if isTail, index == parts.count - 1, part.utf8.contains(0x2e) {
        guard let four = four(String(part)) else { return nil }
        bytes += four
      } else {
        guard (1...4).contains(part.utf8.count), part.first != "+", part.first != "-", let group = UInt16(part, radix: 16) else { return nil }
        bytes += [UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
      }
    }
    return bytes
  }
}
