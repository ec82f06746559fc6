// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import NIOCore
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Bytes that grow at their end, for what is written while the program waits: room is made once a field, and nothing is counted or
/// checked for sharing.
///
/// Its extensions write protobuf's primitives and JSON. One owner; the memory is kept by `removeAll`, and is given away by `finish` as
/// what a client sends, without a copy.
@safe
struct WireBuffer: ~Copyable, @unchecked Sendable {
  // Proof for `@unchecked Sendable`: the memory has one owner that cannot be copied, and nothing about it belongs to a thread.
  private var memory: ByteBuffer
  /// Its first byte; nil where it has none.
  private var base: UnsafeMutableRawPointer?
  private(set) var count = 0
  private(set) var capacity = 0
  /// Of the JSON that is being written: the next name or value has a comma before it.
  var needsComma = false
  /// The JSON is the text of a string of JSON: what is escaped in it is escaped twice.
  var isNested = false

  /// No memory before something is written.
  init() {
    memory = ByteBuffer()
    unsafe base = nil
  }

  /// Takes the memory and writes over what stands there; over a new piece of memory where somebody else still has it.
  init(over used: inout ByteBuffer) {
    memory = ByteBuffer()
    unsafe base = nil
    swap(&memory, &used)
    memory.clear()
    findMemory()
  }

  /// What was written.
  consuming func finish() -> ByteBuffer {
    memory.moveWriterIndex(to: count)
    return memory
  }

  /// Drops what was written and keeps the memory.
  mutating func removeAll() { truncate(to: 0) }

  /// Drops the bytes from `newCount` on.
  mutating func truncate(to newCount: Int) {
    precondition(newCount >= 0 && newCount <= count, "a buffer is not truncated upwards")
    count = newCount
    needsComma = false
  }

  /// What was written, for as long as nothing else is.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    unsafe body(UnsafeRawBufferPointer(start: base, count: count))
  }

  /// A copy of a part.
  func bytes(_ range: Range<Int>) -> [UInt8] {
    unsafe withBytes { unsafe [UInt8](UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  /// A copy of all.
  var bytes: [UInt8] { bytes(0..<count) }

  @inline(__always)
  mutating func byte(_ byte: UInt8) {
    let end = unsafe room(1)
    unsafe end.storeBytes(of: byte, as: UInt8.self)
    count &+= 1
  }

  @inline(__always)
  mutating func bytePair(_ first: UInt8, _ second: UInt8) {
    let end = unsafe room(2)
    unsafe end.storeBytes(of: (UInt16(first) | UInt16(second) << 8).littleEndian, as: UInt16.self)
    count &+= 2
  }

  /// Makes room for so many bytes more.
  mutating func reserve(_ byteCount: Int) { if capacity - count < byteCount { grow(byteCount) } }

  /// What is known when the program is compiled.
  @inline(__always)
  mutating func literal(_ text: StaticString) { unsafe copy(UnsafeRawPointer(text.utf8Start), text.utf8CodeUnitCount) }

  /// UTF-8 as it is.
  @inline(__always)
  mutating func text(_ text: String) {
    unsafe Self.withUTF8(text) { unsafe copy($0.baseAddress, $0.count) }
  }

  /// The bytes of a text, for the time of the closure; without a copy that has to be counted.
  @inline(__always)
  static func withUTF8(_ text: String, _ body: (UnsafeRawBufferPointer) -> Void) {
    let isDone: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { unsafe body(UnsafeRawBufferPointer($0)) }
    if isDone == nil {
      var native = text
      native.withUTF8 { unsafe body(UnsafeRawBufferPointer($0)) }
    }
  }

  mutating func append(_ bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe copy($0.baseAddress, $0.count) } }

  /// A part of another buffer.
  mutating func append(_ other: borrowing WireBuffer, _ range: Range<Int>) {
    unsafe other.withBytes { bytes in
      let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
      unsafe copy(part.baseAddress, part.count)
    }
  }

  /// One byte so many times.
  mutating func fill(_ byte: UInt8, count times: Int) {
    guard times > 0 else { return }
    let end = unsafe room(times)
    unsafe end.initializeMemory(as: UInt8.self, repeating: byte, count: times)
    count &+= times
  }

  /// Eight bytes, little-endian.
  @inline(__always)
  mutating func word(_ word: UInt64) {
    let end = unsafe room(8)
    unsafe end.storeBytes(of: word.littleEndian, as: UInt64.self)
    count &+= 8
  }

  @inline(__always)
  mutating func half(_ half: UInt32) {
    let end = unsafe room(4)
    unsafe end.storeBytes(of: half.littleEndian, as: UInt32.self)
    count &+= 4
  }

  /// 16 lower-case digits.
  mutating func hex(_ value: UInt64) {
    let end = unsafe room(16)
    unsafe end.storeBytes(of: hexDigits(UInt32(truncatingIfNeeded: value >> 32)), as: UInt64.self)
    unsafe end.storeBytes(of: hexDigits(UInt32(truncatingIfNeeded: value)), toByteOffset: 8, as: UInt64.self)
    count &+= 16
  }

  /// The digits, with zeros before them up to `width`; two are made at a time.
  mutating func decimal(_ value: UInt64, width: Int = 1) {
    let digitCount = max(width, Self.digitCount(value))
    let end = unsafe room(digitCount)
    var place = digitCount, rest = value
    while place >= 2 {
      place &-= 2
      let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
      // The tens are the pair times 103 / 1,024: right below 100.
      let ten = (pair &* 103) >> 10, one = pair &- ten &* 10
      unsafe end.storeBytes(of: UInt16(truncatingIfNeeded: 0x3030 &+ ten &+ one << 8).littleEndian, toByteOffset: place, as: UInt16.self)
      rest = quotient
    }
    if place > 0 { unsafe end.storeBytes(of: UInt8(truncatingIfNeeded: 48 &+ rest % 10), as: UInt8.self) }
    count &+= digitCount
  }

  private static func digitCount(_ value: UInt64) -> Int {
    // Bits times log10(2) is the number of digits, or one less.
    let about = ((64 &- value.leadingZeroBitCount) &* 1_233) >> 12
    return max(1, value >= powersOfTen[about] ? about &+ 1 : about)
  }

  /// 1 to 10 ^ 19.
  private static let powersOfTen: [UInt64] = [
    1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 100_000_000_000,
    1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000,
    100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
  ]

  mutating func decimal(_ value: Int64) {
    if value < 0 { byte(0x2d) }
    decimal(value.magnitude)
  }

  /// Writes over a byte that is there.
  mutating func set(_ index: Int, _ byte: UInt8) {
    precondition(index >= 0 && index < count, "the byte is one that was written")
    unsafe base?.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
  }

  /// Moves the bytes from `index` on by so many places, forth or back; forth leaves what stood there.
  mutating func move(from index: Int, by places: Int) {
    precondition(index >= 0 && index <= count && index + places >= 0, "what is moved was written")
    _ = unsafe room(max(places, 0))
    if let base = unsafe base { unsafe memmove(base + index + places, base + index, count - index) }
    count += places
  }

  /// Copies UTF-8 up to the first byte that a string of JSON escapes; how many bytes that were.
  @inline(__always)
  mutating func copyPlain(_ text: UnsafeRawBufferPointer) -> Int {
    guard let source = text.baseAddress else { return 0 }
    let end = unsafe room(text.count)
    if text.count < 8, unsafe Self.copyShort(source, text.count, to: end) {
      count &+= text.count
      return text.count
    }
    var index = 0
    while index &+ 8 <= text.count {
      let word = unsafe source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      if Self.hasSpecial(word) { break }
      unsafe end.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
      index &+= 8
    }
    // The rest of a word, with some bytes before it that are copied a second time.
    if text.count >= 8, index &+ 8 > text.count, index < text.count {
      let word = unsafe source.loadUnaligned(fromByteOffset: text.count &- 8, as: UInt64.self)
      if !Self.hasSpecial(word) {
        unsafe end.storeBytes(of: word, toByteOffset: text.count &- 8, as: UInt64.self)
        index = text.count
      }
    }
    while index < text.count {
      let byte = unsafe source.load(fromByteOffset: index, as: UInt8.self)
      if byte == 0x22 || byte == 0x5c || byte < 0x20 { break }
      unsafe end.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
      index &+= 1
    }
    count &+= index
    return index
  }

  /// Two to seven bytes by two words that may overlap; nothing where one of the bytes is escaped.
  @inline(__always)
  private static func copyShort(_ source: UnsafeRawPointer, _ byteCount: Int, to end: UnsafeMutableRawPointer) -> Bool {
    if byteCount >= 4 {
      let first = unsafe source.loadUnaligned(as: UInt32.self), last = unsafe source.loadUnaligned(fromByteOffset: byteCount &- 4, as: UInt32.self)
      guard !hasSpecial(UInt64(first) | UInt64(last) << 32) else { return false }
      unsafe end.storeBytes(of: first, as: UInt32.self)
      unsafe end.storeBytes(of: last, toByteOffset: byteCount &- 4, as: UInt32.self)
      return true
    }
    guard byteCount >= 2 else { return byteCount == 0 }
    let first = unsafe source.loadUnaligned(as: UInt16.self), last = unsafe source.loadUnaligned(fromByteOffset: byteCount &- 2, as: UInt16.self)
    // Blanks where there is nothing, which are not escaped.
    guard !hasSpecial(UInt64(first) | UInt64(last) << 16 | 0x2020_2020_0000_0000) else { return false }
    unsafe end.storeBytes(of: first, as: UInt16.self)
    unsafe end.storeBytes(of: last, toByteOffset: byteCount &- 2, as: UInt16.self)
    return true
  }

  /// A quote, a backslash or a control character among eight bytes; may be wrong about bytes right above one.
  @inline(__always)
  private static func hasSpecial(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101, tops: UInt64 = 0x8080_8080_8080_8080
    let quotes = word ^ (ones &* 0x22), backslashes = word ^ (ones &* 0x5c)
    let found = ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes) | ((word &- ones &* 0x20) & ~word)
    return found & tops != 0
  }

  @inline(__always)
  private mutating func copy(_ source: UnsafeRawPointer?, _ byteCount: Int) {
    guard let source = unsafe source, byteCount > 0 else { return }
    let end = unsafe room(byteCount)
    unsafe end.copyMemory(from: source, byteCount: byteCount)
    count &+= byteCount
  }

  /// The end, with room for so many bytes behind it.
  @inline(__always)
  private mutating func room(_ byteCount: Int) -> UnsafeMutableRawPointer {
    if capacity &- count < byteCount { grow(byteCount) }
    guard let base = unsafe base else { return unsafe Self.nowhere }
    return unsafe base + count
  }

  @inline(never)
  private mutating func grow(_ byteCount: Int) {
    // What is behind the writer's place is not kept.
    memory.moveWriterIndex(to: count)
    memory.reserveCapacity(max(count + byteCount, capacity * 2, 4_096))
    findMemory()
  }

  private mutating func findMemory() {
    capacity = memory.capacity
    unsafe base = capacity > 0 ? unsafe memory.withVeryUnsafeMutableBytes { $0.baseAddress } : nil
  }

  /// Where nothing is written: the place of no bytes in a buffer without memory.
  private static var nowhere: UnsafeMutableRawPointer {
    guard let somewhere = unsafe UnsafeMutableRawPointer(bitPattern: 16) else { preconditionFailure("16 is no null") }
    return unsafe somewhere
  }
}
