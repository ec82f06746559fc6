// SPDX-License-Identifier: Apache-2.0

/// Numbers distinct 64-bit keys in the order in which they come: open addressing, at most half full.
struct CodeTable: Sendable {
  /// What a frozen table gives for a key that it does not have.
  static let missing = UInt32.max

  private(set) var keys: [UInt64] = []
  private var slots: [UInt32]
  private var mask: Int
  /// Keys that are not there get `missing` instead of a number.
  var isFrozen = false

  init() {
    slots = [UInt32](repeating: 0, count: 64)
    mask = 63
  }

  var count: Int { keys.count }
  var byteCount: Int { keys.count * 8 + slots.count * 4 }

  /// The number of a key.
  @inline(__always)
  mutating func code(_ key: UInt64) -> UInt32 {
    var index = Int(truncatingIfNeeded: Self.scatter(key)) & mask
    while true {
      let slot = slots[index]
      if slot == 0 { return isFrozen ? Self.missing : insert(key, index) }
      if keys[Int(slot) &- 1] == key { return slot &- 1 }
      index = (index &+ 1) & mask
    }
  }

  @inline(never)
  private mutating func insert(_ key: UInt64, _ index: Int) -> UInt32 {
    keys.append(key)
    slots[index] = UInt32(keys.count)
    if keys.count * 2 > slots.count { grow() }
    return UInt32(keys.count - 1)
  }

  private mutating func grow() {
    mask = slots.count * 4 - 1
    slots = [UInt32](repeating: 0, count: mask + 1)
    for (code, key) in keys.enumerated() {
      var index = Int(truncatingIfNeeded: Self.scatter(key)) & mask
      while slots[index] != 0 { index = (index &+ 1) & mask }
      slots[index] = UInt32(code + 1)
    }
  }

  /// A mixing of 64 bits that loses nothing: different keys stay different.
  @inline(__always) static func scatter(_ key: UInt64) -> UInt64 {
    var value = key
    value = (value ^ value >> 33) &* 0xff51_afd7_ed55_8ccd
    value = (value ^ value >> 33) &* 0xc4ce_b9fe_1a85_ec53
    return value ^ value >> 33
  }
}
