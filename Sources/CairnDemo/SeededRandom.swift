// SPDX-License-Identifier: Apache-2.0
import CairnBytes

/// Numbers that follow from a seed alone (SplitMix64), on every machine the same: no function of the C library is used.
struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(_ seed: UInt64, _ stream: UInt64 = 0) { state = mix(seed ^ 0x9e37_79b9_7f4a_7c15, stream ^ 0xd6e8_feb8_6659_fd93) }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }

  /// 0 ..< 1
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  mutating func chance(_ probability: Double) -> Bool { unit() < probability }

  /// 0 ..< count
  mutating func below(_ count: Int) -> Int { Int(((next() >> 32) &* UInt64(count)) >> 32) }

  mutating func whole(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// The index of one of the weights, each as likely as it is heavy; `total` is their sum.
  mutating func index(weights: [Double], total: Double) -> Int {
    var rest = unit() * total
    for index in weights.indices {
      rest -= weights[index]
      if rest < 0 { return index }
    }
    return weights.count - 1
  }

  /// Log-normal: half of the values lie under `median`; no value is further off than `exp(3.5 * sigma)`.
  mutating func spread(_ median: Double, _ sigma: Double) -> Double {
    let normal = (unit() + unit() + unit() + unit() - 2) * 1.7320508
    return median * exponential(normal * sigma)
  }
}

/// e to the power of a small number: ten squarings, good to six digits for |x| < 5.
func exponential(_ x: Double) -> Double {
  let part = x / 1024
  var power = 1 + part * (1 + part / 2 * (1 + part / 3))
  for _ in 0..<10 { power *= power }
  return power
}

/// The sine of a number of turns (1 is a full circle), by Bhaskara's formula: good to 0.002.
func sine(turns: Double) -> Double {
  let fraction = turns - turns.rounded(.down)
  let half = fraction < 0.5 ? fraction * 2 : fraction * 2 - 1
  let bow = half * (1 - half)
  let value = 16 * bow / (5 - 4 * bow)
  return fraction < 0.5 ? value : -value
}
