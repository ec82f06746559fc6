// SPDX-License-Identifier: Apache-2.0

/// Lines as programs write them and as nobody should: what an encoding of lines must give back byte by byte.
public struct HostileLines {
  private var generator: SeededGenerator

  public init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// Lines that stand alone: each a trap for some form of numbers.
  public static let corners: [[UInt8]] = [
    "", " ", "-", ".", "0", "00", "007", "1.", ".5", "1.5", "1.50", "1.05", "0.5", "00.5", "10.0", "1.2.3", "1.2.3.4", "1..2", "1.5.", "12345678901234567890",
    "999999999999999999", "123456789012345678901234567890123", "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef0", "deadbeef", "dead-beef",
    "1a-dead-beef-12", "ABC-12", "1e5", "1e-05", "0x1f", "x1", "1x", "a1b2c3d4z", "v1.5", "36.9ms", "36.9ms5", "1.1234567", "1234567890123.5", "_1_", "é1é", "1-2-3",
    "2026-11-26T12:30:00.123Z", "user_1=user_2", "<*>", "{\"a\":1,\"b\":1.0,\"c\":\"1\"}",
  ].map { Array($0.utf8) } + [[0], [0xff], [0xff, 0x31, 0xff], [0x31, 0, 0x32]]

  public mutating func lines(_ count: Int) -> [[UInt8]] { (0..<count).map { _ in line() } }

  public mutating func line() -> [UInt8] {
    switch generator.below(24) {
    case 0: return Self.corners[generator.below(Self.corners.count)]
    case 1: return generator.bytes(generator.below(60))
    case 2: return (0..<generator.below(200)).map { _ in Array("0123456789abcdefxyz-._: ".utf8)[generator.below(24)] }
    case 3 where generator.oneIn(20): return [UInt8](repeating: 0x37, count: 4_000 + generator.below(300))
    case 3: return (0..<190 + generator.below(30)).flatMap { Array("\($0) ".utf8) }
    case 4...8: return Array("GET /api/users/\(number(100_000)) \(number(600)) \(decimal()) ms u=\(name())_\(number(99))".utf8)
    case 9...12: return Array("[INFO] [worker-\(number(16))] done route=/a/b status=\(number(3) * 100 + 200) req=\(hex(12)) id=\(uuid())".utf8)
    case 13...15: return Array("{\"level\":\"info\",\"latency\":\(decimal()),\"user\":\(number(1_000)),\"trace_id\":\"\(hex(32))\"}".utf8)
    case 16: return Array("2026-11-\(padded(number(30))) \(padded(number(24))):\(padded(number(60))):\(padded(number(60))).\(number(1_000)) up".utf8)
    case 17: return Array("10.\(number(256)).\(number(256)).\(number(256)):\(number(65_536)) \(hex(1 + number(40)))".utf8)
    case 18: return Array("balance \(number(2) == 0 ? "-" : "")\(number(1_000)).\(padded(number(100))) of \(generator.next())".utf8)
    case 19: return Array("session \(number(20) * 987_654_321_987) of \(name()) \(name())\(number(10)) \(name().uppercased())\(hex(6))".utf8)
    default: return Array("\(name()) says nothing".utf8)
    }
  }

  private mutating func number(_ bound: Int) -> Int { generator.below(bound) }
  private func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  private mutating func name() -> String { ["ann", "bob", "dora", "naïve", "x"][generator.below(5)] }

  private mutating func decimal() -> String {
    let fraction = [String(number(10)), String(number(100)), padded(number(10))][generator.below(3)]
    return "\(number(2_000)).\(fraction)"
  }

  private mutating func hex(_ count: Int) -> String {
    String((0..<count).map { _ in Array("0123456789abcdef")[generator.below(16)] })
  }

  private mutating func uuid() -> String { "\(hex(8))-\(hex(4))-4\(hex(3))-a\(hex(3))-\(hex(12))" }
}
