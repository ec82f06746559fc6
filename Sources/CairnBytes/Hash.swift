// SPDX-License-Identifier: Apache-2.0

/// The full 128-bit product of two words, folded: the mixing step of the wyhash family.
@inlinable @inline(__always)
public func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
  let product = left.multipliedFullWidth(by: right)
  return product.high ^ product.low
}

/// A 64-bit hash of `count` bytes from `offset`: one multiplication for 16 bytes.
///
/// For tables inside one process; never written to disk. `seed` is drawn at start and hides both factors of every product: with a factor
/// that is known, a key could be chosen to make it zero and so to collide with any other.
@inlinable @inline(__always)
public func hashBytes(_ bytes: RawSpan, _ offset: Int, _ count: Int, seed: UInt64) -> UInt64 {
  let first: UInt64 = 0xa076_1d64_78bd_642f ^ seed
  let second: UInt64 = 0xe703_7ed1_a0b4_28db
  if count < 8 {
    return mix((count == 0 ? 0 : loadTail(bytes, offset, count)) ^ first, UInt64(count) ^ second ^ seed)
  }
  var state = UInt64(count) ^ second ^ seed
  var position = offset
  let last = offset &+ count &- 8
  while position &+ 8 < last {
    state = mix(loadWord(bytes, position) ^ first, loadWord(bytes, position &+ 8) ^ state)
    position &+= 16
  }
  return mix(loadWord(bytes, position < last ? position : offset) ^ first, loadWord(bytes, last) ^ state)
}

/// The seed of this process's hash tables.
public let processHashSeed = UInt64.random(in: .min ... .max)

/// A hash of a text that is the same in every process, for identities, which outlive theirs: FNV-1a.
public func lastingHash(of text: String) -> UInt64 {
  text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
}
