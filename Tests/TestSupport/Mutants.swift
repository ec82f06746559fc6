// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Bodies made of good ones by damage: what every decoder and every reader of a file is held against, in its room's tests.
///
/// ```swift
/// let mutants = Mutants(of: [richBody, smallBody], words: ["\"trace_id\":", "1e999"])
/// let report = mutants.feed(to: decodeRollbar)          // a decoder of a door, see `DecoderReport`
/// #expect(report.faults.isEmpty && report.takenCount > 100, "seed \(mutants.seed)")
/// for body in mutants { _ = try? parse(body) }           // anything else that must return
/// ```
/// A trap ends the test process; the seed printed before makes the same bodies again. `CAIRN_SEED` sets the seed, `CAIRN_MUTATIONS` the
/// number of bodies; 20,000 unless the test or the environment says otherwise.
public struct Mutants: Sequence, Sendable {
  public let bodies: [[UInt8]]
  /// Put in at random places: what the format is sensitive to.
  public let words: [[UInt8]]
  public let count: Int
  public let seed: UInt64

  public init(of bodies: [[UInt8]], words: [String] = [], count: Int = 20_000, seed: UInt64? = nil, in file: String = #fileID) {
    precondition(!bodies.isEmpty, "mutants are made of good bodies")
    self.bodies = bodies
    self.words = words.map { Array($0.utf8) } + Self.everyWord
    self.count = environmentNumber("CAIRN_MUTATIONS") ?? count
    self.seed = seed ?? environmentNumber("CAIRN_SEED").map(UInt64.init) ?? .random(in: 0...UInt64(UInt32.max))
    print("\(file): CAIRN_SEED=\(self.seed), \(self.count) mutants")
  }

  /// Lengths and numbers at their ends, and what recursive readers fear.
  private static let everyWord: [[UInt8]] = [
    [UInt8](repeating: 0xff, count: 10), [UInt8](repeating: 0x80, count: 9) + [1], [0xff, 0xff, 0xff, 0xff, 0x0f], [0, 0, 0, 0],
    [UInt8](repeating: 0x5b, count: 200), [UInt8](repeating: 0x7b, count: 200), Array("\\ud800".utf8), Array("1e999".utf8),
    Array("-9223372036854775809".utf8), Array("18446744073709551616".utf8), [0xc3], [0xed, 0xa0, 0x80], [0],
  ]

  /// The mutant of this number; the same seed and number always make the same bytes.
  public subscript(_ number: Int) -> [UInt8] {
    var generator = SeededGenerator(seed: seed &+ UInt64(number) &* 0x9e37_79b9_7f4a_7c15)
    let body = bodies[generator.below(bodies.count)]
    switch generator.below(16) {
    case 0:
      let other = bodies[generator.below(bodies.count)]
      return Array(body.prefix(generator.below(body.count + 1))) + other.suffix(generator.below(other.count + 1))
    case 1...3:
      var changed = body
      changed.insert(contentsOf: words[generator.below(words.count)], at: generator.below(body.count + 1))
      return generator.oneIn(2) ? changed : mutated(changed, using: &generator)
    default: return mutated(body, using: &generator)
    }
  }

  public func makeIterator() -> AnyIterator<[UInt8]> {
    var number = 0
    return AnyIterator {
      guard number < count else { return nil }
      defer { number += 1 }
      return self[number]
    }
  }
}

/// A number in the environment, or nil.
public func environmentNumber(_ name: String) -> Int? {
  unsafe getenv(name).flatMap { unsafe Int(String(cString: $0)) }
}

/// A text in the environment, or nil.
public func environmentText(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }

/// True where the long forms were asked for: `./test --full`.
public var isFullRun: Bool { environmentText("CAIRN_FULL") != nil }

/// A copy of `bytes` with one to four changes: flipped bits, new bytes, cuts, doubled or dropped pieces, and lengths gone wrong.
public func mutated(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
  var result = bytes
  for _ in 0...generator.below(4) {
    guard !result.isEmpty else { return [UInt8(generator.below(256))] }
    let index = generator.below(result.count)
    let end = Swift.min(result.count, index + 1 + generator.below(16))
    switch generator.below(7) {
    case 0: result[index] ^= 1 << UInt8(generator.below(8))
    case 1: result[index] = UInt8(generator.below(256))
    case 2: result.removeSubrange(index..<end)
    case 3: result.insert(contentsOf: result[index..<end], at: generator.below(result.count + 1))
    case 4: result.removeSubrange(index...)
    case 5: result[index] = [0, 0x7f, 0x80, 0xff][generator.below(4)]
    default: result.insert(UInt8(generator.below(256)), at: index)
    }
  }
  return result
}
