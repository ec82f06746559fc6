// SPDX-License-Identifier: Apache-2.0

/// Byte strings to small numbers: the first distinct string gets code 0, the next 1, and so on.
///
/// Entries lie end to end in one arena; a table of 64-bit slots (32 bits of hash, code + 1), at most half full, finds them. A column of
/// near-unique values gains nothing from being looked up, so `adapt` may turn the table off: from then on every value is a new entry
/// and `isExact` is false. One owner, one thread. Cost: one hash and one comparison a value (benchmark: `Ingest`).
@safe
public struct ByteInterner: ~Copyable {
  @usableFromInline var slots: UnsafeMutablePointer<UInt64>
  @usableFromInline var mask: Int
  @usableFromInline var arena: UnsafeMutableRawPointer
  @usableFromInline var arenaUsed = 0
  @usableFromInline var arenaCapacity: Int
  @usableFromInline var ends: GrowableBuffer<UInt32>
  @usableFromInline var hashes: GrowableBuffer<UInt32>
  @usableFromInline let seed: UInt64
  /// False once values are appended without being looked up: entries may then repeat.
  public internal(set) var isExact = true

  /// An empty interner; `slotCount` must be a power of two.
  @inlinable
  public init(slotCount: Int = 16, arenaByteCount: Int = 64) {
    precondition(slotCount > 1 && slotCount & (slotCount - 1) == 0, "the number of slots is a power of two")
    unsafe slots = .allocate(capacity: slotCount)
    unsafe slots.initialize(repeating: 0, count: slotCount)
    mask = slotCount - 1
    arenaCapacity = arenaByteCount
    unsafe arena = resized(nil, to: arenaByteCount &+ 8)
    ends = GrowableBuffer()
    hashes = GrowableBuffer()
    seed = processHashSeed
  }

  @inlinable
  deinit {
    unsafe slots.deallocate()
    unsafe release(arena)
  }

  /// The number of entries.
  @inlinable public var count: Int { ends.count }

  /// The bytes of all entries.
  public var entryByteCount: Int { arenaUsed }

  /// Makes room in an interner without entries; with `isExact` also for finding so many.
  public mutating func reserve(entryCount: Int, byteCount: Int, isExact: Bool) {
    precondition(count == 0, "room is made before the first entry")
    if byteCount > arenaCapacity { growArena(toAtLeast: byteCount) }
    ends.reserve(entryCount)
    hashes.reserve(entryCount)
    var slotCount = mask + 1
    while isExact, entryCount * 2 > slotCount - 1 { slotCount *= 2 }
    guard slotCount > mask + 1 else { return }
    unsafe slots.deallocate()
    unsafe slots = .allocate(capacity: slotCount)
    unsafe slots.initialize(repeating: 0, count: slotCount)
    mask = slotCount - 1
  }

  /// The bytes of memory held.
  public var byteCount: Int { (mask + 1) * 8 + arenaCapacity + ends.byteCount + hashes.byteCount }

  @inlinable @inline(__always) func start(_ code: Int) -> Int { code == 0 ? 0 : Int(ends[code &- 1]) }

  /// The length of an entry in bytes.
  @inlinable @inline(__always) public func length(_ code: Int) -> Int { Int(ends[code]) &- start(code) }

  /// All entries end to end, for as long as `body` runs; `bounds` gives each entry's place.
  @inlinable
  public func withArena<Result, Failure: Error>(_ body: (RawSpan) throws(Failure) -> Result) throws(Failure) -> Result {
    try body(unsafe RawSpan(_unsafeStart: arena, byteCount: arenaUsed))
  }

  /// Where an entry lies in the arena.
  @inlinable public func bounds(_ code: Int) -> Range<Int> { start(code)..<Int(ends[code]) }

  /// An entry as text; invalid UTF-8 is repaired.
  public func text(_ code: Int) -> String {
    let range = bounds(code)
    let bytes = unsafe UnsafeRawBufferPointer(start: arena + range.lowerBound, count: range.count)
    return unsafe String(decoding: bytes, as: UTF8.self)
  }

  /// The code of the `count` bytes from `offset`.
  @inlinable @inline(__always)
  public mutating func intern(_ bytes: RawSpan, _ offset: Int, _ count: Int) -> UInt32 {
    if !isExact { return add(bytes, offset, count, hash: 0) }
    let hash = hashBytes(bytes, offset, count, seed: seed)
    let tag = hash & 0xffff_ffff_0000_0000
    var index = Int(truncatingIfNeeded: hash) & mask
    while true {
      let slot = unsafe slots[index]
      if slot == 0 { return insert(bytes, offset, count, hash: hash, slot: index) }
      if slot & 0xffff_ffff_0000_0000 == tag {
        let code = Int(truncatingIfNeeded: slot & 0xffff_ffff) &- 1
        if matches(code, bytes, offset, count) { return UInt32(truncatingIfNeeded: code) }
      }
      index = (index &+ 1) & mask
    }
  }

  /// The code of the bytes if they are an entry already.
  @inlinable
  public func find(_ bytes: RawSpan, _ offset: Int, _ count: Int) -> UInt32? {
    let hash = hashBytes(bytes, offset, count, seed: seed)
    let tag = hash & 0xffff_ffff_0000_0000
    var index = Int(truncatingIfNeeded: hash) & mask
    while true {
      let slot = unsafe slots[index]
      if slot == 0 { return nil }
      let code = Int(truncatingIfNeeded: slot & 0xffff_ffff) &- 1
      if slot & 0xffff_ffff_0000_0000 == tag, matches(code, bytes, offset, count) { return UInt32(truncatingIfNeeded: code) }
      index = (index &+ 1) & mask
    }
  }

  /// The code of a text.
  public mutating func intern(_ text: String) -> UInt32 {
    var text = text
    return text.withUTF8 { (utf8) -> UInt32 in
      let bytes = unsafe RawSpan(_unsafeElements: utf8)
      return intern(bytes, 0, bytes.byteCount)
    }
  }

  /// To be asked once in a while: gives up looking values up where more than half of `valueCount` are distinct.
  @inlinable public mutating func adapt(valueCount: Int) {
    if valueCount >= 8192, count &* 2 > valueCount { stopLookingUp() }
  }

  @usableFromInline @inline(never) mutating func stopLookingUp() { isExact = false }

  /// Forgets the entries from `newCount` on; O(slots).
  public mutating func truncate(to newCount: Int) {
    guard newCount < count else { return }
    arenaUsed = newCount == 0 ? 0 : Int(ends[newCount - 1])
    ends.truncate(to: newCount)
    hashes.truncate(to: newCount)
    unsafe slots.update(repeating: 0, count: mask + 1)
    guard isExact else { return }
    for code in 0..<newCount {
      let range = bounds(code)
      let entry = unsafe RawSpan(_unsafeStart: arena, byteCount: arenaUsed)
      let hash = hashBytes(entry, range.lowerBound, range.count, seed: seed)
      place(code, hash: hash)
    }
  }

  /// Forgets the newest entry, whatever the table did since it was placed; the others keep their codes.
  public mutating func removeLast() {
    precondition(count > 0, "an interner without entries has no last one")
    let code = count - 1
    // An entry that was not looked up has no slot.
    var hole = Int(hashes[code]) & mask
    while unsafe slots[hole] != 0, unsafe slots[hole] & 0xffff_ffff != UInt64(code + 1) { hole = (hole &+ 1) & mask }
    if unsafe slots[hole] != 0 { closeGap(at: hole) }
    arenaUsed = start(code)
    ends.truncate(to: code)
    hashes.truncate(to: code)
  }

  /// Empties a slot and moves back what stood behind it only because the slot was taken.
  private mutating func closeGap(at slot: Int) {
    var hole = slot
    var index = (hole &+ 1) & mask
    while unsafe slots[index] != 0 {
      let home = unsafe Int(hashes[Int(slots[index] & 0xffff_ffff) - 1]) & mask
      if (index &- home) & mask >= (index &- hole) & mask {
        unsafe slots[hole] = slots[index]
        hole = index
      }
      index = (index &+ 1) & mask
    }
    unsafe slots[hole] = 0
  }

  @inlinable @inline(__always)
  func matches(_ code: Int, _ bytes: RawSpan, _ offset: Int, _ count: Int) -> Bool {
    let begin = start(code)
    guard Int(ends[code]) &- begin == count else { return false }
    let entry = unsafe UnsafeRawPointer(arena + begin)
    if count < 8 {
      if count == 0 { return true }
      let stored = unsafe entry.loadUnaligned(as: UInt64.self) & ((1 &<< UInt64(count &* 8)) &- 1)
      return loadTail(bytes, offset, count) == stored
    }
    var index = 0
    while index &+ 8 < count {
      if unsafe loadWord(bytes, offset &+ index) != entry.loadUnaligned(fromByteOffset: index, as: UInt64.self) { return false }
      index &+= 8
    }
    return unsafe loadWord(bytes, offset &+ count &- 8) == entry.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
  }

  @inlinable @inline(never)
  mutating func insert(_ bytes: RawSpan, _ offset: Int, _ count: Int, hash: UInt64, slot: Int) -> UInt32 {
    let code = add(bytes, offset, count, hash: hash)
    unsafe slots[slot] = (hash & 0xffff_ffff_0000_0000) | (UInt64(code) &+ 1)
    if ends.count &* 2 > mask { grow() }
    return code
  }

  @inlinable
  mutating func add(_ bytes: RawSpan, _ offset: Int, _ count: Int, hash: UInt64) -> UInt32 {
    if arenaUsed &+ count > arenaCapacity { growArena(toAtLeast: arenaUsed &+ count) }
    var index = 0
    while index &+ 8 <= count {
      unsafe arena.storeBytes(of: loadWord(bytes, offset &+ index), toByteOffset: arenaUsed &+ index, as: UInt64.self)
      index &+= 8
    }
    if index < count {
      let tail = loadTail(bytes, offset &+ index, count &- index)
      unsafe arena.storeBytes(of: tail, toByteOffset: arenaUsed &+ index, as: UInt64.self)
    }
    arenaUsed &+= count
    ends.append(UInt32(truncatingIfNeeded: arenaUsed))
    // The lower half places an entry when the table grows; the upper half is its tag.
    hashes.append(UInt32(truncatingIfNeeded: hash))
    return UInt32(truncatingIfNeeded: ends.count &- 1)
  }

  @inlinable @inline(never)
  mutating func growArena(toAtLeast needed: Int) {
    precondition(needed < Int(UInt32.max), "an interner holds less than 4 GiB")
    let newCapacity = max(needed, arenaCapacity &* 2)
    unsafe arena = resized(arena, to: newCapacity &+ 8)
    arenaCapacity = newCapacity
  }

  @inlinable @inline(never)
  mutating func grow() {
    let old = unsafe slots
    let oldCount = mask + 1
    let newCount = oldCount * 4
    unsafe slots = .allocate(capacity: newCount)
    unsafe slots.initialize(repeating: 0, count: newCount)
    mask = newCount - 1
    for oldIndex in 0..<oldCount {
      let slot = unsafe old[oldIndex]
      guard slot != 0 else { continue }
      var index = Int(hashes[Int(slot & 0xffff_ffff) - 1]) & mask
      while unsafe slots[index] != 0 { index = (index &+ 1) & mask }
      unsafe slots[index] = slot
    }
    unsafe old.deallocate()
  }

  private mutating func place(_ code: Int, hash: UInt64) {
    var index = Int(truncatingIfNeeded: hash) & mask
    while unsafe slots[index] != 0 { index = (index &+ 1) & mask }
    unsafe slots[index] = (hash & 0xffff_ffff_0000_0000) | UInt64(code + 1)
  }
}
