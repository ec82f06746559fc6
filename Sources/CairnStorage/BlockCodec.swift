// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats

// The bytes of one block of stored values:
//
//   BLOCK    := 0 PACKED | 1 PLANES | 2 DELTAS
//   PACKED   := bits u8, then the values with so many bits each, least significant bit first
//   PLANES   := base u64, planeCount u8, PLANE*      value = base + Σ plane[p] << 8p
//   DELTAS   := first u64, PLANES of the zigzag differences from the second value on (base 0)
//   PLANE    := byteCount varint, bytes               zstd of one byte a row, or those bytes themselves where byteCount is the row count
//
// The least of the three is taken. Blocks of a column are alike, so all three are tried on every eighth only (benchmark: `bench.py raw:4`).

/// Encodes and decodes blocks; keeps its buffers and compression contexts from block to block. One owner, one thread.
struct BlockCodec: ~Copyable {
  /// What was found out about the blocks of one column.
  struct Plan {
    fileprivate enum Method {
      case packed
      case planes
      case deltas
    }
    fileprivate var method = Method.packed
    fileprivate var blocksUntilTrial = 0
    /// One bit for each plane that does not compress.
    fileprivate var densePlanes: UInt8 = 0
    fileprivate static let trialDistance = 8
  }

  private var compressor = ZstdCompressor(level: 1)
  private var decompressor = ZstdDecompressor()
  private var plane: [UInt8] = []
  private var scratch: [UInt8] = []

  /// Encodes stored values of at most 32 bits.
  mutating func encode(narrow values: [UInt32], _ plan: inout Plan) -> [UInt8] {
    guard plan.blocksUntilTrial > 0 else { return trial(values, &plan) }
    plan.blocksUntilTrial -= 1
    switch plan.method {
    case .packed: return Self.packed(values)
    case .planes: return planes(values, base: 0, prefix: [1], &plan.densePlanes)
    case .deltas:
      let deltas = self.deltas(values, &plan.densePlanes)
      return Self.isReadable(deltas, greatest: values.max() ?? 0) ? deltas : trial(values, &plan)
    }
  }

  private mutating func trial(_ values: [UInt32], _ plan: inout Plan) -> [UInt8] {
    plan = Plan()
    plan.blocksUntilTrial = Plan.trialDistance - 1
    let most = values.reduce(0) { $0 | $1 }
    let packedByteCount = 2 + (values.count * (32 - most.leadingZeroBitCount) + 7) / 8
    var densePlanes: UInt8 = 0
    var best = planes(values, base: 0, prefix: [1], &plan.densePlanes)
    plan.method = .planes
    let deltas = self.deltas(values, &densePlanes)
    if deltas.count < best.count, Self.isReadable(deltas, greatest: values.max() ?? 0) {
      best = deltas
      plan.method = .deltas
      plan.densePlanes = densePlanes
    }
    guard packedByteCount <= best.count else { return best }
    plan.method = .packed
    return Self.packed(values)
  }

  /// True if the differences need no more bytes than the values, as wide as a reader makes those: zigzag takes one bit more.
  private static func isReadable(_ deltas: [UInt8], greatest: UInt32) -> Bool {
    let valueByteCount = greatest < 256 ? 1 : greatest < 65_536 ? 2 : 4
    return Int(deltas[deltasPlaneCountOffset]) <= valueByteCount
  }

  /// Where the number of planes stands in DELTAS.
  private static let deltasPlaneCountOffset = 17

  /// Encodes 64-bit values.
  mutating func encode(wide values: [UInt64], isOrdered: Bool, _ plan: inout Plan) -> [UInt8] {
    if plan.blocksUntilTrial == 0 { plan = Plan() }
    plan.blocksUntilTrial = (plan.blocksUntilTrial + Plan.trialDistance - 1) % Plan.trialDistance
    if isOrdered { return deltas(values, &plan.densePlanes) }
    return planes(values, base: values.min() ?? 0, prefix: [1], &plan.densePlanes)
  }

  private static func packed(_ values: [UInt32]) -> [UInt8] {
    let most = values.reduce(0) { $0 | $1 }
    let bits = 32 - most.leadingZeroBitCount
    let byteCount = 2 + (values.count * bits + 7) / 8
    var out = [UInt8](repeating: 0, count: byteCount + 8)
    out[1] = UInt8(bits)
    var span = out.mutableSpan
    var bytes = unsafe span.mutableBytes
    var accumulator: UInt64 = 0
    var used = 0
    var offset = 2
    for value in values {
      accumulator |= UInt64(value) &<< UInt64(used)
      used &+= bits
      if used >= 32 {
        bytes.storeBytes(of: UInt32(truncatingIfNeeded: accumulator), toByteOffset: offset, as: UInt32.self)
        accumulator &>>= 32
        used &-= 32
        offset &+= 4
      }
    }
    if used > 0 { bytes.storeBytes(of: accumulator, toByteOffset: offset, as: UInt64.self) }
    out.removeLast(8)
    return out
  }

  private mutating func planes<Value: FixedWidthInteger & UnsignedInteger>(
    _ values: [Value], base: Value, prefix: [UInt8], _ densePlanes: inout UInt8
  ) -> [UInt8] {
    var most: Value = 0
    for value in values { most |= value &- base }
    let planeCount = (Value.bitWidth - most.leadingZeroBitCount + 7) / 8
    var out = prefix
    out.reserveCapacity(prefix.count + 16 + values.count * planeCount)
    out.append(littleEndian: UInt64(base))
    out.append(UInt8(planeCount))
    if plane.count != values.count { plane = [UInt8](repeating: 0, count: values.count) }
    for index in 0..<planeCount {
      let shift = Value(8 * index)
      var target = plane.mutableSpan
      for row in values.indices { target[row] = UInt8(truncatingIfNeeded: (values[row] &- base) &>> shift) }
      if appendPlane(to: &out, isDense: densePlanes >> UInt8(index) & 1 == 1) { densePlanes |= 1 << UInt8(index) }
    }
    return out
  }

  /// Appends the plane, compressed unless it is known not to; true where that is not worth it.
  private mutating func appendPlane(to out: inout [UInt8], isDense: Bool) -> Bool {
    var header = ByteWriter()
    if !isDense {
      // Taken out for the call: a struct's own parts cannot be read while another part of it is changed.
      let source = plane
      var packed = scratch
      scratch = []
      packed.removeAll(keepingCapacity: true)
      _ = unsafe compressor.compress(source.span.bytes, appendingTo: &packed)
      scratch = packed
      if scratch.count < plane.count * 15 / 16 {
        header.write(count: scratch.count)
        out.append(contentsOf: header.bytes)
        out.append(contentsOf: scratch)
        return false
      }
    }
    header.write(count: plane.count)
    out.append(contentsOf: header.bytes)
    out.append(contentsOf: plane)
    return true
  }

  private mutating func deltas<Value: FixedWidthInteger & UnsignedInteger>(_ values: [Value], _ densePlanes: inout UInt8) -> [UInt8] {
    var differences: [Value] = []
    differences.reserveCapacity(values.count)
    var previous = values.first ?? 0
    for value in values.dropFirst() {
      let difference = value &- previous
      // Zigzag: the sign goes to the lowest bit.
      differences.append((difference &<< 1) ^ (0 &- (difference &>> Value(Value.bitWidth - 1))))
      previous = value
    }
    var prefix: [UInt8] = [2]
    prefix.append(littleEndian: UInt64(values.first ?? 0))
    return planes(differences, base: 0, prefix: prefix, &densePlanes)
  }

  /// Writes the `count` values of a block at `byteOffset`, each as one `Code`; throws where the bytes are not such a block.
  mutating func decode<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ bytes: [UInt8], count: Int, as type: Code.Type, into memory: inout MutableRawSpan, at byteOffset: Int
  ) throws(FormatDamage) {
    guard let method = bytes.first else { throw FormatDamage(what: "a block is empty", offset: 0) }
    switch method {
    case 0: try Self.unpack(bytes, count: count, as: type, into: &memory, at: byteOffset)
    case 1: try joinPlanes(bytes, from: 1, count: count, as: type, into: &memory, at: byteOffset)
    case 2:
      guard count > 0, bytes.count >= 9 else { throw FormatDamage(what: "a block is cut", offset: 1) }
      let first = unsafe Code(truncatingIfNeeded: loadWord(bytes.span.bytes, 1))
      let size = MemoryLayout<Code>.size
      try joinPlanes(bytes, from: 9, count: count - 1, as: type, into: &memory, at: byteOffset + size)
      memory.storeBytes(of: first, toByteOffset: byteOffset, as: type)
      Self.sum(count: count, as: type, in: &memory, at: byteOffset)
    default: throw FormatDamage(what: "a block has an unknown encoding", offset: 0)
    }
  }

  private static func unpack<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ bytes: [UInt8], count: Int, as type: Code.Type, into memory: inout MutableRawSpan, at byteOffset: Int
  ) throws(FormatDamage) {
    guard bytes.count >= 2 else { throw FormatDamage(what: "a packed block is cut", offset: 1) }
    let bits = Int(bytes[1])
    guard bits <= 32, bytes.count - 2 >= (count * bits + 7) / 8 else {
      throw FormatDamage(what: "a packed block is cut", offset: 2)
    }
    var accumulator: UInt64 = 0
    var held = 0
    var next = 2
    let mask: UInt64 = (1 << UInt64(bits)) - 1
    var offset = byteOffset
    for _ in 0..<count {
      while held < bits {
        accumulator |= UInt64(bytes[next]) &<< UInt64(held)
        next &+= 1
        held &+= 8
      }
      memory.storeBytes(of: Code(truncatingIfNeeded: accumulator & mask), toByteOffset: offset, as: type)
      accumulator &>>= UInt64(bits)
      held &-= bits
      offset &+= MemoryLayout<Code>.size
    }
  }

  private mutating func joinPlanes<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ bytes: [UInt8], from start: Int, count: Int, as type: Code.Type, into memory: inout MutableRawSpan, at byteOffset: Int
  ) throws(FormatDamage) {
    guard bytes.count >= start + 9 else { throw FormatDamage(what: "a block is cut", offset: start) }
    let base = unsafe Code(truncatingIfNeeded: loadWord(bytes.span.bytes, start))
    let planeCount = Int(bytes[start + 8])
    guard planeCount <= MemoryLayout<Code>.size else { throw FormatDamage(what: "a block is wider than its column", offset: start) }
    let size = MemoryLayout<Code>.size
    if base != 0 || planeCount == 0 {
      for row in 0..<count { memory.storeBytes(of: planeCount == 0 ? base : 0, toByteOffset: byteOffset &+ row &* size, as: type) }
    }
    var position = start + 9
    for index in 0..<planeCount {
      try loadPlane(bytes, &position, count: count)
      let shift = Code(8 * index)
      for row in 0..<count {
        let at = byteOffset &+ row &* size
        let low: Code = index == 0 ? 0 : memory.bytes.load(at, as: type)
        memory.storeBytes(of: low | Code(truncatingIfNeeded: plane[row]) &<< shift, toByteOffset: at, as: type)
      }
    }
    guard base != 0, planeCount > 0 else { return }
    for row in 0..<count {
      let at = byteOffset &+ row &* size
      memory.storeBytes(of: memory.bytes.load(at, as: type) &+ base, toByteOffset: at, as: type)
    }
  }

  /// Unpacks the plane at `position` into `plane`.
  private mutating func loadPlane(_ bytes: [UInt8], _ position: inout Int, count: Int) throws(FormatDamage) {
    var byteCount = 0
    var shift = 0
    while true {
      guard position < bytes.count, shift < 35 else { throw FormatDamage(what: "a plane is cut", offset: position) }
      let next = Int(bytes[position])
      position += 1
      byteCount |= (next & 0x7f) << shift
      if next < 0x80 { break }
      shift += 7
    }
    guard byteCount <= bytes.count - position else { throw FormatDamage(what: "a plane is cut", offset: position) }
    defer { position += byteCount }
    if byteCount == count {
      plane.removeAll(keepingCapacity: true)
      plane.append(contentsOf: bytes[position..<position + count])
      return
    }
    var unpacked = plane.count == count ? plane : [UInt8](repeating: 0, count: count)
    plane = []
    defer { plane = unpacked }
    do throws(InflateError) {
      var target = unpacked.mutableSpan
      var raw = unsafe target.mutableBytes
      try decompressor.decompress(unsafe bytes.span.bytes.extracting(position..<position + byteCount), into: &raw)
    } catch {
      throw FormatDamage(what: "a plane does not unpack: \(error.message)", offset: position)
    }
  }

  /// Zigzag differences to values, in place.
  private static func sum<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    count: Int, as type: Code.Type, in memory: inout MutableRawSpan, at byteOffset: Int
  ) {
    let size = MemoryLayout<Code>.size
    var previous = memory.bytes.load(byteOffset, as: type)
    for row in 1..<max(1, count) {
      let at = byteOffset &+ row &* size
      let zigzag = memory.bytes.load(at, as: type)
      previous = previous &+ ((zigzag &>> 1) ^ (0 &- (zigzag & 1)))
      memory.storeBytes(of: previous, toByteOffset: at, as: type)
    }
  }
}

extension RawSpan {
  /// One element at any offset; bounds-checked.
  @inline(__always)
  func load<Element: BitwiseCopyable>(_ offset: Int, as type: Element.Type) -> Element {
    unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: type)
  }
}
