// SPDX-License-Identifier: Apache-2.0

/// Immutable memory for the codes of a column, shared by reference and read from any thread.
///
/// Aligned to 64 bytes; 64 readable zero bytes follow the end, so that vector loads may run over.
@safe
public final class CodeStorage: Sendable {
  // Proof for `nonisolated(unsafe)`: the bytes are written by `fill` before the initialiser returns and never again.
  @usableFromInline nonisolated(unsafe) let base: UnsafeMutableRawPointer
  public let byteCount: Int

  /// Memory of `byteCount` bytes, zeroed, then written once by `fill`.
  @inlinable
  public init<Failure: Error>(
    byteCount: Int, fill: (inout MutableRawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    let base = UnsafeMutableRawPointer.allocate(byteCount: byteCount &+ 64, alignment: 64)
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount &+ 64)
    unsafe self.base = base
    self.byteCount = byteCount
    var span = unsafe MutableRawSpan(_unsafeStart: base, byteCount: byteCount)
    try fill(&span)
  }

  deinit { unsafe base.deallocate() }

  /// The `count` elements from `byteOffset`, for as long as `body` runs.
  @inlinable @inline(__always)
  public func withElements<Element: BitwiseCopyable, Result, Failure: Error>(
    of type: Element.Type, byteOffset: Int, count: Int, _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(
      byteOffset >= 0 && count >= 0 && byteOffset &+ count &* MemoryLayout<Element>.stride <= byteCount,
      "CodeStorage range out of bounds")
    let start = unsafe (base + byteOffset).assumingMemoryBound(to: Element.self)
    return try body(unsafe Span(_unsafeStart: start, count: count))
  }

  /// One element; traps outside.
  @inlinable @inline(__always)
  public func load<Element: BitwiseCopyable>(_ type: Element.Type, byteOffset: Int) -> Element {
    precondition(byteOffset >= 0 && byteOffset &+ MemoryLayout<Element>.size <= byteCount, "CodeStorage offset out of bounds")
    return unsafe base.load(fromByteOffset: byteOffset, as: Element.self)
  }
}
