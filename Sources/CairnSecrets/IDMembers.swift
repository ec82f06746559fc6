// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// The members of a document that hold ids of spans: 16 hex digits there are no number of a card, although one id in some twenty thousand
/// reads as one. Redacted, such an id would take its span out of its trace.
public struct IDMembers: Sendable, Hashable {
  var names: Set<String>
  var free: Set<String>

  /// `names` of members, wherever they stand but below the members in `free`, which are the program's own.
  public init(_ names: Set<String>, notBelow free: Set<String> = []) {
    self.names = names
    self.free = free
  }

  /// A document without ids.
  public static let none = IDMembers([])

  /// 16 hex digits.
  static func isID(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    guard range.count == 16 else { return false }
    return range.allSatisfy { (place) in
      let byte = loadByte(bytes, place)
      return (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
    }
  }
}
