// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// A growable array with one owner: no reference count and no uniqueness check on append.
///
/// Elements are trivial; the memory is `capacity * stride` bytes, doubled when full, and kept by `removeAll`. Subscripts trap outside
/// `0 ..< count`. Five times cheaper on append than an array held by a class (benchmark: `Ingest`).
@safe
public struct GrowableBuffer<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline var base: UnsafeMutablePointer<Element>
  /// The number of elements.
  @inlinable public var count: Int { _count }
  @usableFromInline var _count = 0
  @usableFromInline var _capacity: Int

  /// An empty buffer with room for `capacity` elements.
  @inlinable public init(capacity: Int = 16) {
    _capacity = max(capacity, 1)
    unsafe base = resized(nil, to: _capacity &* MemoryLayout<Element>.stride).assumingMemoryBound(to: Element.self)
  }

  @inlinable deinit { unsafe release(base) }

  /// The number of elements that fit without a new allocation.
  @inlinable public var capacity: Int { _capacity }

  /// The bytes of memory held.
  @inlinable public var byteCount: Int { _capacity &* MemoryLayout<Element>.stride }

  /// Adds one element; O(1) amortised.
  @inlinable @inline(__always) public mutating func append(_ element: Element) {
    if _count == _capacity { grow(toAtLeast: _count &+ 1) }
    unsafe (base + _count).initialize(to: element)
    _count &+= 1
  }

  /// Makes room for `capacity` elements in all.
  public mutating func reserve(_ capacity: Int) { if capacity > _capacity { grow(toAtLeast: capacity) } }

  /// Adds `element` until there are `target` elements.
  @inlinable public mutating func append(repeating element: Element, until target: Int) {
    guard target > _count else { return }
    if target > _capacity { grow(toAtLeast: target) }
    unsafe (base + _count).initialize(repeating: element, count: target &- _count)
    _count = target
  }

  /// Drops the elements from `newCount` on.
  @inlinable public mutating func truncate(to newCount: Int) {
    precondition(newCount >= 0 && newCount <= _count, "GrowableBuffer cannot be truncated upwards")
    _count = newCount
  }

  /// Drops all elements and keeps the memory.
  @inlinable public mutating func removeAll() { _count = 0 }

  @inlinable public subscript(index: Int) -> Element {
    @inline(__always) get {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: _count), "GrowableBuffer index out of range")
      return unsafe base[index]
    }
    @inline(__always) set {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: _count), "GrowableBuffer index out of range")
      unsafe base[index] = newValue
    }
  }

  /// The elements, for as long as the buffer is not changed.
  @inlinable public var span: Span<Element> {
    @_lifetime(borrow self) borrowing get {
      let span = unsafe Span(_unsafeStart: base, count: _count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  @inlinable @inline(never) mutating func grow(toAtLeast needed: Int) {
    let newCapacity = max(needed, _capacity &* 2)
    unsafe base = resized(base, to: newCapacity &* MemoryLayout<Element>.stride).assumingMemoryBound(to: Element.self)
    _capacity = newCapacity
  }
}

/// `memory` with room for `byteCount` bytes, its content kept; large memory is moved by its page table, not copied.
@usableFromInline
func resized(_ memory: UnsafeMutableRawPointer?, to byteCount: Int) -> UnsafeMutableRawPointer {
  guard let resized = unsafe realloc(memory, max(byteCount, 1)) else { preconditionFailure("out of memory") }
  return unsafe resized
}

/// Gives memory of `resized` back.
@usableFromInline
func release(_ memory: UnsafeMutableRawPointer) { unsafe free(memory) }
