// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Growable memory that receives unpacked bytes and can be kept from request to request.
///
/// New memory is not zeroed, and grows in place where the allocator can (`realloc` moves pages, not bytes, for large blocks), so that
/// unpacking to N bytes never holds 2 N. One owner, one thread at a time.
@safe
public struct InflateBuffer: ~Copyable, @unchecked Sendable {
  // Proof for `@unchecked Sendable`: the memory has one owner that cannot be copied, and nothing about it belongs to a thread.
  private var base: UnsafeMutableRawPointer?
  /// The number of bytes that hold data.
  public private(set) var byteCount = 0
  /// The number of bytes allocated.
  public private(set) var capacity = 0

  /// An empty buffer without memory.
  public init() { unsafe base = nil }

  deinit { unsafe free(base) }

  /// Drops the contents and keeps the memory.
  public mutating func removeAll() { byteCount = 0 }

  /// Drops the contents, and the memory too if it is more than `byteCountMax`; for owners that keep a buffer after a giant request.
  public mutating func removeAll(keepingAtMost byteCountMax: Int) {
    byteCount = 0
    guard capacity > byteCountMax else { return }
    unsafe free(base)
    unsafe base = nil
    capacity = 0
  }

  /// The contents, for as long as `body` runs.
  public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base ?? emptyMemory), byteCount: byteCount))
  }

  /// Makes room for at least `wanted` bytes in all, never for more than `capacityMax` (which is at least `wanted`).
  mutating func reserve(_ wanted: Int, capacityMax: Int) {
    guard wanted > capacity else { return }
    let newCapacity = min(max(wanted, capacity &* 2), capacityMax)
    guard let moved = unsafe realloc(base, newCapacity) else { preconditionFailure("out of memory for an unpacked body") }
    unsafe base = moved
    capacity = newCapacity
  }

  /// Appends what `write` puts into the free memory behind the contents; it returns how many bytes it wrote.
  mutating func append<Failure: Error>(
    _ write: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) {
    let free = unsafe UnsafeMutableRawBufferPointer(start: base.map { unsafe $0 + byteCount }, count: capacity - byteCount)
    let written = try unsafe write(free)
    precondition(written >= 0 && written <= capacity - byteCount, "more bytes written than there was room for")
    byteCount += written
  }
}

/// Stands in for the address of a buffer that has no memory yet; never read.
private nonisolated(unsafe) let emptyMemory = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
