// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// An estimate of how many different values were seen, in 16 KiB: standard error 0.81 %.
struct HyperLogLog: Sendable {
  static let registerCount = 1 << 14
  private var registers = [UInt8](repeating: 0, count: HyperLogLog.registerCount)

  /// A hash that is the same in every worker.
  static func hash(_ part: KeyPart) -> UInt64 {
    switch part {
    case .code(let code): CodeTable.scatter(UInt64(code) ^ 0x9e37_79b9_7f4a_7c15)
    case .integer(let value): CodeTable.scatter(UInt64(bitPattern: value) ^ 0xd1b5_4a32_d192_ed03)
    case .float(let bits): CodeTable.scatter(bits ^ 0x8cb9_2ba7_2f3d_8dd7)
    case .spanID(let bits): CodeTable.scatter(bits ^ 0xaaaa_aaaa_5555_5555)
    }
  }

  mutating func add(_ hash: UInt64) {
    let index = Int(hash >> 50)
    let rank = UInt8(min((hash << 14 | 1 << 13).leadingZeroBitCount, 50) + 1)
    if rank > registers[index] { registers[index] = rank }
  }

  mutating func merge(_ other: HyperLogLog) {
    for index in registers.indices where other.registers[index] > registers[index] { registers[index] = other.registers[index] }
  }

  var count: Int64 {
    let size = Double(Self.registerCount)
    var sum = 0.0
    var zeros = 0
    for register in registers {
      sum += 1 / Double(1 << UInt64(register))
      zeros += register == 0 ? 1 : 0
    }
    let raw = 0.7213 / (1 + 1.079 / size) * size * size / sum
    if raw <= 2.5 * size, zeros > 0 { return Int64((size * log(size / Double(zeros))).rounded()) }
    return Int64(raw.rounded())
  }
}
